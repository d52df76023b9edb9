"""The same words told twice under numbers and ids that disagree: one item, one text, told to callers once."""

from __future__ import annotations

import pytest

from harness.runtime import ResponseFailed, consume
from harness.runtime.assembler import Assembler
from tests.unit.runtime.scripts import (
    Listener,
    added,
    arguments,
    arguments_done,
    call,
    call_item,
    completed,
    created,
    delta,
    done,
    message,
    read,
    text_done,
    text_item,
)

PART = {"type": "output_text", "text": "", "annotations": []}


def part_added(index, id, place=0):
    return {
        "type": "response.content_part.added",
        "output_index": index,
        "item_id": id,
        "content_index": place,
        "part": PART,
    }


def part_done(index, id, text, place=0):
    return {**part_added(index, id, place), "type": "response.content_part.done", "part": {**PART, "text": text}}


ANNOUNCED = [added(0, "m"), part_added(0, "m"), delta(0, "m", "one"), delta(0, "m", " two")]
WORDS = text_done(0, "m", "one two", content_index=0)
RETOLD = [*message(0, "m", "one two")[:-1], *message(0, "m", "one two")[:-1]]
WHOLE = {"type": "message", "id": "m", "content": [{**PART, "text": "one two"}]}

STREAMS = {
    "the item's done has another id, and part of it comes late": [
        *ANNOUNCED, WORDS, text_item(0, "other", "one two"), part_added(0, "m"), WORDS
    ],
    "the item's done has another id and no index": [*ANNOUNCED, WORDS, text_item(None, "other", "one two")],
    "the item's done comes before its added, under another id": [
        *message(0, "seen", "seen too"), text_item(3, "other", "one two"), added(3, "m"), part_added(3, "m"),
        delta(3, "m", "one two"),
    ],
    "the item's done comes twice at an index that is not the item's": [
        added(1, "m"), delta(0, "m", "one two"), text_item(0, "m", "one two"), text_item(0, "m", "one two")
    ],
    "every event has an index of its own, and the stream begins again": [
        added(0, "m"), part_added(1, "m"), delta(2, "m", "one"), added(3, "m"), part_added(4, "m"),
        delta(5, "m", "one two"), text_item(6, "m", "one two"),
    ],
    "nobody announced the item, and its done has another index": [
        delta(0, "m", "one two"), text_item(1, "m", "one two"), completed(output=[WHOLE])
    ],
    "the deltas count their part otherwise": [
        added(0, "m"), part_added(0, "m"), delta(0, "m", "one", content_index=1), delta(0, "m", "one", content_index=1),
        WORDS, text_item(0, "m", "one two"),
    ],
    "the deltas count their part otherwise, and a call comes before the item's done": [
        added(0, "m"), delta(0, "m", "one two", content_index=1), WORDS, *call(1, "f", "{}"),
        text_item(0, "m", "one two"),
    ],
    "the deltas count their part otherwise, and the item has no done": [
        added(0, "m"), part_added(0, "m"), delta(0, "m", "one", content_index=1), delta(0, "m", " two", content_index=1),
        WORDS,
    ],
    "the item is announced at another index, and told again after its done": 2 * [
        added(1, "m"), part_added(0, "m"), delta(0, "m", "one two"), WORDS, text_item(0, "m", "one two")
    ],
    "the item's done has another index and no id": [*ANNOUNCED, WORDS, text_item(1, None, "one two")],
    "the item's done states no type, behind a part that is no text": [
        *ANNOUNCED, WORDS,
        {"type": "response.content_part.done", "output_index": 0, "item_id": "m", "content_index": 0,
         "part": {"type": "reasoning_text", "text": "one two"}},
        {"type": "response.output_item.done", "output_index": 0, "item": {"id": "m", "content": WHOLE["content"]}},
    ],
    "the text's done comes before all else": [WORDS, *ANNOUNCED],
    "the item's done has another id, under the number of an item that is done": [
        *message(0, "seen", "seen too"), added(1, "m"), delta(1, "m", "one two"), text_item(0, "other", "one two")
    ],
    "the text's done counts its part otherwise, and has a broken character": [
        *ANNOUNCED, text_done(0, "m", "one tw\ufffd", content_index=1), text_item(0, "m", "one two")
    ],
    "the texts' dones do not count, and the item has no done": [
        added(0, "m"), delta(0, "m", "one", content_index=0), text_done(0, "m", "one"), part_done(0, "m", "one"),
        delta(0, "m", " two", content_index=1), text_done(0, "m", " two"), part_done(0, "m", " two", place=1),
    ],
    "the parts' dones do not count, and the item has no done": [
        added(0, "m"), delta(0, "m", "one", content_index=0), text_done(0, "m", "one", content_index=0),
        part_done(0, "m", "one"), delta(0, "m", " two", content_index=1), text_done(0, "m", " two", content_index=1),
        part_done(0, "m", " two"),
    ],
    "every delta is counted, and one of them was told at length": [
        added(0, "m"), delta(0, "m", "one", content_index=0), delta(0, "m", " two two", content_index=1),
        WORDS, text_item(0, "m", "one two"),
    ],
    "every event counts on, and a delta of the first part was told at length": [
        added(0, "m"), part_added(0, "m"), delta(0, "m", "one", content_index=1),
        delta(0, "m", "onetwoonetwo", content_index=2), text_done(0, "m", "one", content_index=3),
        part_done(0, "m", "one", place=4), part_added(0, "m", 5), delta(0, "m", " two", content_index=6),
        text_done(0, "m", " two", content_index=7), part_done(0, "m", " two", place=8),
        done(0, "m", "message", content=[{**PART, "text": "one"}, {**PART, "text": " two"}]),
    ],
    "every event counts on, and a delta is missing": [
        added(0, "m"), delta(0, "m", "one", content_index=0), delta(0, "m", "o", content_index=2),
        text_done(0, "m", "one two", content_index=3), part_done(0, "m", "one two", place=4), text_item(0, "m", "one two"),
    ],
    "every delta is counted, and the stream begins again": [
        *ANNOUNCED[:3], *ANNOUNCED[:3], delta(0, "m", " two", content_index=1), WORDS, text_item(0, "m", "one two")
    ],
    "the deltas count both of its parts otherwise, and the item has no done": [
        added(0, "m"), delta(0, "m", "one", content_index=10), text_done(0, "m", "one", content_index=0),
        part_done(0, "m", "one"), delta(0, "m", " two", content_index=11),
        text_done(0, "m", " two", content_index=1), part_done(0, "m", " two", place=1),
    ],
    "the texts' dones count both of its parts otherwise, and the first was streamed at length": [
        added(0, "m"), delta(0, "m", "one one one", content_index=0), text_done(0, "m", "one", content_index=10),
        part_done(0, "m", "one"), delta(0, "m", " two", content_index=1),
        text_done(0, "m", " two", content_index=11), part_done(0, "m", " two", place=1),
    ],
    "nobody announced the item, and its done is of a type that nobody knows, behind a part that is no text": [
        *ANNOUNCED[1:], WORDS,
        {"type": "response.content_part.done", "output_index": 0, "item_id": "m", "content_index": 0,
         "part": {"type": "reasoning_text", "text": "one two"}},
        done(0, "m", "mystery", content=[{**PART, "text": "one two"}]),
    ],
    "every delta but the first is counted on, and the item has no done": [
        added(0, "m"), part_added(0, "m"), delta(0, "m", "one", content_index=0), delta(0, "m", " two", content_index=1),
        WORDS,
    ],
    "the part's done counts its part otherwise, and the item has no done": [
        *ANNOUNCED, WORDS, part_done(0, "m", "one two", place=1), completed(output=[WHOLE])
    ],
    "the item is announced without an id, and its done has another index": [
        added(0, None), part_added(0, "m"), delta(0, "m", "one two"), WORDS, text_item(3, "m", "one two")
    ],
    "the item is announced as of a type that nobody knows, and every event has an index of its own": [
        {**added(0, "m"), "item": {"type": "mystery", "id": "m"}}, part_added(1, "m"), delta(2, "m", "one"),
        delta(3, "m", " two"), text_done(4, "m", "one two", content_index=0), part_done(5, "m", "one two"),
        done(6, "m", "mystery", content=[{**PART, "text": "one two"}]),
    ],
    "nobody announced the item, and its done says nothing": [
        delta(0, "m", "one two"), done(1, "m", "message", content=[]), completed(output=None)
    ],
    "the item is announced without an index, as of a type that nobody knows, and the stream begins again": [
        *2 * [
            {"type": "response.output_item.added", "item": {"type": "mystery", "id": "m"}}, part_added(None, "m"),
            delta(None, "m", "one two"), {**part_done(None, "m", "one two")},
        ],
    ],
    "nobody announced the item, every event has an index of its own, and the deltas come twice": [
        delta(0, "m", "one"), delta(0, "m", "one"), delta(1, "m", " two"), delta(1, "m", " two"),
        text_item(2, "m", "one two"), completed(output=[WHOLE]),
    ],
    "the item is announced as of a type that nobody knows, and the stream begins again behind its done": [
        *2 * [
            {**added(0, "m"), "item": {"type": "mystery", "id": "m"}}, part_added(0, "m"), delta(0, "m", "one two"),
            WORDS, part_done(0, "m", "one two"),
        ],
        done(0, "m", "mystery", content=[{**PART, "text": "one two"}]),
    ],
    "the item is announced under another id, and its done has another index": [
        added(0, "other"), *ANNOUNCED[1:], WORDS, part_done(0, "m", "one two"), text_item(10, "m", "one two")
    ],
    "the item's done has another id, under the number of an item of another type": [
        added(0, "r", "reasoning"), done(0, "r", "reasoning"), added(1, "m"), delta(1, "m", "one two"),
        text_item(0, "other", "one two"),
    ],
    "the stream begins again behind the last part": RETOLD,
    "the item's done is of a type that nobody knows, behind a part that is no text": [
        *ANNOUNCED, WORDS,
        {"type": "response.content_part.done", "output_index": 0, "item_id": "m", "content_index": 0,
         "part": {"type": "reasoning_text", "text": "one two"}},
        done(0, "m", "mystery", content=[{**PART, "text": "one two"}]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_words_told_twice_stand_in_the_answer_once(name):
    listener = Listener()
    end = [] if STREAMS[name][-1]["type"] == "response.completed" else [completed()]
    result = consume([created(), *STREAMS[name], *end], callbacks=listener.callbacks)
    first = "seen too" if any("seen too" in str(event) for event in STREAMS[name]) else ""
    assert result.text == first + "one two"
    assert listener.standing() == first + "one two"


def test_two_parts_under_one_number_are_two_parts():
    parts = [part_added(0, "m"), delta(0, "m", "one"), text_done(0, "m", "one", content_index=0)]
    more = [part_added(0, "m"), delta(0, "m", "two"), text_done(0, "m", "two", content_index=0)]
    assert read(added(0, "m"), *parts, *more, completed()).text == "onetwo"


def test_two_parts_with_the_same_words_are_two_where_one_kind_of_event_tells_both():
    ends = [text_done(0, "m", "one", content_index=0), part_done(0, "m", "one")]
    again = [text_done(0, "m", "one", content_index=1), part_done(0, "m", "one", place=1)]
    assert read(added(0, "m"), *ends, *again, completed()).text == "oneone"
    assert read(added(0, "m"), ends[1], *again, completed()).text == "oneone"


def test_deltas_of_two_items_at_once_under_a_name_of_neither_are_theirs():
    ends = [text_done(0, "a", "one two"), text_item(0, "a", "one two"), text_item(1, "b", "three four")]
    for pieces in (["one", " two", "three", " four"], ["one", "three", " two", " four"]):
        deltas = [delta(None, "item_0", piece) for piece in pieces]
        begun = [added(0, "a"), added(1, "b")]
        assert [item.text for item in read(*begun, *deltas, *ends, completed()).items] == ["one two", "three four"]
    alone = read(added(0, "a"), added(1, "b"), delta(None, "c", "five"), *ends, completed())
    assert sorted(item.text for item in alone.items) == ["five", "one two", "three four"]


def test_what_another_item_says_under_the_id_of_a_finished_one_is_kept():
    assert read(delta(1, "m", "two"), *message(0, "m", "one"), completed(output=None)).text == "onetwo"


def test_dones_without_a_number_are_those_of_the_open_items_that_they_tell():
    begun = [added(0, "a"), added(1, "b"), delta(0, "a", "one"), delta(1, "b", "two"), delta(0, "a", " one")]
    ends = [text_item(None, "x", "two"), text_item(None, "y", "one one")]
    result = read(*begun, *ends, completed())
    assert [(item.text, item.finished) for item in result.items] == [("one one", True), ("two", True)]


def test_two_messages_under_one_index_stay_two_where_one_is_left_open():
    short = [added(0, "a"), delta(0, "a", "one")]
    result = read(*short, *message(0, "b", "one two"), completed())
    assert [item.text for item in result.items] == ["one", "one two"]


def test_a_call_that_stands_in_the_snapshot_alone_is_there_even_where_its_arguments_cannot_be_read():
    item = {"type": "function_call", "name": "look", "call_id": "c", "arguments": ["x"]}
    (made,) = read(completed(output=[item, {**item, "name": ""}])).items
    assert (made.name, made.call_id, made.arguments, made.invalid_arguments) == ("look", "c", "", True)


def test_a_call_that_is_done_twice_under_two_call_ids_is_one_call():
    told = [added(0, "f", "function_call", name="look", call_id="c"), arguments_done(0, "f", "{}")]
    twice = [call_item(0, "f", "{}", call_id=call_id) for call_id in ("d", "e")]
    assert len(read(*told, *twice, completed()).items) == 1
    assert len(read(*told, twice[0], call_item(0, "f", '{"x":1}', call_id="e"), completed()).items) == 2


def test_a_call_that_nobody_announced_is_no_echo_of_another_where_the_snapshot_lists_it():
    said = [arguments_done(0, "f", "{}"), arguments_done(9, "g", "{}"), call_item(9, "g", "{}", call_id="d")]
    result = read(*said, completed(output=[call_item(0, "f", "{}", call_id="c")["item"]]))
    assert {(item.call_id, item.arguments) for item in result.items} == {("c", "{}"), ("d", "{}")}


def test_a_call_announced_without_an_index_behind_its_deltas_is_one_call():
    early = [arguments(2, "f", '{"x":1}'), added(None, "f", "function_call", name="look", call_id="c")]
    result = read(*early, call_item(2, "f", '{"x":1}', call_id="c"), completed())
    assert [(item.call_id, item.arguments, item.finished) for item in result.items] == [("c", '{"x":1}', True)]


def test_a_call_whose_end_comes_first_without_its_id_learns_it_from_its_announcement():
    end = done(0, "f", "function_call", arguments="{}")
    for index in (0, 1):
        late = added(index, "f", "function_call", name="look", call_id="c")
        (found,) = read(end, late, completed()).items
        assert (found.call_id, found.name, found.arguments, found.finished) == ("c", "look", "{}", True)


def test_a_call_whose_deltas_came_twice_is_what_the_terminal_says():
    begun = [added(0, "f", "function_call", name="look", call_id="c"), arguments(0, "f", "{}"), arguments(0, "f", "{}")]
    whole = call_item(0, "f", "{}", call_id="c")["item"]
    (found,) = read(*begun, completed(output=[whole])).items
    assert (found.arguments, found.finished, found.invalid_arguments) == ("{}", True, False)


def test_decoded_arguments_are_asked_only_where_nothing_is_known():
    told = [added(0, "f", "function_call", name="look", call_id="c"), arguments_done(0, "f", '{"x": 1}')]
    (known,) = read(*told, call_item(0, "f", {"value": 1}, call_id="c"), completed()).items
    (alone,) = read(told[0], call_item(0, "f", {"value": 1}, call_id="c"), completed()).items
    whole = call_item(0, "f", '{"x": 1}', call_id="c")["item"]
    (late,) = read(told[0], arguments_done(0, "f", {"x": 1, "y": 2}), completed(output=[whole])).items
    assert known.arguments == late.arguments == '{"x": 1}'
    assert alone.arguments == '{"value":1}'


def test_what_a_reasoning_item_says_is_not_told_as_text():
    listener = Listener()
    thought = done(0, "r", "reasoning", content=[{**PART, "text": "hm"}])
    result = consume([thought, *message(1, "m", "yes"), completed()], callbacks=listener.callbacks)
    assert (result.text, listener.standing(), listener.standing("reasoning")) == ("yes", "yes", "hm")


@pytest.mark.parametrize("stated", [{}, {"status": None}, {"status": "null"}, {"status": "in_progress"}])
def test_a_response_object_that_states_an_error_and_no_end_has_failed(stated):
    assembler = Assembler()
    error = {"code": "server_error", "message": "broke"}
    assembler.take_response({"object": "response", "output": [], "error": error, **stated})
    with pytest.raises(ResponseFailed, match="broke"):
        assembler.finish()
