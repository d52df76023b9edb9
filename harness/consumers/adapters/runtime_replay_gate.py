"""A conversation whose sealed reasoning passes the runtime's replay gate on its way to each server.

A turn of the case may name the server it goes to (``base_url``); the transport is the same for all, so nothing
leaves this process, but the gate sees another issuer. The history is kept as the gate wants it kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from harness.clock import VirtualClock
from harness.consumers.adapters.conversation import BASE_URL, Trace
from harness.consumers.adapters.runtime import RuntimeAdapter
from harness.consumers.adapters.runtime_turn import turn_of_call
from harness.consumers.drivers import _driver
from harness.contract import Case, Turn
from harness.replay import Player
from harness.runtime import Callbacks, ReplayGate, Result, issuer_of
from harness.runtime.conversation import input_items


class RuntimeReplayGate(RuntimeAdapter):
    """``ReplayGate.respond`` around ``Client.respond``; one gate, which is one session, for each case."""

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        super().begin(player, clock, case)
        self._gate = ReplayGate()

    def asked(self, turn: dict[str, Any]) -> list[dict[str, Any]]:
        self._base_url = turn.get("base_url", BASE_URL)
        return super().asked(turn)

    def call(self, request: dict[str, Any], trace: Trace) -> Turn:
        client, history = self.client_of(self._base_url), request.pop("input")

        def respond(callbacks: Callbacks) -> Result:
            def ask(items: Sequence[dict[str, Any]], callbacks: Callbacks) -> Result:
                return client.respond(input=items, callbacks=callbacks, **request)

            self._result = self._gate.respond(ask, history, issuer_of(self._base_url), callbacks)
            return self._result

        return turn_of_call(respond, trace)

    def answered(self, turn: Turn) -> list[dict[str, Any]]:
        kept = self._gate.keep(input_items(self._result), issuer_of(self._base_url))
        return kept + _driver.tool_results(asdict(turn)["items"])


make = RuntimeReplayGate
