"""Consumers that hand out tool arguments parsed are held to the value, and those that hand out the text to the text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.judge import Mark, judge
from tests.unit.judge.streams import CASE, FULL, answered, call, called, outcome, served, transcript, whole

PARSED = replace(FULL, arguments_parsed=True)


def mark_of(told: str, handed_out: str | None, *, parsed: bool = True) -> Mark:
    """The verdict of tool-calls-whole on one call."""
    item = replace(called(""), arguments=handed_out)
    done = outcome(answered("", items=(item,)))
    verdicts = judge(CASE, done, transcript(served(whole(call(told)))), PARSED if parsed else FULL)
    return next(verdict.mark for verdict in verdicts if verdict.invariant == "tool-calls-whole")


@pytest.mark.parametrize(
    ("told", "handed_out"),
    [
        ('{"b":1,"a":[true,null]}', '{"a": [true, null], "b": 1}'),
        ('{"n":1.0}', '{"n": 1}'),
        ('{"n":-0}', '{"n": 0}'),
        ('{"id":9007199254740993}', '{"id": 9007199254740992}'),
        ('{"city":"\\u00c5s"}', '{"city": "Ås"}'),
        ('{"cut', '{"cut'),
        ('{"cut', "{}"),
        ('{"cut', None),
        ("[1]", "[1]"),
        ("[1]", "{}"),
        ('"Rome"', "Rome"),
        ("", "{}"),
    ],
)
def test_the_value_is_enough_where_the_text_is_gone(told: str, handed_out: str | None) -> None:
    assert mark_of(told, handed_out) is Mark.PASS


@pytest.mark.parametrize(
    ("told", "handed_out"),
    [
        ('{"city":"Rome"}', "{}"),
        ('{"city":"Rome"}', None),
        ('{"city":"Rome"}', '{"city": "Oslo"}'),
        ('{"go":true}', '{"go": 1}'),
        ('{"n":1}', '{"n": "1"}'),
        ('{"cut', '{"cut": null}'),
        ("[1]", '{"0": 1}'),
    ],
)
def test_another_value_is_another_call(told: str, handed_out: str | None) -> None:
    assert mark_of(told, handed_out) is Mark.FAIL


def test_whoever_hands_out_the_text_is_held_to_it() -> None:
    assert mark_of('{"city":"Rome"}', '{"city": "Rome"}', parsed=False) is Mark.LENIENT
    assert mark_of('{"cut', "{}", parsed=False) is Mark.FAIL
    assert mark_of('{"go":true}', '{"go": 1}', parsed=False) is Mark.FAIL


def test_a_custom_call_in_a_form_of_its_own_is_no_invention_where_none_is_promised() -> None:
    item = {"type": "custom_tool_call", "id": "ctc_0", "call_id": "call_0", "name": "look", "input": "at it"}
    told = whole([{"type": "response.output_item.done", "output_index": 0, "item": item}])
    offered = outcome(answered(items=(called('{"__arg1": "at it"}'),)))
    invented = outcome(answered(items=(called("{}", 1),)))
    modest = replace(PARSED, custom_tools=False)
    for done, mark in ((offered, Mark.PASS), (invented, Mark.FAIL)):
        verdicts = judge(CASE, done, transcript(served(told)), modest)
        assert next(verdict.mark for verdict in verdicts if verdict.invariant == "tool-calls-whole") is mark
