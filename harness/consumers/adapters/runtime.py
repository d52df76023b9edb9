"""``harness.runtime`` on its own HTTP client, over the replay transport."""

from __future__ import annotations

from typing import Any

import httpx

from harness import __version__
from harness.clock import VirtualClock
from harness.consumers import probe
from harness.consumers.adapters.conversation import BASE_URL, Adapter, Trace
from harness.consumers.adapters.runtime_turn import deadlines_of, read_timeout_of, turn_of_call
from harness.contract import Capabilities, Case, Turn
from harness.replay import Player, ReplayTransport
from harness.runtime import Client


class RuntimeAdapter(Adapter):
    """The runtime as its users use it: ``Client.respond``."""

    def __init__(self, name: str, capabilities: Capabilities) -> None:
        super().__init__(name, __version__, capabilities)
        self._transport = ReplayTransport(Player(probe.EXCHANGE, VirtualClock()))
        self._http = httpx.Client(transport=self._transport, event_hooks={"request": [self.request_sent]})

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        self._transport.player = player
        self._http.timeout = read_timeout_of(case)
        self._clock, self._deadlines = clock, deadlines_of(case)

    def call(self, request: dict[str, Any], trace: Trace) -> Turn:
        client = self.client_of(BASE_URL)
        return turn_of_call(lambda callbacks: client.respond(**request, callbacks=callbacks), trace)

    def client_of(self, base_url: str) -> Client:
        """A client of this server, for the case under way."""
        return Client(base_url=base_url, http_client=self._http, clock=self._clock, deadlines=self._deadlines)

    def close(self) -> None:
        self._http.close()


make = RuntimeAdapter
