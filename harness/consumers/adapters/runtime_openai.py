"""The runtime's runner over the openai SDK's events: ``run_stream(lambda: client.responses.create(stream=True))``."""

from __future__ import annotations

from typing import Any

from harness import __version__
from harness.clock import VirtualClock
from harness.consumers.adapters.conversation import Adapter, Trace
from harness.consumers.adapters.runtime_turn import deadlines_of, turn_of_call
from harness.consumers.adapters.sdk import SDK
from harness.contract import Capabilities, Case, Turn
from harness.replay import Player
from harness.runtime import Callbacks, Result, run_stream


class RuntimeOverOpenAI(Adapter):
    """The SDK's own retries are off: one program decides what a turn may cost, and here it is the runtime."""

    def __init__(self, name: str, capabilities: Capabilities) -> None:
        super().__init__(name, __version__, capabilities)
        self._sdk = SDK(self.request_sent, max_retries=0)

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        self._clock, self._deadlines = clock, deadlines_of(case)
        self._client = self._sdk.begin(player, clock, case)

    def call(self, request: dict[str, Any], trace: Trace) -> Turn:
        def respond(callbacks: Callbacks) -> Result:
            return run_stream(
                lambda: self._client.responses.create(**request, stream=True),
                callbacks=callbacks,
                deadlines=self._deadlines,
                clock=self._clock,
            )

        return turn_of_call(respond, trace)

    def close(self) -> None:
        self._sdk.close()


make = RuntimeOverOpenAI
