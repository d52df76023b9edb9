"""Streams to infer shapes from: the synthesized conversations, plain and with a plan applied to all of them."""

import json
from functools import cache

from harness.cassette import exchange_of
from harness.cassette.synth import DEFAULT_SEED, PROFILES, SCRIPTS, build_all
from harness.delivery import End
from harness.mutations import Plan
from harness.shape import Stream, infer
from harness.wire import encode

PROFILE = "codex"
NAMES = (
    "text", "refusal", "failed", "incomplete", "arguments-done-only", "two-parts", "reasoning-text", "unknown-item",
    "custom-and-hosted", "commentary-final",
)  # fmt: skip
"""One of each kind: the longer conversations show nothing more."""


@cache
def cassettes():
    return tuple(build_all([PROFILES[PROFILE]], [SCRIPTS[name] for name in NAMES], DEFAULT_SEED))


@cache
def baseline():
    return infer(streams(Plan()))


def streams(plan):
    """Every stream of every conversation, as the plan leaves it; conversations that the plan does not fit stay."""
    for cassette in cassettes():
        for delivery in plan.apply(exchange_of(cassette)).exchange.deliveries.values():
            yield Stream(delivery.body, PROFILE, isinstance(delivery.ending, End))


def mutated(written):
    """The shape of all conversations after a written plan."""
    return _mutated(json.dumps(written))


@cache
def _mutated(written):
    return infer(streams(Plan.from_json(json.loads(written))))


def stream(*payloads, whole=True, event_lines=True):
    """A stream of JSON texts or payloads."""
    frames = [
        encode(json.dumps(payload), event=str(payload.get("type", "")) if event_lines else "") for payload in payloads
    ]
    return Stream(b"".join(frames), "made-up", whole)
