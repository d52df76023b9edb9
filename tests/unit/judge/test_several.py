"""Runs compared: each rule accuses a consumer that breaks it, leaves one that keeps it alone, and asks of nobody what it
cannot know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.contract import Callback, Capabilities, Case, Deadlines, Item, Turn
from harness.delivery import Cut, Delivery, End, Head, Send, Served, Wait
from harness.judge import REGISTRY, Mark, Observed, Verdict, compare
from harness.wire import decode
from tests.unit.judge.streams import (
    CASE,
    FULL,
    Event,
    answered,
    call,
    called,
    message,
    outcome,
    raised,
    served,
    sse,
    terminal,
    transcript,
    whole,
    without,
)

HELLO = whole(message("Hello, world"))
BODY = sse(HELLO)
CALLS = whole(call('{"a":1}'), call('{"b":2}', 1))
ANSWER = answered("Hello, world")
SAME, DETERMINISTIC = "same-evidence-same-outcome", "deterministic"


def run(turn: Turn, *entries: Served, case: Case = CASE, capabilities: Capabilities = FULL) -> Observed:
    return Observed.of(case, outcome(turn), transcript(*entries), capabilities)


def marks(*runs: Observed, capabilities: Capabilities = FULL) -> dict[str, Verdict]:
    return {verdict.invariant: verdict for verdict in compare(runs, capabilities)}


def in_pieces(body: bytes, size: int, wait_ms: float = 0.0) -> Served:
    """The same body, cut otherwise, with a silence before every piece."""
    whole_one = served(body)
    pieces = [Send(body[start : start + size]) for start in range(0, len(body), size)]
    waits = [Wait(wait_ms)] if wait_ms else []
    actions: list[Any] = [action for piece in pieces for action in (*waits, piece)]
    head = whole_one.delivery.actions[0]
    assert isinstance(head, Head)
    return replace(whole_one, delivery=Delivery((head, *actions, End())))


def renamed(events: list[Event], number: int) -> list[Event]:
    """Other ids, other numbers, and the same meaning."""

    def fresh(value: Any) -> Any:
        if isinstance(value, dict):
            renamed = {"id", "item_id", "call_id"}
            return {k: f"{v}_{number}" if k in renamed and isinstance(v, str) else fresh(v) for k, v in value.items()}
        return [fresh(entry) for entry in value] if isinstance(value, list) else value

    return [{**fresh(event), "sequence_number": index * number} for index, event in enumerate(events)]


ALIKE: dict[str, Served] = {
    "cut into single bytes": in_pieces(BODY, 1),
    "cut into pieces, slowly": in_pieces(BODY, 100, wait_ms=100),
    "with other line ends": served(BODY.replace(b"\n", b"\r\n")),
    "with comments between": served(BODY.replace(b"\n\n", b"\n\n: ping\n\n")),
    "with event lines": served(b"".join(b"event: message\n" + frame.raw for frame in decode(BODY)[0])),
    "with other ids and numbers": served(renamed(HELLO, 3)),
    "with more after the terminal": served([*HELLO, *message("ghost", 1)]),
}
WRONG = answered("Hello, w\ufffdorld")


@pytest.mark.parametrize("name", ALIKE)
def test_what_says_nothing_must_change_nothing(name: str) -> None:
    kept = marks(run(ANSWER, served(HELLO)), run(ANSWER, ALIKE[name]))
    assert kept[SAME].mark is Mark.PASS
    broken = marks(run(ANSWER, served(HELLO)), run(WRONG, ALIKE[name]))
    assert broken[SAME].mark is Mark.FAIL
    assert broken[SAME].cause == "the text changed although the evidence is the same"


DIFFERENT: dict[str, tuple[Observed, Observed]] = {
    "other words": (run(ANSWER, served(HELLO)), run(WRONG, served(whole(message("Adieu"))))),
    "one witness less": (run(ANSWER, served(HELLO)), run(WRONG, served(without(HELLO, "text.done")))),
    "another end": (run(ANSWER, served(HELLO)), run(raised(), served(HELLO, Cut()))),
    "another status": (run(ANSWER, served(HELLO)), run(raised(), served([*HELLO[:-1], terminal("incomplete")]))),
    "one attempt more": (
        run(ANSWER, served(HELLO)),
        run(WRONG, served(HELLO[:5], Cut()), served(HELLO, attempt=1)),
    ),
    "deltas in another order": (
        run(answered("a", "b"), served(whole(message("ab"), message("cd", 1)))),
        run(
            answered("b", "a"),
            served(whole([e for pair in zip(message("ab"), message("cd", 1), strict=True) for e in pair])),
        ),
    ),
    "a silence of half the deadline": (
        run(ANSWER, served(HELLO), capabilities=replace(FULL, deadlines=Deadlines(idle_ms=200))),
        run(raised(), in_pieces(BODY, 5000, 100), capabilities=replace(FULL, deadlines=Deadlines(idle_ms=200))),
    ),
    "a cancellation": (
        run(ANSWER, served(HELLO), case=replace(CASE, cancel_after=2)),
        run(WRONG, in_pieces(BODY, 1), case=replace(CASE, cancel_after=2)),
    ),
    "another question": (run(ANSWER, served(HELLO)), run(WRONG, served(HELLO), case=replace(CASE, tools=({},)))),
    "items that cannot be told apart": (
        run(ANSWER, served(whole(message("one", id="x"), message("one", 1, id="x")))),
        run(WRONG, in_pieces(sse(whole(message("one", id="x"), message("one", 1, id="x"))), 7)),
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_was_told_otherwise_is_not_compared(name: str) -> None:
    one, other = DIFFERENT[name]
    slow = replace(FULL, deadlines=Deadlines(idle_ms=200)) if "silence" in name else FULL
    verdict = marks(one, other, capabilities=slow)[SAME]
    assert verdict.mark is Mark.SKIPPED
    assert verdict.reason


def test_calls_are_compared_by_the_place_of_their_ids() -> None:
    def turn(*names: str) -> Turn:
        items = (called('{"a":1}', 0), called('{"b":2}', 1))
        return answered("", items=tuple(replace(item, call_id=name) for item, name in zip(items, names, strict=True)))

    first = run(turn("call_0", "call_1"), served(CALLS))
    assert marks(first, run(turn("call_0_7", "call_1_7"), served(renamed(CALLS, 7))))[SAME].mark is Mark.PASS
    swapped = marks(first, run(turn("call_1_7", "call_0_7"), served(renamed(CALLS, 7))))[SAME]
    assert (swapped.mark, swapped.cause) == (Mark.FAIL, "the items changed although the evidence is the same")


def test_ids_that_a_consumer_makes_up_may_differ() -> None:
    def turn(id: str) -> Turn:
        return Turn("returned", "completed", (Item("message", "message", id=id, text="Hello, world"),), "Hello, world")

    verdicts = marks(run(turn("local-1"), served(HELLO)), run(turn("local-2"), served(HELLO)))
    assert {verdict.mark for verdict in verdicts.values()} == {Mark.PASS}


def streamed(*deltas: str) -> Turn:
    return replace(ANSWER, trace=tuple(Callback("text", delta) for delta in deltas))


def test_how_deltas_are_handed_out_may_depend_on_pieces_but_not_from_run_to_run() -> None:
    joined, apart = streamed("Hello, world"), streamed("Hello, ", "world")
    cut = marks(run(joined, served(HELLO)), run(apart, in_pieces(BODY, 1)))
    assert (cut[SAME].mark, cut[DETERMINISTIC].mark) == (Mark.PASS, Mark.SKIPPED)
    again = marks(run(joined, served(HELLO)), run(apart, served(HELLO)))
    assert (again[SAME].mark, again[DETERMINISTIC].mark) == (Mark.PASS, Mark.FAIL)
    assert marks(run(apart, served(HELLO)), run(apart, served(HELLO)))[DETERMINISTIC].mark is Mark.PASS


def test_an_error_from_run_to_run_says_the_same_but_for_what_varies() -> None:
    entry = served(HELLO[:5], Cut())

    def mark(one: Turn, other: Turn) -> Mark:
        return marks(run(one, entry), run(other, entry))[DETERMINISTIC].mark

    assert mark(raised(message="peer 0x7f01 left"), raised(message="peer 0x7f02 left")) is Mark.PASS
    assert mark(raised(message="peer left"), raised(message="timed out")) is Mark.FAIL
    assert mark(raised(), ANSWER) is Mark.FAIL


def test_a_request_more_from_run_to_run_is_a_difference() -> None:
    first = served(HELLO[:5], Cut())
    verdict = marks(run(raised(), first), run(raised(), first, replace(first, attempt=1)))[DETERMINISTIC]
    assert (verdict.mark, verdict.cause) == (Mark.FAIL, "the number of requests changed from run to run")


def test_one_run_alone_is_compared_with_nothing() -> None:
    assert {verdict.mark for verdict in marks(run(ANSWER, served(HELLO))).values()} == {Mark.SKIPPED}


def test_of_many_runs_any_two_may_differ() -> None:
    runs = [run(ANSWER, served(HELLO)), run(ANSWER, in_pieces(BODY, 9)), run(WRONG, in_pieces(BODY, 1))]
    assert marks(*runs)[SAME].mark is Mark.FAIL
    assert marks(*runs[:2], run(WRONG, served(whole(message("Adieu")))))[SAME].mark is Mark.PASS


def test_a_raw_loop_is_not_asked_what_it_assembles() -> None:
    raw = replace(FULL, assembles=False)
    verdict = marks(run(ANSWER, served(HELLO)), run(WRONG, in_pieces(BODY, 1)), capabilities=raw)[SAME]
    assert (verdict.mark, verdict.reason) == (Mark.SKIPPED, "it hands out raw events and assembles nothing")


def test_all_rules_about_several_runs_are_tried_here() -> None:
    assert {rule.id for rule in REGISTRY.values() if rule.arity == "several"} == {SAME, DETERMINISTIC}
