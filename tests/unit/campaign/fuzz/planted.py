"""A consumer with a bug: the runtime, whose every error its driver swallows. And cassettes to find that on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.cassette import load
from harness.consumers.adapters.runtime import RuntimeAdapter
from harness.consumers.registry import entry_of
from harness.contract import Turn

CASSETTES = Path(__file__).parents[4] / "cassettes"
NAMES = ("aimock/greeting", "openai/text", "openai/multi-turn", "llama.cpp/one-call")


class Swallower(RuntimeAdapter):
    """Claims completion whatever was raised."""

    def call(self, request, trace):
        turn = super().call(request, trace)
        return Turn("returned", status="completed", items=(), text="") if turn.ended == "raised" else turn


CAPABILITIES = replace(entry_of("runtime").capabilities_of(None), simulated_time=True)


def swallower(name="swallower"):
    return Swallower(name, CAPABILITIES)


def cassettes():
    return [load(CASSETTES / name) for name in NAMES]


def opened(name):
    """For ``registry.open_consumer``: the planted consumer and the real runtime."""
    return swallower(name) if name == "swallower" else RuntimeAdapter(name, CAPABILITIES)
