"""Two lanes on one exchange: what they may not differ in, and what a lane that sees less is not asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contract import Callback, Capabilities, Cause, Failure, Item, Leftovers, Outcome, Turn, Usage
from harness.judge import LANES_AGREE, REGISTRY, Lane, Mark, Observed, Verdict, agreement, failures, judge_by
from tests.unit.judge.streams import CASE, FULL, answered, message, outcome, raised, served, transcript, whole

HELLO = whole(message("Hello, world"))
ANSWER = answered("Hello, world")
HANDED = replace(FULL, opens=False)


def lane(turn: Turn, capabilities: Capabilities = FULL, leftovers: Leftovers | None = None) -> Lane:
    came: Outcome = replace(outcome(turn), leftovers=leftovers or Leftovers())
    observed = Observed.of(CASE, came, transcript(served(HELLO)), capabilities)
    return Lane(observed, judge_by(observed.evidence, CASE, came, capabilities))


def agreed(opened: Turn, handed: Turn) -> Verdict:
    return agreement(lane(opened), lane(handed, HANDED))


def test_two_lanes_that_come_to_the_same_agree() -> None:
    assert agreed(ANSWER, ANSWER) == Verdict(LANES_AGREE, Mark.PASS)


def raising(message: str, details: str = "") -> Turn:
    return Turn("raised", failure=Failure((Cause("demo.StreamError", message=message, details=details),)))


DIFFERENT = {
    "the way it ended": (ANSWER, raised("demo.StreamError", "no")),
    "the status": (ANSWER, replace(ANSWER, status="incomplete")),
    "the text": (ANSWER, replace(ANSWER, text="Hello")),
    "the items": (ANSWER, replace(ANSWER, items=(Item("other", "unknown"),))),
    "the usage": (ANSWER, replace(ANSWER, usage=Usage(input=1))),
    "the flags": (ANSWER, replace(ANSWER, flags=("truncated",))),
    "the callbacks": (ANSWER, replace(ANSWER, trace=(*ANSWER.trace, Callback("event", "more")))),
    "the error's words": (raising("too many requests"), raising("no such model")),
}


@pytest.mark.parametrize("part", DIFFERENT)
def test_each_difference_is_a_failure_named_after_it(part: str) -> None:
    verdict = agreed(*DIFFERENT[part])
    assert (verdict.invariant, verdict.mark) == (LANES_AGREE, Mark.FAIL)
    assert verdict.reason.startswith(f"{part} differs between the lanes")
    assert verdict.cause.startswith(f"{part} differs between the lanes")
    assert "over HTTP" in verdict.assembled
    assert "handed its bytes" in verdict.assembled


def test_what_differs_from_case_to_case_is_no_part_of_the_cause() -> None:
    causes = {agreed(ANSWER, replace(ANSWER, text=text)).cause for text in ("Hello", "Goodbye")}
    assert len(causes) == 1
    numbered = {agreed(raising(f"after {n} bytes"), ANSWER).cause for n in (1, 22)}
    assert len(numbered) == 1


def test_equal_outcomes_that_fail_in_different_rules_differ() -> None:
    """Only the details of an error differ, and one of them lacks the provider's words."""
    full, fast = lane(raising("no")), lane(raising("no"), HANDED)
    failed = Verdict("error-surfaced", Mark.FAIL, cause="message lost")
    verdict = agreement(
        full, Lane(fast.observed, (*(v for v in fast.verdicts if v.invariant != "error-surfaced"), failed))
    )
    assert (verdict.mark, verdict.cause) == (
        Mark.FAIL,
        "the lanes fail in different rules (error-surfaced)",
    )


def test_a_rule_that_one_lane_cannot_be_held_to_makes_no_difference() -> None:
    full = lane(ANSWER, leftovers=Leftovers(sockets=2))
    fast = lane(ANSWER, HANDED)
    assert [verdict.invariant for verdict in failures(full.verdicts)] == ["released"]
    skipped = {verdict.invariant: verdict.reason for verdict in fast.verdicts if verdict.mark is Mark.SKIPPED}
    assert skipped.keys() >= {"released", "bounded-requests"}
    assert skipped["released"] == "it is handed the bytes of an answer and opens no connection"
    assert agreement(full, fast).mark is Mark.PASS


def test_all_rules_about_lanes_are_tried_here() -> None:
    assert {rule.id for rule in REGISTRY.values() if rule.arity == "lanes"} == {LANES_AGREE}
