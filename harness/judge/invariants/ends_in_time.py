"""A call ends: when its stream does, or when a deadline the consumer keeps has passed."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from harness.delivery import Stall
from harness.judge.rule import Breach, Scene, invariant
from harness.judge.verdict import Mark


@invariant(
    "ends-in-time",
    rule="The call returns or raises once its stream has ended or a deadline it keeps has passed.",
    why="A hung turn holds its caller, its socket and its user's patience for ever, and nothing reports it.",
    incident="A backend that accepts the connection and sends nothing: agents hung until they were killed by hand.",
)
def check(scene: Scene) -> Iterator[Breach]:
    if scene.turn.ended != "hung":
        return
    delivery = scene.attempt.served.delivery if scene.evidence.attempts else None
    endless = delivery is not None and isinstance(delivery.ending, Stall)
    if endless and scene.attempt.reading.terminal is None and (why := _too_early(scene)):
        yield Breach(f"the stream stalls for ever, and {why}", why, mark=Mark.SKIPPED)
        return
    if endless and scene.attempt.reading.terminal is not None:
        return  # the answer was there: stops-at-terminal says so
    yield Breach("the call had to be killed", "hung", evidenced=scene.obligation.why, assembled=scene.turn.notes[:300])


def _too_early(scene: Scene) -> str:
    """Why nobody can know that the call would not have ended; empty where a deadline had passed that it keeps."""
    own, asked, served = scene.capabilities.deadlines, scene.case.timeouts, scene.attempt.served
    name = "idle_ms" if scene.attempt.reading.events else "first_byte_ms"
    # A client may keep its own deadline where it is asked for a shorter one.
    silence_ms = max(filter(None, (asked.get(name) or asked.get("read_ms"), getattr(own, name))), default=inf)
    if silence_ms == inf and not asked and own.smallest_ms == inf:
        return "the consumer declares no deadline of its own"
    passed = served.lasted_ms >= silence_ms or served.closed_ms >= (asked.get("total_ms") or own.total_ms or inf)
    if not passed and not scene.capabilities.simulated_time:
        return "the deadline for that is longer than the call was given"
    return ""
