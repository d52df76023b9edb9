"""A reading keeps every witness apart, finds items by the key that works, and stops at the first terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.protocols.responses.event import decode_all
from harness.protocols.responses.reading import (
    ChannelKind,
    Identity,
    Reading,
    TerminalKind,
    Witness,
    fact_of,
    read,
    read_facts,
    trusted_identity,
)
from harness.wire import decode
from tests.corpus import requires_corpus, streams
from tests.unit.judge.streams import call, created, message, reasoning, sse, terminal, whole, without


def reading(events: list[Any]) -> Reading:
    return read(decode_all(decode(sse(events))[0]))


def texts(result: Reading, kind: ChannelKind = ChannelKind.TEXT) -> list[tuple[str, ...]]:
    return [item.channels[kind].accepted for item in result.items if kind in item.channels]


def each(events: list[Any], **changes: Any) -> list[Any]:
    """Every event of an item with some members replaced; a callable gets the event, None drops the member."""
    made = []
    for event in events:
        if "output_index" in event:
            event = dict(event)
            for name, value in changes.items():
                new = value(event) if callable(value) else value
                event.pop(name, None) if new is None else event.__setitem__(name, new)
        made.append(event)
    return made


def test_all_witnesses_are_kept_apart() -> None:
    item = message("Hello, world")[-1]["item"]
    (only,) = reading(whole(message("Hello, world"), end=terminal(output=[item]))).items
    told = only.channels[ChannelKind.TEXT].witnesses
    assert set(told) == {Witness.DELTAS, Witness.PART_DONE, Witness.PART, Witness.ITEM_DONE, Witness.SNAPSHOT}
    assert set(told.values()) == {"Hello, world"}


FULLEST: list[tuple[str, list[Any], tuple[str, ...]]] = [
    (
        "deltas lost their end",
        [e for e in message("Hello, world", pieces=3) if e.get("delta") != "world"],
        ("Hello, world",),
    ),
    ("only deltas", without(message("Hello"), "done"), ("Hello",)),
    (
        "item.done is empty",
        [*message("Hello")[:-1], {**message("Hello")[-1], "item": {"type": "message", "content": []}}],
        ("Hello",),
    ),
    (
        "one part is done with other words, another was only begun",
        [
            *without(message("Hello"), "part.done", "item.done", "text.done"),
            {
                "type": "response.output_text.done",
                "output_index": 0,
                "item_id": "msg_0",
                "content_index": 0,
                "text": "Adieu",
            },
            {
                "type": "response.output_text.delta",
                "output_index": 0,
                "item_id": "msg_0",
                "content_index": 1,
                "delta": "!",
            },
        ],
        ("Hello!", "Adieu!"),
    ),
    (
        "its end comes twice, under two numbers",
        [
            *message("Hello")[:-1],
            {
                "type": "response.output_text.done",
                "output_index": 0,
                "item_id": "msg_0",
                "content_index": 5,
                "text": "Hello",
            },
            message("Hello")[-1],
        ],
        ("Hello", "HelloHello"),
    ),
    (
        "done disagrees",
        [*without(message("Hello"), "part.done", "item.done", "text.done"), *message("Adieu")[-3:]],
        ("Hello", "Adieu"),
    ),
]


@pytest.mark.parametrize(("events", "accepted"), [row[1:] for row in FULLEST], ids=[row[0] for row in FULLEST])
def test_the_fullest_witness_is_owed_and_equal_ones_are_both_right(
    events: list[Any], accepted: tuple[str, ...]
) -> None:
    (found,) = texts(reading([created(), *events, terminal()]))
    assert set(found) == set(accepted)


def test_the_snapshot_adds_and_never_takes_away() -> None:
    longer = reading(whole(message("one"), end=terminal(output=[message("one and more")[-1]["item"]])))
    assert set(texts(longer)[0]) == {"one", "one and more"}
    shorter = reading(whole(message("one and more"), end=terminal(output=[message("one")[-1]["item"]])))
    assert texts(shorter) == [("one and more",)]
    other = reading(
        whole(message("one"), end=terminal(output=[message("one")[-1]["item"], message("two", 1)[-1]["item"]]))
    )
    assert [item.only_in_snapshot for item in other.items] == [False, True]


PAIR = [*message("first!"), *message("second", 1)]
INTERLEAVED = [event for pair in zip(message("first!"), message("second", 1), strict=True) for event in pair]

KEYS: list[tuple[str, list[Any], Identity]] = [
    ("well formed", INTERLEAVED, Identity.INDEX),
    ("ids rotate", each(INTERLEAVED, item_id=lambda e: f"r{e['output_index']}{e['type']}"), Identity.INDEX),
    ("ids missing", each(INTERLEAVED, item_id=None), Identity.INDEX),
    ("indexes missing", each(INTERLEAVED, output_index=None), Identity.ID),
    ("indexes all zero", each(INTERLEAVED, output_index=0), Identity.ID),
    ("indexes negative", each(INTERLEAVED, output_index=-1), Identity.ID),
    ("indexes shifted", each(INTERLEAVED, output_index=lambda e: e["output_index"] + 7), Identity.INDEX),
    ("added twice", [INTERLEAVED[0], *INTERLEAVED], Identity.INDEX),
    ("never added", without(INTERLEAVED, "item.added"), Identity.INDEX),
]


@pytest.mark.parametrize(("events", "key"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
def test_interleaved_items_are_told_apart_by_the_key_that_works(events: list[Any], key: Identity) -> None:
    stream = whole(events)
    assert trusted_identity([fact_of(event) for event in decode_all(decode(sse(stream))[0])]) is key
    result = reading(stream)
    assert texts(result) == [("first!",), ("second",)]
    assert not result.ambiguous


def test_where_no_key_works_the_reading_says_so() -> None:
    stream = each(PAIR, output_index=0, item_id=None)
    for event in stream:
        if "item" in event:
            event["item"] = {k: v for k, v in event["item"].items() if k != "id"}
    result = reading(whole(stream))
    assert result.ambiguous
    assert texts(result) == [("first!",), ("second",)]


UNTELLABLE = {
    "ids rotate and indexes are zero": each(PAIR, output_index=0, item_id=lambda e: f"r{e['type']}{e.get('delta')}"),
    "ids and indexes are constant": each(
        PAIR, output_index=0, item_id="same", item=lambda e: {**e["item"], "id": "same"} if "item" in e else None
    ),
}


@pytest.mark.parametrize("name", UNTELLABLE)
def test_where_both_keys_are_spoilt_nobody_can_be_accused(name: str) -> None:
    assert reading(whole(UNTELLABLE[name])).ambiguous


def test_which_of_two_open_items_an_event_without_a_key_is_about_is_a_guess() -> None:
    keyless = {"type": "response.output_text.delta", "content_index": 0, "delta": "!"}
    opened = [event for text, index in (("a", 0), ("b", 1)) for event in message(text, index)[:2]]
    assert reading([created(), *opened, keyless]).ambiguous
    assert not reading([created(), *opened[:2], keyless]).ambiguous


def retold(last: str = "hello") -> list[Any]:
    """As transformers serves text and a call: when the call is over, the message is told again under its number."""
    text, action = message("hello"), call("{}", 1)
    again = [{**event, "output_index": 1} for event in message(last, id="msg_0") if "delta" not in event]
    return whole([*text, *action, *again], end=terminal(output=[text[-1]["item"], action[-1]["item"]]))


def test_an_item_that_is_told_again_under_another_number_is_one_item() -> None:
    result = reading(retold())
    assert [(item.type, item.finished) for item in result.items] == [("message", True), ("function_call", True)]
    assert texts(result) == [("hello",)]
    assert not result.ambiguous


def test_deltas_that_are_told_again_do_not_stand_twice() -> None:
    twice = [{**event, "output_index": 1} for event in message("hello", id="msg_0")]
    result = reading(whole([*message("hello"), *call("{}", 1), *twice]))
    assert result.items[0].channels[ChannelKind.TEXT].witnesses[Witness.DELTAS] == "hello"


def test_an_id_that_is_told_twice_with_different_words_tells_nothing_apart() -> None:
    assert reading(retold("good-bye")).ambiguous


def test_whether_items_alike_in_all_but_their_number_are_one_or_two_nobody_can_say() -> None:
    result = reading(whole(message("hello"), message("hello", 1, id="msg_0")))
    assert result.ambiguous
    assert len(result.items) == 2
    assert not reading(whole(message("hello"), message("hello", 1))).ambiguous
    assert not reading(whole(message("hello"), message("good-bye", 1, id="msg_0"))).ambiguous


def test_a_part_that_comes_before_its_item_is_joined_by_id() -> None:
    events = call('{"a":1}')
    early = {key: value for key, value in events[3].items() if key != "output_index"}
    result = reading([created(), early, *events[:3], events[4], terminal()])
    assert len(result.items) == 1


def test_calls_that_interleave_keep_their_own_arguments() -> None:
    events = [event for pair in zip(call('{"a":1}'), call('{"b":2}', 1), strict=True) for event in pair]
    assert texts(reading(whole(events)), ChannelKind.ARGUMENTS) == [('{"a":1}',), ('{"b":2}',)]


def test_a_delta_for_an_item_nobody_announced_opens_it() -> None:
    (only,) = reading([created(), message("Hi")[2], terminal()]).items
    assert (only.type, only.added, only.finished) == ("message", False, False)


def test_nothing_after_the_first_terminal_counts() -> None:
    result = reading([*whole(message("one")), *message("ghost", 1), terminal("failed")])
    assert texts(result) == [("one",)]
    assert result.terminal
    assert result.terminal.kind is TerminalKind.COMPLETED
    assert result.after
    assert texts(result.after) == [("ghost",)]


WORSE: list[tuple[str, Any, TerminalKind, bool]] = [
    ("completed", "", TerminalKind.COMPLETED, False),
    ("completed", None, TerminalKind.COMPLETED, False),
    ("completed", 7, TerminalKind.COMPLETED, False),
    ("completed", "in_progress", TerminalKind.COMPLETED, True),
    ("completed", "failed", TerminalKind.FAILED, False),
    ("completed", "cancelled", TerminalKind.CANCELLED, False),
    ("incomplete", "completed", TerminalKind.INCOMPLETE, False),
    ("failed", "completed", TerminalKind.FAILED, False),
    ("failed", None, TerminalKind.FAILED, False),
]


@pytest.mark.parametrize(("name", "status", "kind", "contested"), WORSE)
def test_of_event_name_and_status_the_worse_one_counts(
    name: str, status: Any, kind: TerminalKind, contested: bool
) -> None:
    found = reading([created(), terminal(name, status)]).terminal
    assert found
    assert (found.kind, found.contested) == (kind, contested)


USAGES: list[tuple[Any, str, Any]] = [
    ({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}, "stated", 1),
    ({"prompt_tokens": 1, "completion_tokens": 2}, "stated", 1),
    ({}, "stated", None),
    (None, "absent", None),
    ("many", "malformed", None),
]


@pytest.mark.parametrize(("usage", "state", "count"), USAGES)
def test_usage_is_stated_absent_or_malformed(usage: Any, state: str, count: Any) -> None:
    found = reading([created(), terminal(usage=usage)]).usage
    assert (found.state, found.values.get("input")) == (state, count)


def test_reasoning_keeps_summary_and_encrypted_form() -> None:
    (item,) = reading(whole(reasoning("because"))).items
    assert item.channels[ChannelKind.SUMMARY].accepted == ("because",)
    assert item.encrypted == ("gAAAA",)


def test_damage_and_lawful_differences_are_told_apart() -> None:
    result = reading([created(), "{broken", '{"type":"response.sparkle","x":NaN}', terminal()])
    assert [frame for frame, _ in result.damage] == [1]
    assert result.lawless == (2,)
    assert result.unknown == ((2, "response.sparkle"),)


MANY = [*message("ab"), *message("cd", 1), *call("{}", 2), *reasoning("so", 3)]


SECOND = message("cd", 1)
ASTRAY = [
    (message("ab")[0], None),
    (SECOND[0], None),
    *((SECOND[2], {"output_index": index}) for index in (9, 0, 9)),
]
"""A number that no item has, twice; in between, another item gets the id by which the first of them was found."""


@given(
    st.lists(
        st.tuples(
            st.sampled_from(MANY),
            st.sampled_from(
                [None, {"output_index": 0}, {"output_index": 1}, {"output_index": None}, {"item_id": "msg_0"}]
            ),
        ),
        max_size=30,
    ),
    st.sampled_from([None, *Identity]),
)
@example(ASTRAY, None)
def test_the_short_way_of_a_run_leads_where_the_long_way_does(
    steps: list[tuple[Any, Any]], identity: Identity | None
) -> None:
    """The fold remembers where the deltas of a run go; were each routed anew, the reading would be the same."""
    events = decode_all(decode(sse([{**event, **(change or {})} for event, change in steps]))[0])
    facts = [fact_of(event) for event in events]
    long_way = [fact._replace(run="") for fact in facts]
    frames = range(len(facts))
    assert read_facts(facts, frames, identity) == read_facts(long_way, frames, identity)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_no_payload_is_too_odd_to_read(data: st.DataObject) -> None:
    events = [*whole(message("Hi"), call("{}", 1), reasoning("so", 2))]
    event = dict(data.draw(st.sampled_from(events)))
    event[data.draw(st.sampled_from(sorted(event)))] = data.draw(JSON)
    assert 1 <= reading([*events[:3], event, *events[3:]]).events <= len(events) + 1


BROKEN = ("parallel-tool-call-wrapper",)
"""Recordings with frames that are truly no JSON: that one's first and last payload lack their closing brace."""


@requires_corpus
@pytest.mark.parametrize("stream", streams(), ids=lambda stream: stream[0][-60:])
def test_a_recorded_stream_reads_without_ambiguity(stream: tuple[str, str, bytes]) -> None:
    frames, _ = decode(stream[2])
    result = read(decode_all(frames))
    broken = any(name in stream[0] for name in BROKEN)
    assert bool(result.damage) is broken
    assert not result.ambiguous
    if broken:
        return
    assert result.terminal
    payload = json.loads(frames[result.terminal.frame].data or "null")
    for item in payload.get("response", {}).get("output") or ():
        for part in item.get("content") or () if item["type"] == "message" else ():
            if part["type"] == "output_text" and part["text"]:
                assert any(part["text"] in text for spellings in texts(result) for text in spellings)
