"""A call ends: when its stream does, or when a deadline the consumer keeps has passed."""

from __future__ import annotations

from collections.abc import Iterator

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
    if endless and scene.attempt.reading.terminal is None and not _has_deadline(scene):
        yield Breach(
            "the stream stalls for ever, and the consumer declares no deadline of its own",
            "no deadline declared",
            mark=Mark.SKIPPED,
        )
        return
    if endless and scene.attempt.reading.terminal is not None:
        return  # the answer was there: stops-at-terminal says so
    yield Breach("the call had to be killed", "hung", evidenced=scene.obligation.why, assembled=scene.turn.notes[:300])


def _has_deadline(scene: Scene) -> bool:
    return scene.capabilities.deadlines.smallest_ms != float("inf") or bool(scene.case.timeouts)
