"""The answer is not held hostage by an open socket."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from harness.delivery import Stall
from harness.judge.claims import returned_status
from harness.judge.duty import Duty
from harness.judge.rule import Breach, Scene, invariant
from harness.judge.silence import Patience


@invariant(
    "stops-at-terminal",
    rule="Once the terminal has arrived the call ends, whether or not the server closes the connection.",
    why="A finished answer, or a clear failure, turns into a timeout minutes later.",
    incident="codex stored response.failed and reported it at EOF only: an open socket made it 'idle timeout'.",
)
def check(scene: Scene) -> Iterator[Breach]:
    if scene.attempt.reading.terminal is None:
        return
    if scene.attempt.open_document or not isinstance(scene.attempt.served.delivery.ending, Stall):
        return
    timed_out = scene.obligation.duty is Duty.COMPLETE and scene.turn.ended == "raised" and _waited(scene)
    if scene.turn.ended == "hung" or timed_out:
        yield Breach(
            "the terminal had arrived, and the call still waited for the connection to close",
            "waits for the end of the connection",
            evidenced=scene.obligation.why,
            assembled=returned_status(scene.turn),
            frames=(scene.attempt.reading.terminal.frame,),
        )


def _waited(scene: Scene) -> bool:
    """Whether a deadline can have ended the call; what raises before that does so for another reason."""
    deadline_ms = Patience.of(scene.capabilities, scene.case).silence_ms
    return deadline_ms == inf or scene.attempt.served.lasted_ms >= deadline_ms
