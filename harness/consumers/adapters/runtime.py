"""``harness.runtime`` on its own HTTP client, over the replay transport."""

from __future__ import annotations

from typing import Any

import httpx

from harness import __version__
from harness.clock import VirtualClock
from harness.consumers import probe
from harness.consumers.adapters.conversation import BASE_URL, Adapter
from harness.consumers.adapters.runtime_turn import deadlines_of, turn_of_call
from harness.consumers.drivers import _driver
from harness.contract import Capabilities, Case, Turn
from harness.replay import Player, ReplayTransport
from harness.runtime import Client


class RuntimeAdapter(Adapter):
    """The runtime as its users use it: ``Client.respond``."""

    def __init__(self, name: str, capabilities: Capabilities) -> None:
        super().__init__(name, __version__, capabilities)
        self._transport = ReplayTransport(Player(probe.EXCHANGE, VirtualClock()))
        self._http = httpx.Client(transport=self._transport, event_hooks={"request": [self.request_sent]})
        self._client = Client(base_url=BASE_URL, http_client=self._http)

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        self._transport.player = player
        self._http.timeout = httpx.Timeout(case.timeouts["read_ms"] / 1000 if "read_ms" in case.timeouts else None)
        self._client = Client(base_url=BASE_URL, http_client=self._http, clock=clock, deadlines=deadlines_of(case))

    def call(self, request: dict[str, Any], trace: _driver.Trace) -> Turn:
        return turn_of_call(lambda callbacks: self._client.respond(**request, callbacks=callbacks), trace)

    def close(self) -> None:
        self._http.close()


make = RuntimeAdapter
