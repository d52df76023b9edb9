"""The openai SDK (3.x, which stands on httpx2) over the replay transport, its back-off on simulated time."""

from __future__ import annotations

from typing import Any

import httpx2
import openai

from harness.clock import VirtualClock
from harness.consumers import probe
from harness.consumers.adapters.conversation import BASE_URL
from harness.consumers.drivers import _driver
from harness.contract import Case
from harness.replay import Player
from harness.replay.over_httpx2 import ReplayTransport


class VirtualOpenAI(openai.OpenAI):
    """Waits between its retries on a clock of ours: the SDK itself sleeps for real, half a second and more."""

    clock = VirtualClock()

    def _sleep_for_retry(self, *, retries_taken: int, max_retries: int, options: Any, response: Any) -> None:
        headers = response.headers if response is not None else None
        self.clock.sleep(self._calculate_retry_timeout(max_retries - retries_taken, options, headers))


class SDK:
    """One SDK client for many cases."""

    def __init__(self, on_request: Any, **options: Any) -> None:
        self._transport = ReplayTransport(Player(probe.EXCHANGE, VirtualClock()))
        http_client = httpx2.Client(
            transport=self._transport, event_hooks={"request": [on_request]}, timeout=openai.DEFAULT_TIMEOUT
        )
        self._client = VirtualOpenAI(base_url=BASE_URL, api_key="test", http_client=http_client, **options)

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> openai.OpenAI:
        """The client for this case."""
        self._transport.player = player
        self._client.clock = clock
        timeout_s = _driver.read_timeout_s({"timeouts": case.timeouts})
        self._client.timeout = openai.DEFAULT_TIMEOUT if timeout_s is None else timeout_s
        return self._client

    def close(self) -> None:
        self._client.close()
