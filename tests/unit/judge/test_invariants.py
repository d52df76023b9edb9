"""Every invariant accuses a consumer that breaks it, and leaves one that keeps it alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Callback, Capabilities, Case, Cause, Deadlines, Failure, Item, Leftovers, Turn, Usage
from harness.delivery import Cut, Delivery, Ending, Framing, Head, Served, Stall, Wait
from harness.judge import REGISTRY, Mark, Verdict, judge
from harness.wire import decode, encode
from tests.unit.judge.streams import (
    CASE,
    FULL,
    answered,
    call,
    called,
    created,
    message,
    outcome,
    raised,
    reasoning,
    refusal,
    served,
    sse,
    terminal,
    transcript,
    whole,
    without,
)

HELLO = whole(message("Hello, world"))
FLAT = {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down, please", "param": None}
TWO_CALLS = whole(call('{"city":"Rome"}', 0), call('{"city":"Oslo"}', 1))
ROME, OSLO = called('{"city":"Rome"}', 0), called('{"city":"Oslo"}', 1)
THINKING = whole(reasoning("Let me think"), message("Hi", 1))
SUMMARY = Item("reasoning", "reasoning", summary="Let me think", encrypted="gAAAA")
HALF = HELLO[:5]
HUNG = Turn("hung", notes="killed")
CRASHED = Turn("crashed", notes="exit code 139")


@dataclass(frozen=True)
class Row:
    invariant: str
    served: Served | tuple[Served, ...]
    breaks: Turn
    keeps: Turn
    capabilities: Capabilities = FULL
    case: Case = CASE
    breaks_left: Leftovers | None = None


def streamed(turn: Turn, *deltas: str | None) -> Turn:
    """The turn with these callbacks; None is a reset."""
    trace = tuple(Callback("reset") if delta is None else Callback("text", delta) for delta in deltas)
    return replace(turn, trace=trace)


def failed(message: str, *, code: str = "rate_limit_exceeded") -> Turn:
    return Turn(
        "raised", failure=Failure((Cause("demo.StreamError", message=message, details=f'{{"code":"{code}"}}'),))
    )


CLEAN = (Path(__file__).parents[3] / "cassettes" / "openai" / "text" / "1.sse").read_bytes()
"""A stream with which nothing at all is wrong, unlike the terse ones of this page."""
CLEAN_END = json.loads(decode(CLEAN)[0][-1].data)["response"]
CLEAN_ANSWER = answered(
    CLEAN_END["output"][0]["content"][0]["text"],
    usage=Usage(*(CLEAN_END["usage"][name] for name in ("input_tokens", "output_tokens", "total_tokens"))),
)


def interspersed(*events: str) -> bytes:
    """The clean stream with these events after its first."""
    first = decode(CLEAN)[0][0]
    return CLEAN[: first.end] + b"".join(encode(event) for event in events) + CLEAN[first.end :]


RETRY = (served(HALF, Cut()), served(HELLO, attempt=1))
GHOST = [*HELLO, *message("ghost", 1), *call('{"rm":1}', 2)]

ROWS: dict[str, Row] = {
    "an internal error escapes": Row(
        "typed-errors", served(HELLO), raised("builtins.TypeError", "'NoneType' object is not iterable"), answered("Hello, world")
    ),
    "the process dies": Row("typed-errors", served(HALF, Cut()), CRASHED, raised()),
    "the error has no text": Row(
        "typed-errors",
        served(HALF, Cut()),
        Turn("raised", failure=Failure((Cause("demo.StreamError"),), printable=False)),
        raised(),
    ),
    "an undeclared error of the library below": Row(
        "typed-errors", served(HALF, Cut()), raised("httpx.ReadError"), raised()
    ),
    "the call hangs after the stream ended": Row("ends-in-time", served(HALF), HUNG, raised()),
    "failed is passed on as completed": Row(
        "status-true", served([*HELLO[:-1], terminal("failed")]), answered("Hello, world"), raised()
    ),
    "incomplete is passed on as completed": Row(
        "status-true",
        served([*HELLO[:-1], terminal("incomplete")]),
        answered("Hello, world"),
        answered("Hello, world", status="incomplete"),
    ),
    "no status is a claim": Row(
        "status-true",
        served([*HELLO[:-1], terminal("completed", "cancelled")]),
        answered("Hello, world", status=None),
        answered("Hello, world", status="cancelled"),
    ),
    "completed is turned into an error": Row("status-true", served(HELLO), raised(), answered("Hello, world")),
    "completed is told as failed": Row(
        "status-true", served(HELLO), answered("Hello, world", status="failed"), answered("Hello, world")
    ),
    "half an answer passes for whole": Row(
        "no-silent-truncation", served(HALF), answered("Hello, "), answered("Hello, ", flags=("truncated",))
    ),
    "a cut passes for an end": Row("no-silent-truncation", served(HALF, Cut()), answered("Hello, ", status=None), raised()),
    "nothing passes for an answer": Row("no-silent-truncation", served([created()]), answered(""), raised()),
    "damage passes unseen": Row(
        "no-silent-truncation",
        served([*without(HELLO, "text.done", "part.done", "item.done", "part.added", "item.added")[:2], "{bad", terminal()]),
        answered("Hello,"),
        answered("Hello,", flags=("damaged",)),
    ),
    "all text is lost": Row("content-kept", served(HELLO), answered(""), answered("Hello, world")),
    "the last delta is lost": Row("content-kept", served(HELLO), answered("Hello,"), answered("Hello, world")),
    "one of two messages is lost": Row(
        "content-kept", served(whole(message("one"), message("two", 1))), answered("two"), answered("one", "two")
    ),
    "text only deltas told is lost": Row(
        "content-kept",
        served(without(HELLO, "text.done", "part.done", "item.done", "added")),
        answered(""),
        answered("Hello, world"),
    ),
    "text only the terminal told is lost": Row(
        "content-kept", served([created(), terminal(output=[message("late")[-1]["item"]])]), answered(""), answered("late")
    ),
    "an incomplete answer loses its text": Row(
        "content-kept",
        served([*HELLO[:-1], terminal("incomplete")]),
        answered("", status="incomplete"),
        answered("Hello, world", status="incomplete"),
    ),
    "an incomplete answer with its reason attached loses its text": Row(
        "content-kept",
        served([*HELLO[:-1], terminal("incomplete")]),
        answered("", status="incomplete", failure=Failure((Cause("attached", message="max_output_tokens"),))),
        answered(
            "Hello, world", status="incomplete", failure=Failure((Cause("attached", message="max_output_tokens"),))
        ),
    ),
    "the text is doubled": Row(
        "nothing-invented", served(HELLO), answered("Hello, worldHello, world"), answered("Hello, world")
    ),
    "a message is given twice": Row(
        "nothing-invented", served(HELLO), answered("Hello, world", "Hello, world"), answered("Hello, world")
    ),
    "text after the terminal is taken": Row(
        "nothing-invented", served(GHOST), answered("Hello, world", "ghost"), answered("Hello, world")
    ),
    "a voided attempt is kept": Row(
        "nothing-invented", RETRY, answered("Hello,Hello, world"), answered("Hello, world")
    ),
    "reasoning is passed on as text": Row(
        "nothing-invented", served(THINKING), answered("Let me think", "Hi"), answered("Hi", items=(SUMMARY,))
    ),
    "text from nowhere": Row("nothing-invented", served(HELLO), answered("Hello, world", "!?"), answered("Hello, world")),
    "arguments are swapped": Row(
        "tool-calls-whole",
        served(TWO_CALLS),
        answered(items=(replace(ROME, arguments=OSLO.arguments), replace(OSLO, arguments=ROME.arguments))),
        answered(items=(ROME, OSLO)),
    ),
    "arguments are cut": Row(
        "tool-calls-whole", served(whole(call('{"a":1}'))), answered(items=(called('{"a"'),)), answered(items=(called('{"a":1}'),))
    ),
    "a call is lost": Row("tool-calls-whole", served(TWO_CALLS), answered(items=(ROME,)), answered(items=(ROME, OSLO))),
    "a call is offered twice": Row(
        "tool-calls-whole", served(whole(call("{}"))), answered(items=(called("{}"), called("{}"))), answered(items=(called("{}"),))
    ),
    "an unfinished call is offered": Row(
        "tool-calls-whole",
        served([created(), *call('{"rm":"all"}')[:3]]),
        answered(items=(called('{"rm":"all"}'),), flags=("truncated",)),
        answered(items=(called('{"rm":"all"}', finished=False),), flags=("truncated",)),
    ),
    "a call after the terminal is offered": Row(
        "tool-calls-whole",
        served(GHOST),
        answered("Hello, world", items=(called('{"rm":1}', 2),)),
        answered("Hello, world"),
    ),
    "a call has another name": Row(
        "tool-calls-whole", served(whole(call("{}"))), answered(items=(called("{}", name=""),)), answered(items=(called("{}"),))
    ),
    "other words under a number and an id of their own are lost": Row(
        "content-kept",
        served([*HELLO[:-1], {**HELLO[3], "output_index": 1, "item_id": "another", "delta": "goodbye"}, terminal()]),
        answered("Hello, world"),
        answered("Hello, world", "goodbye"),
    ),
    "the terminal's beginning of the text is taken for all of it": Row(
        "content-kept",
        served([*HELLO[:5], terminal(output=[message("Hello")[-1]["item"]])]),
        answered("Hello"),
        answered("Hello, world"),
    ),
    "one of two calls that are alike is lost": Row(
        "tool-calls-whole",
        served(whole(call("{}", 0), call("{}", 1))),
        answered(items=(called("{}", 0),)),
        answered(items=(called("{}", 0), called("{}", 1))),
    ),
    "a refusal is lost": Row(
        "refusal-kept", served(whole(refusal("I cannot"))), answered(""), answered(items=(Item("message", "message", refusal="I cannot"),))
    ),
    "a reasoning summary is lost": Row("reasoning-kept", served(THINKING), answered("Hi"), answered("Hi", items=(SUMMARY,))),
    "encrypted reasoning is lost": Row(
        "reasoning-kept", served(THINKING), answered("Hi", items=(replace(SUMMARY, encrypted=None),)), answered("Hi", items=(SUMMARY,))
    ),
    "usage is doubled": Row(
        "usage-true", served(HELLO), answered("Hello, world", usage=Usage(20, 10, 30)), answered("Hello, world")
    ),
    "usage is lost": Row("usage-true", served(HELLO), answered("Hello, world", usage=Usage()), answered("Hello, world")),
    "a total that is not what its parts come to is lost": Row(
        "usage-true",
        served([*HELLO[:-1], terminal(usage={"input_tokens": 10, "output_tokens": 5, "total_tokens": 20})]),
        answered("Hello, world", usage=Usage(10, 5)),
        answered("Hello, world", usage=Usage(10, 5, 20)),
    ),
    "usage is made up": Row(
        "usage-true",
        served([*HELLO[:-1], terminal(usage=None)]),
        answered("Hello, world"),
        answered("Hello, world", usage=Usage()),
    ),
    "the provider's message is lost": Row(
        "error-surfaced", served([FLAT]), raised(message="no terminal response"), failed("Slow down, please")
    ),
    "the provider's code is lost": Row(
        "error-surfaced", served([FLAT]), failed("Slow down, please", code=""), failed("Slow down, please")
    ),
    "the provider's message is lost in a returned failure": Row(
        "error-surfaced",
        served([FLAT]),
        answered(status="failed"),
        replace(failed("Slow down, please"), ended="returned", status="failed"),
    ),
    "an unknown event breaks the answer": Row(
        "unknown-ignored", served(interspersed('{"type":"response.sparkle"}')), raised(), CLEAN_ANSWER
    ),
    "a vendor event breaks the answer": Row(
        "unknown-ignored", served(interspersed('{"type":"keepalive"}')), raised(), CLEAN_ANSWER
    ),
    "the open socket holds the answer": Row("stops-at-terminal", served(HELLO, Stall()), HUNG, answered("Hello, world")),
    "the open socket turns the answer into a timeout": Row(
        "stops-at-terminal", served(HELLO, Stall()), raised(message="idle timeout"), answered("Hello, world")
    ),
    "the open socket holds an error": Row("stops-at-terminal", served([FLAT], Stall()), HUNG, failed("Slow down, please")),
    "streamed and final text differ": Row(
        "stream-equals-final",
        served(HELLO),
        streamed(answered("Hello, world"), "Hello,", "Hello,", " world"),
        streamed(answered("Hello, world"), "Hello,", " world"),
    ),
    "a retry repeats deltas without a reset": Row(
        "stream-equals-final",
        RETRY,
        streamed(answered("Hello, world"), "Hello,", "Hello,", " world"),
        streamed(answered("Hello, world"), "Hello,", None, "Hello,", " world"),
    ),
    "a whole answer is asked for again": Row(
        "bounded-requests", (served(HELLO), served(HELLO, attempt=1)), answered("Hello, world"), answered("Hello, world")
    ),
    "the retry budget is exceeded": Row(
        "bounded-requests", tuple(served([created()], attempt=n) for n in range(4)), raised(), raised()
    ),
    "a thread outlives the call": Row(
        "released", served(HELLO), answered("Hello, world"), answered("Hello, world"), breaks_left=Leftovers(threads=1)
    ),
    "a connection is left open": Row(
        "released", served(HALF, Stall(), seen=Ending.OPEN), raised(), raised()
    ),
    "a cancelled call goes on": Row(
        "cancel-honoured",
        served(whole(message("a long, long answer", pieces=9))),
        streamed(answered("a long, long answer"), *"a long"),
        streamed(Turn("cancelled"), "a ", "lo"),
        case=replace(CASE, cancel_after=2),
    ),
    "a cancelled call is completed": Row(
        "cancel-honoured",
        served(HELLO, taken=300, seen=Ending.LEFT),
        streamed(answered("Hello, world"), "Hello", ", "),
        streamed(Turn("cancelled"), "Hello", ", "),
        case=replace(CASE, cancel_after=2),
    ),
}  # fmt: skip

KEPT_OTHERWISE: dict[str, tuple[Served, ...]] = {
    "a whole answer is asked for again": (served(HALF, Cut()), served(HELLO, attempt=1)),
    "the retry budget is exceeded": tuple(served([created()], attempt=n) for n in range(3)),
    "a connection is left open": (served(HALF, Stall(), seen=Ending.LEFT),),
    "the open socket holds the answer": (served(HELLO, Stall(), seen=Ending.LEFT),),
    "the open socket turns the answer into a timeout": (served(HELLO, Stall(), seen=Ending.LEFT),),
    "the open socket holds an error": (served([FLAT], Stall(), seen=Ending.LEFT),),
}
"""Rows whose right consumer is told apart by what was served, not by what it returned."""


def mark(row: Row, turn: Turn, entries: Any = None, left: Leftovers | None = None) -> Verdict:
    record = entries or (row.served if isinstance(row.served, tuple) else (row.served,))
    made = replace(outcome(turn), leftovers=left or Leftovers())
    verdicts = judge(row.case, made, transcript(*record), row.capabilities)
    return next(verdict for verdict in verdicts if verdict.invariant == row.invariant)


@pytest.mark.parametrize("name", ROWS)
def test_a_consumer_that_breaks_the_rule_fails(name: str) -> None:
    row = ROWS[name]
    verdict = mark(row, row.breaks, left=row.breaks_left)
    assert verdict.mark is Mark.FAIL, verdict
    assert verdict.cause
    assert verdict.reason


@pytest.mark.parametrize("name", ROWS)
def test_a_consumer_that_keeps_the_rule_passes(name: str) -> None:
    row = ROWS[name]
    verdict = mark(row, row.keeps, KEPT_OTHERWISE.get(name))
    assert verdict.mark is Mark.PASS, verdict


@pytest.mark.parametrize("name", ROWS)
def test_a_right_consumer_breaks_no_rule_at_all(name: str) -> None:
    row = ROWS[name]
    record = KEPT_OTHERWISE.get(name) or (row.served if isinstance(row.served, tuple) else (row.served,))
    verdicts = judge(row.case, outcome(row.keeps), transcript(*record), row.capabilities)
    assert [v for v in verdicts if v.mark is Mark.FAIL] == []


def test_every_invariant_has_a_row() -> None:
    assert {row.invariant for row in ROWS.values()} == {rule.id for rule in REGISTRY.values() if rule.arity == "run"}


def test_every_invariant_says_what_it_is() -> None:
    for rule in REGISTRY.values():
        assert rule.rule.endswith(".")
        assert rule.why.endswith(".")
        assert rule.incident.endswith(".")


SKIPS = {
    "tool_calls": "tool-calls-whole",
    "refusals": "refusal-kept",
    "reasoning": "reasoning-kept",
    "streams": "stream-equals-final",
}


@pytest.mark.parametrize(("promise", "invariant"), SKIPS.items(), ids=SKIPS)
def test_what_is_not_promised_is_skipped_with_a_reason(promise: str, invariant: str) -> None:
    verdicts = judge(CASE, outcome(answered("")), transcript(served(HELLO)), replace(FULL, **{promise: False}))
    (verdict,) = [v for v in verdicts if v.invariant == invariant]
    assert verdict.mark is Mark.SKIPPED
    assert verdict.reason


def test_a_raw_loop_is_held_to_errors_time_and_release_alone() -> None:
    raw = replace(FULL, assembles=False)
    verdicts = judge(CASE, outcome(Turn("returned")), transcript(served(HALF, Cut())), raw)
    assert not [v for v in verdicts if v.mark is Mark.FAIL]
    escaped = judge(CASE, outcome(raised("builtins.KeyError")), transcript(served(HELLO)), raw)
    assert "typed-errors" in {v.invariant for v in escaped if v.mark is Mark.FAIL}


UNTYPED_CALL = [
    {**event, "item": {**event["item"], "type": None}} if "item" in event else event for event in whole(call("{}"))
]

TWICE_NUMBERED = [
    {**event, "output_index": 1} if event["type"].endswith("item.added") else event
    for event in [
        created(),
        *call("{}")[:-1],
        {**call("{}")[-1], "item": {**call("{}")[-1]["item"], "id": "another"}},
    ]
    if "delta" not in event
]
MYSTERY_AT_FIRST = [
    {**event, "item": {**event["item"], "type": "mystery_call"}} if event["type"].endswith("item.added") else event
    for event in call("{}")
]
OTHER_AT_LAST = [
    {**event, "item": {**event["item"], "type": "mystery"}} if event["type"].endswith("item.done") else event
    for event in HELLO
]
ORPHANED = [{**event, "output_index": 1, "item_id": "another"} if "delta" in event else event for event in HELLO[:-1]]
UNTYPED_PART = {
    "type": "response.output_item.done",
    "output_index": 0,
    "item": {"type": "message", "id": "m", "content": [{"type": None, "text": "Hello, world"}]},
}
THOUGHT = {
    "type": "response.output_item.done",
    "output_index": 0,
    "item": {"type": "reasoning", "id": "r", "content": [{"type": "output_text", "text": "hm"}]},
}
TOLD_TWICE = [call("{}")[0], *2 * [{**call("{}")[1], "delta": "{}"}]]
INTERLEAVED = [event for pair in zip(message("abcd", 1), message("wxyz", 2), strict=True) for event in pair]

LENIENT: dict[str, tuple[Served | tuple[Served, ...], Turn, str]] = {
    "a declared type around an internal error": (served(HALF, Cut()), raised("demo.StreamError", "it broke", "builtins.KeyError"), "typed-errors"),
    "a typed error for an unknown event before created": (served([{"type": "acme.hello"}, *HELLO]), raised(), "status-true"),
    "calls in another order": (served(TWO_CALLS), answered(items=(called('{"city": "Rome"}', 0), OSLO)), "tool-calls-whole"),
    "the last frame flushed without a blank line": (served(sse(HELLO)[:-1]), answered("Hello, world"), ""),
    "doubting an end that says completed and states a limit": (
        served([*HELLO[:-1], terminal(incomplete_details={"reason": "max_output_tokens"})]),
        answered("Hello, world", status="incomplete"),
        "",
    ),
    "doubting an end that says completed and states an error": (
        served([*HELLO[:-1], terminal(error={"code": "server_error", "message": "boom"})]),
        answered("Hello, world", status="incomplete"),
        "",
    ),
    "believing the word completed all the same": (
        served([*HELLO[:-1], terminal(incomplete_details={"reason": "max_output_tokens"})]),
        answered("Hello, world"),
        "",
    ),
    "asking again for a stream that came as one object": (
        tuple(
            served(b'{"object":"response","status":"completed","output":[]}', media="application/json", attempt=attempt)
            for attempt in range(2)
        ),
        raised(),
        "bounded-requests",
    ),
    "refusing two calls that go by one id": (
        served(whole(call("{}"), [{**event, "item": {**event["item"], "call_id": "call_0"}} if "item" in event else event for event in call("{}", 1)])),
        raised(message="the id was used twice"),
        "status-true",
    ),
    "stopping at [DONE]": (served([*HELLO[:5], "[DONE]", *HELLO[5:]]), raised(), "status-true"),
    "asking again after a terminal that only some servers send": (
        (served(whole(message("Hello, world"), end={"type": "response.done", "response": {}})), served(HELLO, attempt=1)),
        answered("Hello, world"),
        "",
    ),
    "usage under chat names that nobody read": (
        served([*HELLO[:-1], terminal(usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3})]),
        answered("Hello, world", usage=Usage()),
        "usage-true",
    ),
    "a total left to be counted from its parts": (served(HELLO), answered("Hello, world", usage=Usage(10, 5)), ""),
    "an error's words as JSON without white space, and only the first of them": (
        served([{"type": "error", "message": '[{"loc": ["body", "input"], "msg": "' + "a string, please " * 40 + '"}]'}]),
        failed('422 [{"loc":["body","input"],"msg":"' + "a string, please " * 12, code=""),
        "",
    ),
    "the same, in a body that is itself a string in JSON": (
        served([{"type": "error", "message": '[{"loc": ["body", "input"]}]'}]),
        raised(message=json.dumps({"body": '{"detail":[{"loc":["body","input"]}]}'})),
        "",
    ),
    "usage in quotes told as a number": (
        served([*HELLO[:-1], terminal(usage={"input_tokens": "10", "output_tokens": 5, "total_tokens": 15})]),
        answered("Hello, world"),
        "usage-true",
    ),
    "arguments of a call that nobody named, left out": (
        served(whole(call("{}"), [{"type": "response.function_call_arguments.done", "item_id": "x", "output_index": 7, "arguments": "{}"}])),
        answered(items=(called("{}"),)),
        "",
    ),
    "bytes that are not UTF-8 replaced, and the answer flagged": (
        served(sse(HELLO).replace(b"Hello", b"He\xffo")), answered("He\ufffdo, world", flags=("damaged",)), "status-true",
    ),
    "a call of an incomplete response, listed as completed": (
        served([*without(whole(call("{}")), "item.done", "completed"), terminal("incomplete", output=[
            {"type": "function_call", "name": "look", "call_id": "call_0", "arguments": "{}", "status": "completed"}])]),
        answered(status="incomplete", items=(called("{}"),)),
        "",
    ),
    "deltas of a part whose number is negative": (
        served([{**event, "content_index": -1} if "delta" in event else event for event in without(HELLO, "item.done")]),
        answered("Hello, world"),
        "",
    ),
    "a call whose item states no type, offered": (served(UNTYPED_CALL), answered(items=(called("{}"),)), ""),
    "a call whose item states no type, passed over": (served(UNTYPED_CALL), answered(), ""),
    "no terminal taken from an event without data": (
        served(sse(HELLO[:-1]) + b"event: response.completed\ndata:\n\n"), raised(), "status-true",
    ),
    "a call told once more under another number and another id": (
        served([*TWICE_NUMBERED, terminal()]), answered(items=(called("{}"),)), "tool-calls-whole",
    ),
    "a call that one of its events gives a type nobody knows, offered": (
        served(whole(MYSTERY_AT_FIRST)), answered(items=(called("{}"),)), ""
    ),
    "a call that one of its events gives a type nobody knows, passed over": (served(whole(MYSTERY_AT_FIRST)), answered(), ""),
    "words under a number and an id of their own, taken for those of the item that says them": (
        served([*ORPHANED, terminal()]), answered("Hello, world"), "",
    ),
    "words under a number and an id of their own, taken for an item of their own": (
        served([*ORPHANED, terminal()]), answered("Hello, world", "Hello, world"), "",
    ),
    "deltas that count their part otherwise than all else": (
        served([{**event, "content_index": 1} if "delta" in event else event for event in without(HELLO, "item.done")]),
        answered("Hello, world"),
        "",
    ),
    "a part's done that counts it otherwise than all else": (
        served([
            {**event, "content_index": 1} if event["type"].endswith("text.done") else event
            for event in without(HELLO, "item.done")
        ]),
        answered("Hello, world"),
        "",
    ),
    "text of a part that states no type, read": (
        served(whole([UNTYPED_PART], end=terminal(output=[]))), answered("Hello, world"), "nothing-invented",
    ),
    "text of a part that states no type, passed over": (
        served(whole([UNTYPED_PART], end=terminal(output=[]))), answered(), "",
    ),
    "an error without a type, taken as an error": (
        served([{"code": "rate_limit_exceeded", "message": "Slow down"}, *HELLO[:-1], terminal("failed", error={"code": "x", "message": "no"})]),
        failed("Slow down"),
        "error-surfaced",
    ),
    "either of two errors that one frame states": (
        served([*HALF, {**terminal("failed", error={"code": "x", "message": "no"}), "error": {"code": "rate_limit_exceeded", "message": "Slow down"}}]),
        failed("Slow down"),
        "",
    ),
    "a broken connection, where an error's body was not over": (
        served(b'{"error":{"code":"x","message":"no"}}', Cut(), status=500, media="application/json"), raised(), "",
    ),
    "a deadline, where an error's body was not over": (
        served(b'{"error":{"code":"x","message":"no"}}', Stall(), status=500, media="application/json", seen=Ending.LEFT), raised(), "",
    ),
    "no word of a page's title": (
        served(b"<html><title>Sign in</title></html>", media="text/html"), raised(), "error-surfaced",
    ),
    "text of an item that ends as another type, read": (served(OTHER_AT_LAST), answered("Hello, world"), ""),
    "text of an item that ends as another type, passed over": (
        served(OTHER_AT_LAST), answered(items=(Item("other", "mystery"),)), "",
    ),
    "a status that does not end a response, handed on": (
        served([*HELLO[:-1], *2 * [terminal(status="interrupted")]]), answered("Hello, world", status="interrupted"), "",
    ),
    "a status that does not end a response, handed on before another end": (
        served([*HELLO[:-1], terminal(status="queued"), terminal("failed", error={"code": "x", "message": "no"})]),
        answered("Hello, world", status="queued"),
        "",
    ),
    "an error at a frame that cannot be read, before the provider's own": (
        served([created(), "{broken", FLAT]), raised(), "error-surfaced",
    ),
    "what a server says as text in a reasoning item, kept out of the answer": (
        served(whole([THOUGHT], message("Hi", 1))), answered("Hi", items=(Item("reasoning", "reasoning"),)), "",
    ),
    "a call whose deltas came twice, as the terminal has it": (
        served([created(), *TOLD_TWICE, terminal(output=[call("{}")[-1]["item"]])]), answered(items=(called("{}"),)), "",
    ),
    "an item that is told again, streamed once": (
        served(whole(message("one"), message("one"), INTERLEAVED)),
        streamed(answered("one", "abcd", "wxyz"), *"one", "ab", "wx", "cd", "yz"),
        "",
    ),
    "an end that only its event line names, passed over": (
        served(sse(HELLO[:-1]) + b'event: response.completed\ndata: {"response":{"status":"completed"}}\n\n'),
        raised(message="no end"),
        "status-true",
    ),
    "two messages as one": (served(whole(message("one"), message("two", 1))), answered("onetwo"), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", LENIENT)
def test_where_two_behaviours_are_defensible_nobody_fails(name: str) -> None:
    entry, turn, invariant = LENIENT[name]
    verdicts = judge(CASE, outcome(turn), transcript(*(entry if isinstance(entry, tuple) else (entry,))), FULL)
    assert [v for v in verdicts if v.mark is Mark.FAIL] == []
    assert not invariant or next(v for v in verdicts if v.invariant == invariant).mark is Mark.LENIENT


def test_the_unknown_is_not_blamed_where_something_else_is_wrong_too() -> None:
    odd = interspersed('{"type":"keepalive"}').replace(b'"output":[{', b'"output":null,"was":[{')
    verdicts = judge(CASE, outcome(raised("builtins.TypeError")), transcript(served(odd)), FULL)
    assert {v.invariant for v in verdicts if v.mark is Mark.FAIL} == {"typed-errors", "status-true"}


def test_nor_where_another_event_has_no_type() -> None:
    odd = interspersed('{"type":"codex.rate_limits"}').replace(b'{"type":"response.completed",', b"{")
    verdicts = judge(CASE, outcome(raised("builtins.AttributeError")), transcript(served(odd)), FULL)
    assert {v.invariant for v in verdicts if v.mark is Mark.FAIL} == {"typed-errors"}


@pytest.mark.parametrize("actions", [(Wait(900_000),), ()], ids=["a long silence", "more was announced than came"])
def test_nor_where_the_delivery_is_odd(actions: tuple[Wait, ...]) -> None:
    entry = served(interspersed('{"type":"keepalive"}'), taken=10, seen=Ending.LEFT)
    head, *sent, end = entry.delivery.actions
    assert isinstance(head, Head)
    stated = head if actions else replace(head, framing=Framing.LENGTH, declared_length=10**6)
    entry = replace(entry, delivery=Delivery((stated, *actions, *sent, end)))
    patient = replace(FULL, deadlines=Deadlines(idle_ms=600_000))
    verdicts = judge(CASE, outcome(raised("openai.APITimeoutError")), transcript(entry), patient)
    assert next(v.mark for v in verdicts if v.invariant == "unknown-ignored") is not Mark.FAIL


def test_nor_where_a_frame_brings_no_data() -> None:
    first = decode(CLEAN)[0][0]
    body = interspersed('{"type":"keepalive"}')
    odd = body[: first.end] + b"retry: 3000\n\n" + body[first.end :]
    verdicts = judge(CASE, outcome(raised("builtins.ValueError")), transcript(served(odd)), FULL)
    assert {v.invariant for v in verdicts if v.mark is Mark.FAIL} == {"typed-errors", "status-true"}


def test_what_comes_after_a_body_s_own_length_was_never_sent() -> None:
    end = len(sse(HELLO[:-1]))
    whole_entry = served(HELLO, taken=end, seen=Ending.LEFT)
    head, *sent = whole_entry.delivery.actions
    assert isinstance(head, Head)
    short = replace(head, framing=Framing.LENGTH, declared_length=end)
    entry = replace(whole_entry, delivery=Delivery((short, *sent)))
    no_terminal = answered("Hello, world", status="incomplete", usage=Usage())
    assert [v for v in judge(CASE, outcome(no_terminal), transcript(entry), FULL) if v.mark is Mark.FAIL] == []


def test_errors_of_one_type_with_other_words_are_other_bugs() -> None:
    """And the same words about other items are the same bug."""
    words = ("missing output at index 3", "missing output at index 4", "unhandled event")
    turns = [raised("openai.OpenAIError", message=message) for message in words]
    causes = [
        {
            v.invariant: v.cause
            for v in judge(CASE, outcome(turn), transcript(served(interspersed('{"type":"keepalive"}'))), FULL)
        }
        for turn in turns
    ]
    for rule in ("status-true", "unknown-ignored"):
        first, second, third = (cause[rule] for cause in causes)
        assert first == second != third


def test_an_error_that_its_reader_left_unread_is_owed_all_the_same() -> None:
    entry = served(
        b'{"error":{"code":"x","message":"no"}}', status=500, media="application/json", taken=0, seen=Ending.LEFT
    )
    verdicts = judge(CASE, outcome(raised()), transcript(entry), FULL)
    assert {v.invariant for v in verdicts if v.mark is Mark.FAIL} == {"error-surfaced"}


def test_leniency_never_covers_a_silent_truncation() -> None:
    """[DONE] in the middle may end the stream, but then the answer is half an answer."""
    entry = served([*HELLO[:5], "[DONE]", *HELLO[5:]])
    verdicts = judge(CASE, outcome(answered("Hello,")), transcript(entry), FULL)
    assert {v.invariant for v in verdicts if v.mark is Mark.FAIL} >= {"content-kept"}


def test_a_text_only_consumer_may_join_messages_as_it_likes() -> None:
    text_only = replace(FULL, items=False)
    body = served(whole(message("one"), message("two", 1)))
    for text in ("onetwo", "one\ntwo", "one\n\ntwo"):
        verdicts = judge(
            CASE, outcome(Turn("returned", "completed", text=text, usage=Usage(10, 5, 15))), transcript(body), text_only
        )
        assert [v for v in verdicts if v.mark is Mark.FAIL] == [], text
    wrong = judge(
        CASE, outcome(Turn("returned", "completed", text="two", usage=Usage(10, 5, 15))), transcript(body), text_only
    )
    assert "content-kept" in {v.invariant for v in wrong if v.mark is Mark.FAIL}


def test_a_turn_without_any_request_is_no_answer() -> None:
    verdicts = judge(CASE, outcome(answered("Hello")), transcript(), FULL)
    assert [(v.invariant, v.mark) for v in verdicts] == [("status-true", Mark.FAIL)]


def test_a_turn_cancelled_before_its_request_is_no_fault() -> None:
    assert judge(CASE, outcome(Turn("cancelled")), transcript(), FULL) == ()


def test_a_stall_is_no_accusation_where_no_deadline_was_promised() -> None:
    verdicts = judge(CASE, outcome(HUNG), transcript(served(HALF, Stall())), FULL)
    assert next(v for v in verdicts if v.invariant == "ends-in-time").mark is Mark.SKIPPED


@pytest.mark.parametrize(
    ("lasted_ms", "timeouts", "mark"),
    [(599_000, {}, Mark.SKIPPED), (600_000, {}, Mark.FAIL), (44_000, {"idle_ms": 4_000}, Mark.SKIPPED)],
)
def test_a_stall_is_no_accusation_before_a_deadline_that_is_kept_has_passed(lasted_ms, timeouts, mark) -> None:
    keeps = replace(FULL, deadlines=Deadlines(first_byte_ms=600_000, idle_ms=600_000))
    stalled = replace(served(HALF, Stall()), closed_ms=lasted_ms)
    verdicts = judge(replace(CASE, timeouts=timeouts), outcome(HUNG), transcript(stalled), keeps)
    assert next(v for v in verdicts if v.invariant == "ends-in-time").mark is mark


@pytest.mark.parametrize(("lasted_ms", "mark"), [(20, Mark.PASS), (300_000, Mark.FAIL)])
def test_what_raises_before_any_deadline_did_not_wait_for_the_end_of_the_connection(lasted_ms, mark) -> None:
    keeps = replace(FULL, deadlines=Deadlines(idle_ms=300_000))
    stalled = replace(served(HELLO, Stall()), closed_ms=lasted_ms)
    verdicts = judge(CASE, outcome(raised(message="of another cause")), transcript(stalled), keeps)
    assert next(v for v in verdicts if v.invariant == "stops-at-terminal").mark is mark
    assert next(v for v in verdicts if v.invariant == "status-true").mark is Mark.FAIL


@pytest.mark.parametrize(
    ("deadlines", "opened_ms", "mark"),
    [
        (Deadlines(idle_ms=5_000), 0, Mark.FAIL),
        (Deadlines(idle_ms=30_000), 0, Mark.SKIPPED),
        (Deadlines(idle_ms=12_000), 12_000, Mark.SKIPPED),
        (Deadlines(first_byte_ms=5_000, total_ms=60_000), 0, Mark.SKIPPED),
        (Deadlines(idle_ms=30_000, total_ms=10_000), 0, Mark.FAIL),
    ],
    ids=["passed", "longer", "the last of several", "for another silence", "the total passed"],
)
def test_a_call_that_was_killed_before_its_deadline_did_not_hang(
    deadlines: Deadlines, opened_ms: float, mark: Mark
) -> None:
    entry = replace(served(HALF, Stall()), opened_ms=opened_ms, closed_ms=20_000)
    verdicts = judge(CASE, outcome(HUNG), transcript(entry), replace(FULL, deadlines=deadlines))
    assert next(v for v in verdicts if v.invariant == "ends-in-time").mark is mark


def test_who_asks_for_nothing_is_told_with_what_it_said() -> None:
    (verdict,) = judge(CASE, outcome(raised("builtins.KeyError", "'api_key'")), transcript(), FULL)
    assert (verdict.invariant, verdict.mark) == ("status-true", Mark.FAIL)
    assert "KeyError" in verdict.assembled
    assert "'api_key'" in verdict.assembled


def test_an_errors_lines_may_be_run_together() -> None:
    body = served(b"upstream failed\n\nafter three tries", status=502, media="text/plain")

    def failures(words: str) -> set[str]:
        verdicts = judge(CASE, outcome(raised(message=words)), transcript(body), FULL)
        return {verdict.invariant for verdict in verdicts if verdict.mark is Mark.FAIL}

    assert failures("502: upstream failed after three tries") == set()
    assert failures("502: upstream failed") == {"error-surfaced"}
