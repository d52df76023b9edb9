"""The openai SDK's ``responses.stream()`` helper in this process; the mapping is its driver's, line by line."""

from __future__ import annotations

from typing import Any

import openai

from harness.clock import VirtualClock
from harness.consumers.adapters.conversation import Adapter, Trace, turn_of
from harness.consumers.adapters.sdk import SDK
from harness.consumers.drivers import openai_stream
from harness.contract import Capabilities, Case, Turn
from harness.replay import Player


class OpenAIStream(Adapter):
    """Whatever openai release is installed beside the harness."""

    def __init__(self, name: str, capabilities: Capabilities) -> None:
        super().__init__(name, openai.__version__, capabilities)
        self._sdk = SDK(self.request_sent)

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        self._client = self._sdk.begin(player, clock, case)

    def call(self, request: dict[str, Any], trace: Trace) -> Turn:
        return turn_of(openai_stream.run_turn(self._client, request, trace))

    def close(self) -> None:
        self._sdk.close()


make = OpenAIStream
