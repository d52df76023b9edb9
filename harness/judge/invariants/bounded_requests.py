"""Every extra request is money."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.duty import obligation_of
from harness.judge.rule import Breach, Scene, invariant, openers
from harness.judge.verdict import Mark


@invariant(
    "bounded-requests",
    rule="A turn costs one request when its answer was whole, and never more than the declared retry budget.",
    why="A blind retry repeats the bill and the side effects, and hides the error that caused it.",
    incident="An idle timeout retried without end: an agent paid for the same prompt until it was killed.",
    needs=openers,
)
def check(scene: Scene) -> Iterator[Breach]:
    attempts = scene.evidence.attempts
    # Where one right reading leaves something to ask for again, asking is no fault.
    whole = next(
        (
            number
            for number, readings in enumerate(scene.evidence.readings[:-1])
            if all(obligation_of(reading).owes_completion for reading in readings)
        ),
        None,
    )
    if whole is not None:
        answered = obligation_of(attempts[whole])
        yield Breach(
            f"attempt {whole} was answered in full, and the same was asked again",
            "asked again after a whole answer",
            evidenced=answered.why,
            assembled=f"{len(attempts)} requests",
            # Who may give an answer up with an error may try for a better one, too.
            mark=Mark.LENIENT if answered.tolerates_error and _within_budget(scene) else Mark.FAIL,
        )
    elif not _within_budget(scene):
        yield Breach(
            f"{len(attempts)} requests for one turn; the budget is {scene.capabilities.requests_per_turn}",
            "retry budget exceeded",
            evidenced=scene.obligation.why,
            assembled=f"{len(attempts)} requests",
        )


def _within_budget(scene: Scene) -> bool:
    return len(scene.evidence.readings) <= scene.capabilities.requests_per_turn
