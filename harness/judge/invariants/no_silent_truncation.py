"""An answer that may not be whole is never passed on as if it were."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.claims import claims_completion, returned_status
from harness.judge.duty import Duty
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark


@invariant(
    "no-silent-truncation",
    rule="A stream that broke off or lost content is raised or flagged; one that brought nothing is raised.",
    why="Half an answer that looks whole is stored, shown and executed.",
    incident="openclaw mapped a clean EOF without a terminal to finish reason 'stop'.",
    needs=assemblers,
)
def check(scene: Scene) -> Iterator[Breach]:
    turn, duty = scene.turn, scene.obligation.duty
    if duty not in {Duty.DOUBT, Duty.RAISE} or turn.ended != "returned":
        return
    if claims_completion(turn):
        yield Breach(
            f"the answer is passed on as complete, but {scene.obligation.why}",
            "nothing taken for an answer" if duty is Duty.RAISE else "truncated taken for completed",
            evidenced=scene.obligation.why,
            assembled=returned_status(turn),
        )
    elif duty is Duty.RAISE and turn.failure is None:
        yield Breach(
            "nothing came at all, and the caller gets a flagged result in place of an error",
            "nothing flagged",
            assembled=returned_status(turn),
            mark=Mark.LENIENT,
        )
