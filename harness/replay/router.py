"""A respx router for programs that build their own httpx client: the same streams, below their own transport.

respx stands in for httpcore, so the client's own connection handling is real up to there. It does not know
httpx2: a client of that library goes past it, to the network.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import httpx
import respx

from harness.replay.over_httpx import AsyncReplayTransport, ReplayTransport
from harness.replay.player import Player

_ASYNC: ContextVar[bool] = ContextVar("async_client", default=False)


class ReplayRouter(respx.MockRouter):
    """Answers every request below ``base_url`` from a player; any other host is an AllMockedAssertionError."""

    def __init__(self, player: Player, base_url: str) -> None:
        super().__init__(base_url=base_url, assert_all_called=False)
        self._sync = ReplayTransport(player)
        self._async = AsyncReplayTransport(player)
        self.route().mock(side_effect=self._answer)

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        token = _ASYNC.set(True)
        try:
            return await super().async_handler(request)
        finally:
            _ASYNC.reset(token)

    def _answer(self, request: httpx.Request) -> Any:
        """A response, or the promise of one where respx was asked by an async client: it awaits those."""
        if _ASYNC.get():
            return self._async.handle_async_request(request)
        return self._sync.handle_request(request)


def respx_router(player: Player, *, base_url: str) -> ReplayRouter:
    """A context manager; within it every httpx client of this process is answered by the player."""
    return ReplayRouter(player, base_url)
