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
    own, asked = scene.capabilities.deadlines, scene.case.timeouts
    name = "idle_ms" if scene.attempt.reading.events else "first_byte_ms"
    silence = asked.get(name) or asked.get("read_ms") or getattr(own, name)
    total = asked.get("total_ms") or own.total_ms
    due_ms = min(scene.attempt.served.opened_ms + (silence or inf), total or inf)
    if due_ms == inf and not asked and own.smallest_ms == inf:
        return "the consumer declares no deadline of its own"
    if due_ms >= scene.case.deadline_ms and not scene.capabilities.simulated_time:
        return "the deadline for that is longer than the case was given"
    return ""
