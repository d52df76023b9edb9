"""One item told under numbers and ids that disagree: whoever gives its words once is right, whoever loses them is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.contract import Item, Usage
from harness.judge import Mark, judge
from tests.unit.judge.streams import (
    CASE,
    FULL,
    answered,
    called,
    created,
    message,
    outcome,
    raised,
    reasoning,
    served,
    terminal,
    transcript,
    whole,
)

WORDS = "Hello, world"
TOLD = message(WORDS)
ITEM = TOLD[-1]["item"]
DELTAS = [event for event in TOLD if event["type"].endswith("text.delta")]
REST = [event for event in TOLD if event not in DELTAS]


def elsewhere(event: dict[str, Any], index: int) -> dict[str, Any]:
    return {**event, "output_index": index}


STREAMS = {
    "its deltas come first, under another number": [
        *(elsewhere(delta, 9) for delta in DELTAS), created(), *REST, terminal(output=[ITEM])
    ],
    "its end has another number and no id": [
        created(), *TOLD[:-1], {**elsewhere(TOLD[-1], 1), "item": {**ITEM, "id": ""}}, terminal(output=[ITEM])
    ],
    "only its announcement has another number, and its end has no id": [
        created(), elsewhere(TOLD[0], 1), *TOLD[1:-1], {**TOLD[-1], "item": {**ITEM, "id": ""}}, terminal(output=[ITEM])
    ],
}  # fmt: skip


def failed(events: list[dict[str, Any]], *texts: str) -> set[str]:
    verdicts = judge(CASE, outcome(answered(*texts)), transcript(served(events)), FULL)
    return {verdict.invariant for verdict in verdicts if verdict.mark is Mark.FAIL}


@pytest.mark.parametrize("name", STREAMS)
def test_words_are_owed_once(name: str) -> None:
    assert failed(STREAMS[name], WORDS) == set()
    assert "content-kept" in failed(STREAMS[name])


def test_ends_under_the_numbers_of_the_next_items_are_those_of_the_items_they_tell() -> None:
    told = []
    for place, words in enumerate(("first words", "second words")):
        *begun, end = message(words, place)
        told += [*begun, {**elsewhere(end, place + 1), "item": {**end["item"], "id": f"final_{place}"}}]
    stream = [created(), *told, terminal()]
    assert failed(stream, "first words", "second words") == set()
    assert failed(stream, "first words") == failed(stream, "second words") == {"content-kept"}


def test_two_items_that_were_both_announced_are_both_owed_whatever_they_say() -> None:
    both = whole(message(WORDS), message(WORDS, 1))
    assert failed(both, WORDS, WORDS) == set()
    assert failed(both, WORDS) == {"content-kept"}


def test_a_part_whose_type_is_empty_may_be_taken_for_text_or_passed_over() -> None:
    nameless = {**ITEM, "content": [{"type": "", "text": WORDS}]}
    events = [created(), terminal(output=[nameless])]
    assert failed(events, WORDS) == set()
    assert failed(events) == set()
    assert failed(events, "other words") == {"nothing-invented"}


def test_a_call_that_stands_in_the_snapshot_alone_is_owed_where_its_arguments_can_be_read() -> None:
    stated = {"type": "function_call", "id": "f", "name": "look", "call_id": "call_1", "status": "completed"}

    def failures(arguments: Any, *items: Item) -> set[str]:
        stream = served([created(), terminal(output=[{**stated, "arguments": arguments}])])
        verdicts = judge(CASE, outcome(answered(items=items)), transcript(stream), FULL)
        return {verdict.invariant for verdict in verdicts if verdict.mark is Mark.FAIL}

    made = called("", 1)
    assert failures(["x"]) == failures(["x"], made) == set()
    assert failures("{}") == {"tool-calls-whole"}


def test_a_response_that_states_how_it_ended_is_read_by_that_though_it_states_an_error() -> None:
    error = {"code": "server_error", "message": "It broke"}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}

    def failures(status: str | None, *turns: Any) -> list[set[str]]:
        body = {"object": "response", "status": status, "output": [], "error": error, "usage": usage}
        answer = served(json.dumps(body).encode(), media="application/json")
        verdicts = [judge(CASE, outcome(turn), transcript(answer), FULL) for turn in turns]
        return [{verdict.invariant for verdict in each if verdict.mark is Mark.FAIL} for each in verdicts]

    as_completed = answered(usage=Usage(input=10, output=5, total=15))
    as_failed = raised(message="server_error: It broke")
    assert failures("completed", as_completed) == [set()]
    assert failures("failed", as_completed, as_failed) == [{"status-true", "error-surfaced"}, set()]
    assert failures(None, as_completed, as_failed) == [{"status-true", "error-surfaced"}, set()]


def test_sealed_reasoning_is_owed_by_an_item_that_is_called_reasoning_throughout() -> None:
    thought = reasoning("hm")
    renamed = [
        {**event, "item": {**event["item"], "type": "mystery"}}
        if event["type"] == "response.output_item.done"
        else event
        for event in thought
    ]
    assert failed(whole(thought, message(WORDS, 1)), WORDS) == {"reasoning-kept"}
    assert failed(whole(renamed, message(WORDS, 1)), WORDS) == set()
