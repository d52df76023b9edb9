"""Which item an event is about, on streams whose ids or indexes cannot be trusted."""

from __future__ import annotations

from itertools import count

import pytest

from harness.runtime import consume
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


def interleaved(*streams):
    return [event for group in zip(*streams, strict=True) for event in group]


def changed(events, *, index=None, id=None):
    """The events with every output_index and every item id passed through a function; None removes the field."""
    for event in events:
        copy = {**event}
        if index is not None and "output_index" in copy:
            copy["output_index"] = index(copy["output_index"])
        if id is not None and "item_id" in copy:
            copy["item_id"] = id(copy["item_id"])
        if id is not None and isinstance(copy.get("item"), dict):
            copy["item"] = {**copy["item"], "id": id(copy["item"].get("id"))}
        yield copy


SEQUENTIAL = [*message(0, "m1", "one", " two"), *call(1, "f1", "{", "}"), *message(2, "m2", "three"), completed()]
PARALLEL = [*interleaved(call(0, "a", '{"x":', "1}"), call(1, "b", '{"y":', "2}")), completed()]


def outline(result):
    return [(item.kind, item.text or item.arguments) for item in result.items]


WHOLE = outline(read(*SEQUENTIAL))
CALLS = outline(read(*PARALLEL))


def test_the_plain_streams_read_as_meant():
    assert WHOLE == [("message", "one two"), ("function_call", "{}"), ("message", "three")]
    assert CALLS == [("function_call", '{"x":1}'), ("function_call", '{"y":2}')]


@pytest.mark.parametrize("index", [lambda _: None, lambda _: 0, lambda _: -1, lambda _: "0", lambda i: i + 5])
def test_indexes_that_say_nothing_leave_it_to_the_ids(index):
    assert outline(read(*changed(SEQUENTIAL, index=index))) == WHOLE
    assert outline(read(*changed(PARALLEL, index=index))) == CALLS


def test_ids_that_rotate_with_every_event_leave_it_to_the_indexes():
    numbers = count()
    assert outline(read(*changed(SEQUENTIAL, id=lambda _: f"id{next(numbers)}"))) == WHOLE
    assert outline(read(*changed(PARALLEL, id=lambda _: f"id{next(numbers)}"))) == CALLS


@pytest.mark.parametrize("id", [lambda _: "same", lambda _: None, lambda _: ""])
def test_ids_that_say_nothing_leave_it_to_the_indexes(id):
    assert outline(read(*changed(SEQUENTIAL, id=id))) == WHOLE
    assert outline(read(*changed(PARALLEL, id=id))) == CALLS


def test_without_ids_and_indexes_events_belong_to_the_open_item_of_their_kind():
    nothing = {"index": lambda _: None, "id": lambda _: None}
    assert outline(read(*changed(SEQUENTIAL, **nothing))) == WHOLE


def test_an_id_that_changes_in_the_items_done_is_the_same_item():
    events = [added(0, "m"), delta(0, "m", "Hel"), delta(0, "m", "lo"), text_item(0, "other", "Hello"), completed()]
    assert outline(read(*events)) == [("message", "Hello")]


def test_two_announcements_under_one_index_are_two_items():
    events = [added(0, "a"), added(0, "b"), delta(0, "a", "A"), delta(0, "b", "B"), delta(0, "a", "a")]
    assert outline(read(*events, completed())) == [("message", "Aa"), ("message", "B")]


def test_two_dones_under_one_index_are_two_items_unless_they_say_the_same():
    assert outline(read(text_item(0, "a", "A"), text_item(0, "b", "B"), completed())) == [
        ("message", "A"),
        ("message", "B"),
    ]
    assert len(read(text_item(0, "a", "A"), text_item(0, "rotated", "A"), completed()).items) == 1
    calls = [call_item(0, None, "{}", call_id="1"), call_item(0, None, "{}", call_id="2"), completed()]
    assert len(read(*calls).items) == 2


def test_deltas_with_a_wrong_index_find_their_item_by_its_id():
    deltas = [delta(5, "m", "Hello")]
    assert outline(read(added(0, "m"), *deltas, text_item(0, "m", "Hello"), completed())) == [("message", "Hello")]


def test_a_second_call_whose_announcement_is_missing_does_not_flow_into_the_first():
    names = {"name": "look", "call_id": "c"}
    events = [added(None, "a", "function_call", **names), arguments(None, "a", '{"x"'), arguments(None, "b", '{"y"')]
    events += [arguments(None, "a", ":1}"), arguments(None, "b", ":2}"), completed()]
    assert outline(read(*events)) == CALLS


def test_items_are_in_the_order_of_their_indexes():
    events = [*message(2, "c", "C"), *message(0, "a", "A"), *message(1, "b", "B"), completed()]
    assert [item.text for item in read(*events).items] == ["A", "B", "C"]


def test_a_done_of_another_type_ends_the_item_that_its_place_announced():
    events = [added(0, "m"), delta(0, "m", "Hello"), done(0, "m", "massage", content=[]), completed()]
    assert outline(read(*events)) == [("message", "Hello")]


def test_a_done_without_a_type_ends_the_item_that_its_place_announced():
    events = [added(0, "m"), delta(0, "m", "Hello"), done(0, "m", None, content=[]), completed()]
    assert outline(read(*events)) == [("message", "Hello")]


def test_a_duplicate_done_without_any_name_is_merged():
    events = [text_item(None, None, "Hello"), text_item(None, None, "Hello"), completed()]
    assert outline(read(*events)) == [("message", "Hello")]


def test_an_announcement_that_comes_behind_its_own_done_is_no_second_item():
    done_first = [call_item(0, "r1", "{}", call_id="c"), added(0, "r2", "function_call", name="look", call_id="c")]
    assert outline(read(*done_first, arguments_done(0, "r3", "{}"), completed())) == [("function_call", "{}")]


def test_parts_under_another_name_of_an_item_that_has_them_are_an_echo():
    listener = Listener()
    events = [*message(0, "m", "Hel", "lo"), delta(4, "n", "lo"), completed()]
    assert outline(consume(events, callbacks=listener.callbacks)) == [("message", "Hello")]
    assert listener.standing() == "Hello"


def test_parts_under_another_name_that_say_something_new_are_an_item():
    assert outline(read(*message(0, "m", "Hel", "lo"), delta(4, "n", "you"), completed())) == [
        ("message", "Hello"),
        ("message", "you"),
    ]


def test_a_call_without_a_name_is_made_only_if_its_own_done_has_come():
    assert read(arguments(0, "f", "{}"), completed()).tool_calls == ()
    assert len(read(done(0, "f", "function_call", arguments="{}"), completed()).tool_calls) == 1


def test_a_done_under_another_name_and_place_finds_its_call_by_the_call_id():
    start = added(0, "f", "function_call", name="look", call_id="c")
    events = [start, arguments_done(0, "f", "{}"), call_item(3, None, "{}", call_id="c"), completed()]
    assert outline(read(*events)) == [("function_call", "{}")]


def test_a_call_and_its_output_are_two_items_though_they_share_everything():
    shared = {"call_id": "c"}
    events = [done(0, None, "shell_call", **shared), done(0, None, "shell_call_output", **shared), completed()]
    assert [item.type for item in read(*events).items] == ["shell_call", "shell_call_output"]
    events = [added(0, "f", "function_call", **shared), done(1, "o", "function_call_output", **shared), completed()]
    assert [item.type for item in read(*events).items] == ["function_call", "function_call_output"]


def told_again(index, *, text):
    """A finished message and a call, and the message once more, at the call's place."""
    again = [added(index, "m"), arguments_done(1, "f", "{}"), text_item(index, "m", text)]
    return [*message(0, "m", "Hel", "lo"), *call(1, "f", "{", "}"), *again, completed()]


def test_an_item_told_again_at_another_items_index_is_known_by_its_id():
    listener = Listener()
    result = consume(told_again(1, text="Hello"), callbacks=listener.callbacks)
    assert outline(result) == [("message", "Hello"), ("function_call", "{}")]
    assert listener.standing() == "Hello"


def test_an_id_that_comes_again_with_other_words_is_another_item():
    assert [item for item in outline(read(*told_again(1, text="you"))) if item[0] == "message"] == [
        ("message", "Hello"),
        ("message", "you"),
    ]


def test_an_id_that_comes_again_at_an_index_of_its_own_is_another_item():
    assert outline(
        read(*message(0, "m", "Hel", "lo"), *call(1, "f", "{}"), *message(2, "m", "Hello"), completed())
    ) == [
        ("message", "Hello"),
        ("function_call", "{}"),
        ("message", "Hello"),
    ]


def test_text_under_another_index_is_said_once_where_no_event_announces_either():
    events = [created(), delta(1, "m", "Hel"), delta(1, "m", "lo"), text_done(0, "m", "Hello"), completed()]
    assert consume(events).text == "Hello"
