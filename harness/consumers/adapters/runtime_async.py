"""The runtime's async half, ``AsyncClient.respond``, on an event loop whose time is simulated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from harness import __version__
from harness.clock import VirtualClock
from harness.consumers import probe
from harness.consumers.adapters.conversation import BASE_URL, Adapter, Trace
from harness.consumers.adapters.in_loop import await_call
from harness.consumers.adapters.runtime_turn import (
    callbacks_of,
    deadlines_of,
    read_timeout_of,
    turn_of_error,
    turn_of_result,
)
from harness.contract import Capabilities, Case, Turn
from harness.replay import AsyncReplayTransport, Player
from harness.runtime.aio import AsyncClient

T = TypeVar("T")


class RuntimeAsync(Adapter):
    """Cancelled as async programs cancel: the task that awaits the call is."""

    def __init__(self, name: str, capabilities: Capabilities) -> None:
        super().__init__(name, __version__, capabilities)
        self._transport = AsyncReplayTransport(Player(probe.EXCHANGE, VirtualClock()))
        self._http = httpx.AsyncClient(transport=self._transport, event_hooks={"request": [self._asking]})

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        self._clock = clock
        self._transport.player = player
        self._http.timeout = read_timeout_of(case)
        self._client = AsyncClient(base_url=BASE_URL, http_client=self._http, deadlines=deadlines_of(case))

    def call(self, request: dict[str, Any], trace: Trace) -> Turn:
        callbacks = callbacks_of(trace)
        task = self.awaited(lambda: self._client.respond(**request, callbacks=callbacks), trace)
        try:
            return turn_of_result(task.result(), trace)
        except BaseException as error:  # noqa: BLE001 (whatever escapes is the outcome, a cancellation too)
            return turn_of_error(error, trace)

    def awaited(self, call: Callable[[], Awaitable[T]], trace: Trace) -> asyncio.Task[T]:
        """The finished task of a call; what it left is counted."""
        over = await_call(call, self._clock, trace, self._transport.player)
        self.tasks_left += over.tasks_left
        self.sockets_left = max(self.sockets_left, over.sockets_left)
        return over.task

    def close(self) -> None:
        """Nothing was opened: the client has no loop and no sockets."""

    async def _asking(self, *_: Any) -> None:
        self.request_sent()


make = RuntimeAsync
