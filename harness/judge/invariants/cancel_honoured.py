"""A cancelled call stops, and says so."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.claims import claims_completion, returned_status
from harness.judge.rule import Breach, Scene, invariant

SLACK = 1
"""Callbacks that may still be under way when the cancellation is asked for."""


@invariant(
    "cancel-honoured",
    rule="A call that its user cancels stops streaming at once and is never reported as completed.",
    why="A stopped agent that goes on acts against its user's word.",
    incident="A cancelled run finished in the background and its tool calls were executed.",
)
def check(scene: Scene) -> Iterator[Breach]:
    limit = scene.case.cancel_after
    if limit is None or scene.evidence.number != 0:
        return
    turn, reached = scene.turn, len(scene.turn.trace)
    if reached < limit:
        return  # the stream was over before the user could cancel it
    if reached > limit + SLACK:
        reason = "callbacks went on after the cancellation"
        yield Breach(reason, reason, f"cancelled after {limit} callbacks", f"{reached} callbacks")
    if claims_completion(turn) and scene.attempt.served.taken < len(scene.attempt.served.delivery.body):
        reason = "a cancelled call is reported as completed"
        yield Breach(reason, reason, assembled=returned_status(turn))
