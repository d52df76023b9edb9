"""Answers for which a consumer has no place, told in another way: a refusal, and a call of a tool of a kind it has not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from harness.contract import Capabilities, Turn
from harness.delivery import Transcript
from harness.judge import Mark, judge
from harness.wire import decode, encode
from tests.unit.judge.streams import CASE, FULL, answered, message, outcome, raised, refusal, served, transcript, whole

REFUSED = whole(refusal("I cannot do that"))
MODEST = replace(FULL, refusals=False, custom_tools=False)
FILTERED = answered("", status="incomplete")


def status_of(told: list | bytes, done: Turn, capabilities: Capabilities, rule: str = "status-true") -> Mark:
    verdicts = judge(CASE, outcome(done), transcript(served(told)), capabilities)
    return next(verdict.mark for verdict in verdicts if verdict.invariant == rule)


def test_a_refusal_may_be_told_by_a_declared_error_that_has_its_words() -> None:
    assert status_of(REFUSED, raised("demo.StreamError", "refused: I cannot do that"), FULL) is Mark.LENIENT
    assert status_of(REFUSED, raised("demo.StreamError", "refused"), FULL) is Mark.FAIL
    assert status_of(REFUSED, raised("demo.Other", "I cannot do that"), FULL) is Mark.FAIL


def test_a_refusal_is_told_as_filtered_by_who_has_no_place_for_its_words() -> None:
    assert status_of(REFUSED, FILTERED, MODEST) is Mark.LENIENT
    assert status_of(REFUSED, FILTERED, FULL) is Mark.FAIL
    assert status_of(whole(message("Hello")), FILTERED, MODEST) is Mark.FAIL


def test_a_call_of_a_custom_tool_is_an_error_to_who_has_none() -> None:
    item = {"type": "custom_tool_call", "id": "ctc_0", "call_id": "call_0", "name": "look", "input": "at it"}
    told = whole([{"type": "response.output_item.done", "output_index": 0, "item": item}])
    assert status_of(told, raised(), MODEST) is Mark.LENIENT
    assert status_of(told, raised(), FULL) is Mark.FAIL
    assert status_of(told, raised("demo.Other"), MODEST) is Mark.FAIL


def test_an_unknown_event_is_not_what_an_error_about_a_refusal_is_about() -> None:
    body = (Path(__file__).parents[3] / "cassettes" / "openai" / "refusal" / "1.sse").read_bytes()
    frames = decode(body)[0]
    told = body[: frames[0].end] + encode('{"type":"response.sparkle"}') + body[frames[0].end :]
    words = json.loads(frames[-1].data or "")["response"]["output"][0]["content"][0]["refusal"]
    assert status_of(told, raised("demo.StreamError", words), FULL, "unknown-ignored") is Mark.PASS
    assert status_of(told, raised("demo.StreamError", "sparkle?"), FULL, "unknown-ignored") is Mark.FAIL


def test_who_is_cancelled_before_the_first_request_owes_none() -> None:
    case = replace(CASE, cancel_after=1)
    stopped, gone = (judge(case, outcome(Turn(ended)), Transcript(()), FULL) for ended in ("cancelled", "returned"))
    assert stopped == ()
    assert [verdict.cause for verdict in gone] == ["no request made"]
