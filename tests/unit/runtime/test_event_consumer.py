"""The event consumer: items from item events, text from deltas, and a terminal that is read for its end alone."""

from __future__ import annotations

import pytest

from harness.runtime import DAMAGED, RECOVERED, TruncatedStream, Usage, consume
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
    ended,
    message,
    read,
    text_done,
    text_item,
)

TEXT = [{"type": "output_text", "text": "snapshot"}]


class TestTerminalOutputIsNotNeeded:
    @pytest.mark.parametrize("output", [None, [], "text", 7, {"a": 1}, [None], ["x"], [[]], [{}], [{"type": 3}]])
    def test_the_answer_stands_whatever_the_terminal_has_for_output(self, output):
        result = read(created(), *message(0, "m", "Hel", "lo"), completed(output=output))
        assert (result.status, result.text, len(result.items), result.flags) == ("completed", "Hello", 1, frozenset())

    def test_a_missing_output_a_null_response_and_a_missing_response_are_ends_too(self):
        for terminal in (completed(), {"type": "response.completed", "response": None}, {"type": "response.completed"}):
            result = read(created(output=None), *message(0, "m", "Hello"), terminal)
            assert (result.status, result.text) == ("completed", "Hello")

    def test_a_snapshot_that_differs_neither_replaces_nor_doubles_the_answer(self):
        output = [{"id": "other", "type": "message", "content": TEXT}]
        result = read(*message(0, "m", "Hello"), completed(output=output))
        assert (result.text, len(result.items), result.flags) == ("Hello", 1, frozenset())

    def test_content_that_stands_in_the_snapshot_alone_is_adopted_and_flagged(self):
        call = {"id": "f", "type": "function_call", "name": "look", "call_id": "c", "arguments": "{}"}
        listener = Listener()
        events = [created(), completed(output=[{"id": "m", "type": "message", "content": TEXT}, call])]
        result = consume(events, callbacks=listener.callbacks)
        assert result.text == "snapshot"
        assert [item.call_id for item in result.tool_calls] == ["c"]
        assert result.flags == {RECOVERED}

    def test_an_announced_item_without_content_is_filled_from_the_snapshot(self):
        output = [{"id": "m", "type": "message", "content": TEXT}]
        result = read(added(0, "m", content=[]), done(0, "m", content=[]), completed(output=output))
        assert (result.text, len(result.items), result.flags) == ("snapshot", 1, {RECOVERED})

    def test_the_snapshot_adds_an_item_that_nobody_else_told_of(self):
        output = [
            {"id": "m", "type": "message", "content": [{"type": "output_text", "text": "Hello"}]},
            {"id": "f", "type": "function_call", "name": "look", "call_id": "c", "arguments": "{}"},
        ]
        result = read(*message(0, "m", "Hello"), completed(output=output))
        assert [item.kind for item in result.items] == ["message", "function_call"]
        assert result.flags == {RECOVERED}

    def test_an_item_that_was_left_unfinished_is_finished_by_the_snapshot(self):
        names = {"name": "look", "call_id": "c"}
        output = [{"id": "f", "type": "function_call", "arguments": '{"x":1}', "status": "completed", **names}]
        events = [added(0, "f", "function_call", **names), arguments(0, "f", '{"x"'), completed(output=output)]
        result = read(*events)
        assert [item.arguments for item in result.tool_calls] == ['{"x":1}']
        assert result.flags == {RECOVERED}

    def test_a_finished_item_is_not_changed_by_the_snapshot(self):
        output = [{"id": "m", "type": "message", "content": [{"type": "output_text", "text": "Hello, you"}]}]
        result = read(*message(0, "m", "Hello"), completed(output=output))
        assert (result.text, result.flags) == ("Hello", frozenset())

    def test_a_snapshot_call_without_a_name_is_not_adopted(self):
        output = [{"id": "f", "type": "function_call", "call_id": "c", "arguments": "{}"}]
        assert read(*message(0, "m", "Hello"), completed(output=output)).tool_calls == ()


class TestWitnesses:
    def test_text_without_items_becomes_one_message(self):
        events = [{"type": "response.output_text.delta", "delta": piece} for piece in ("Hel", "lo")]
        result = read(created(), *events, completed())
        assert [(item.kind, item.type, item.text, item.finished) for item in result.items] == [
            ("message", "message", "Hello", True)
        ]

    @pytest.mark.parametrize("text", ["", None, 3])
    def test_an_empty_later_witness_does_not_erase_the_deltas(self, text):
        events = [added(0, "m"), delta(0, "m", "Hello"), text_done(0, "m", text)]
        events.append(done(0, "m", content=[{"type": "output_text", "text": text}]))
        assert read(*events, completed()).text == "Hello"

    @pytest.mark.parametrize("content", [[], None, {}, 4])
    def test_an_item_done_without_content_does_not_erase_the_deltas(self, content):
        result = read(added(0, "m"), delta(0, "m", "Hello"), done(0, "m", content=content), completed())
        assert result.text == "Hello"
        assert result.items[0].finished

    @pytest.mark.parametrize("item", [None, {}, 3])
    def test_an_item_done_without_its_item_is_no_witness(self, item):
        events = [added(0, "m"), delta(0, "m", "Hello"), {"type": "response.output_item.done", "output_index": 0}]
        events[-1]["item"] = item
        assert read(*events, completed()).text == "Hello"
        with pytest.raises(TruncatedStream):
            read(*events)

    def test_the_items_done_is_the_best_witness_and_the_parts_done_the_next(self):
        events = [added(0, "m"), delta(0, "m", "Hel"), text_done(0, "m", "Hello")]
        assert read(*events, completed()).text == "Hello"
        assert read(*events, text_item(0, "m", "Hello!"), completed()).text == "Hello!"

    def test_text_that_only_an_added_has_counts_when_nothing_else_speaks(self):
        assert read(added(0, "m", content=TEXT), completed()).text == "snapshot"
        assert read(added(0, "m", content=TEXT), delta(0, "m", "Hello"), completed()).text == "Hello"

    @pytest.mark.parametrize("content", ["words", ["words"], [7], {"text": "words"}])
    def test_content_that_is_no_list_of_parts_says_nothing(self, content):
        assert read(added(0, "m"), delta(0, "m", "Hello"), done(0, "m", content=content), completed()).text == "Hello"

    def test_a_duplicate_item_done_is_merged(self):
        events = message(0, "m", "Hello")
        assert [item.text for item in read(*events, events[-1], completed()).items] == ["Hello"]

    def test_a_late_delta_adds_nothing(self):
        listener = Listener()
        events = [*message(0, "m", "Hel", "lo"), delta(0, "m", "lo", content_index=0), completed()]
        assert consume(events, callbacks=listener.callbacks).text == listener.standing() == "Hello"


class TestParts:
    def test_two_parts_are_kept_apart_by_their_index_not_by_recency(self):
        pieces = [(0, "A"), (1, "1"), (0, "B"), (1, "2")]
        events = [delta(0, "m", text, content_index=part) for part, text in pieces]
        result = read(added(0, "m"), *events, completed())
        assert [part.text for part in result.items[0].parts] == ["AB", "12"]

    def test_a_second_part_under_the_same_index_is_a_part_of_its_own(self):
        def part(text: str) -> list[dict]:
            place = {"output_index": 0, "item_id": "m", "content_index": 0}
            start = {"type": "response.content_part.added", **place, "part": {"type": "output_text", "text": ""}}
            return [start, delta(0, "m", text, content_index=0), text_done(0, "m", text, content_index=0)]

        result = read(added(0, "m"), *part("one"), *part("two"), completed())
        assert [entry.text for entry in result.items[0].parts] == ["one", "two"]

    def test_an_index_that_counts_up_with_every_delta_does_not_double_the_text(self):
        listener = Listener()
        deltas = [delta(0, "m", text, content_index=number) for number, text in enumerate(["He", "ll", "o"])]
        events = [added(0, "m"), *deltas, text_item(0, "m", "Hello"), completed()]
        assert consume(events, callbacks=listener.callbacks).text == "Hello"
        assert listener.standing() == "Hello"
        assert "reset" not in listener.names()

    def test_a_late_delta_of_such_a_part_adds_nothing(self):
        events = [added(0, "m"), delta(0, "m", "Hello", content_index=1), text_item(0, "m", "Hello")]
        late = [delta(0, "m", "lo", content_index=1), delta(0, "m", "lo", content_index=2)]
        assert read(*events, *late, completed()).text == "Hello"

    def test_a_part_that_the_items_done_leaves_out_is_kept(self):
        deltas = [delta(0, "m", "first", content_index=0), delta(0, "m", "second", content_index=1)]
        assert read(added(0, "m"), *deltas, text_item(0, "m", "first"), completed()).text == "firstsecond"

    def test_refusals_are_no_text(self):
        refused = [{"type": "refusal", "refusal": "No."}]
        events = [added(0, "m"), delta(0, "m", "No", "refusal", content_index=0), done(0, "m", content=refused)]
        result = read(*events, completed())
        assert (result.text, result.refusal) == ("", "No.")

    def test_reasoning_keeps_its_text_its_summaries_and_its_encrypted_content_apart(self):
        events = [
            added(0, "r", "reasoning", encrypted_content="early"),
            delta(0, "r", "thin", "reasoning_text", content_index=0),
            delta(0, "r", "one", "reasoning_summary_text", summary_index=0),
            delta(0, "r", "two", "reasoning_summary_text", summary_index=1),
            done(0, "r", "reasoning", encrypted_content="late", summary=[]),
        ]
        item = read(*events, completed()).items[0]
        assert (item.text, item.summary, item.encrypted_content) == ("thin", "onetwo", "late")

    def test_the_other_name_of_reasoning_deltas_is_known(self):
        events = [added(0, "r", "reasoning"), delta(0, "r", "thin", "reasoning"), completed()]
        assert read(*events).items[0].text == "thin"

    def test_annotations_come_from_their_events_or_from_the_whole_part(self):
        note = {"type": "url_citation", "url": "https://example.org"}
        place = {"output_index": 0, "item_id": "m", "content_index": 0, "annotation_index": 0}
        event = {"type": "response.output_text.annotation.added", **place, "annotation": note}
        events = [added(0, "m"), delta(0, "m", "Hello", content_index=0), event]
        assert read(*events, completed()).items[0].annotations == (note,)
        whole = done(0, "m", content=[{"type": "output_text", "text": "Hello", "annotations": [note]}])
        assert read(*events, whole, completed()).items[0].annotations == (note,)


class TestPhases:
    def test_only_the_final_answer_is_the_answer(self):
        events = [*message(0, "c", "Looking. ", phase="commentary"), *message(1, "f", "Done.", phase="final_answer")]
        result = read(*events, completed())
        assert (result.text, result.all_text) == ("Done.", "Looking. Done.")

    def test_without_a_final_answer_every_message_is(self):
        assert read(*message(0, "c", "Looking.", phase="commentary"), completed()).text == "Looking."

    def test_interleaved_messages_keep_their_words_and_their_phases(self):
        one, two = message(0, "c", "a", "b", phase="commentary"), message(1, "f", "c", "d", phase="final_answer")
        mixed = [event for pair in zip(one, two, strict=True) for event in pair]
        result = read(*mixed, completed())
        assert [(item.phase, item.text) for item in result.items] == [("commentary", "ab"), ("final_answer", "cd")]


class TestCalls:
    def test_parallel_calls_that_interleave_are_kept_apart(self):
        one, two = call(0, "a", '{"x":', "1}"), call(1, "b", '{"y":', "2}")
        mixed = [event for pair in zip(one, two, strict=True) for event in pair]
        result = read(*mixed, completed())
        assert [(item.call_id, item.arguments) for item in result.tool_calls] == [
            ("call_a", '{"x":1}'),
            ("call_b", '{"y":2}'),
        ]

    def test_arguments_may_come_in_the_items_done_only(self):
        assert (
            read(added(0, "a", "function_call"), call_item(0, "a", "{}"), completed()).tool_calls[0].arguments == "{}"
        )

    def test_arguments_may_come_in_their_own_done_only(self):
        names = {"name": "look", "call_id": "c"}
        events = [added(0, "a", "function_call", **names), arguments_done(0, "a", "{}")]
        events.append(done(0, "a", "function_call", arguments="", name="", call_id=""))
        item = read(*events, completed()).tool_calls[0]
        assert (item.name, item.call_id, item.arguments) == ("look", "c", "{}")

    def test_arguments_that_are_an_object_are_written_as_json(self):
        assert read(call_item(0, "a", {"x": [1]}), completed()).tool_calls[0].arguments == '{"x":[1]}'

    def test_arguments_that_are_not_json_are_kept_verbatim_and_flagged(self):
        result = read(call_item(0, "a", '{"x":'), completed())
        assert (result.items[0].arguments, result.items[0].invalid_arguments) == ('{"x":', True)
        assert result.flags == {"invalid_arguments"}

    def test_the_input_of_a_custom_tool_is_no_json_and_needs_none(self):
        events = [
            added(0, "t", "custom_tool_call", name="patch", call_id="c", input=""),
            delta(0, "t", "*** Be", "custom_tool_call_input"),
            delta(0, "t", "gin", "custom_tool_call_input"),
            done(0, "t", "custom_tool_call", name="patch", call_id="c", input="*** Begin"),
        ]
        item = read(*events, completed()).tool_calls[0]
        assert (item.kind, item.arguments, item.invalid_arguments) == ("custom_tool_call", "*** Begin", False)

    def test_a_call_without_its_own_done_is_made_only_when_its_arguments_are_whole(self):
        start = added(0, "a", "function_call", name="look", call_id="c")
        assert len(read(start, arguments(0, "a", "{}"), completed()).tool_calls) == 1
        assert read(start, arguments(0, "a", '{"x":'), completed()).tool_calls == ()
        assert read(start, completed()).tool_calls == ()
        assert read(start, arguments(0, "a", "{}"), ended("incomplete")).tool_calls == ()

    def test_a_call_whose_done_says_incomplete_is_not_made(self):
        events = [done(0, "a", "function_call", name="look", arguments="{}", status="incomplete"), completed()]
        assert read(*events).tool_calls == ()


class TestEnds:
    @pytest.mark.parametrize(
        ("event", "status", "expected"),
        [
            ("completed", "completed", "completed"),
            ("completed", "incomplete", "incomplete"),
            ("incomplete", "completed", "incomplete"),
            ("incomplete", None, "incomplete"),
            ("completed", None, "completed"),
            ("completed", "in_progress", "completed"),
            ("completed", "queued", "completed"),
            ("completed", "a new word", "completed"),
            ("done", "completed", "completed"),
            ("done", "incomplete", "incomplete"),
            ("done", None, "completed"),
        ],
    )
    def test_the_worse_of_name_and_status_decides(self, event, status, expected):
        terminal = {"type": f"response.{event}", "response": {"status": status}}
        assert read(*message(0, "m", "Hello"), terminal).status == expected

    def test_an_incomplete_response_says_why_and_keeps_what_came(self):
        details = {"reason": "max_output_tokens"}
        result = read(added(0, "m"), delta(0, "m", "Hel"), ended("incomplete", incomplete_details=details))
        assert (result.status, result.incomplete_details) == ("incomplete", details)
        assert (result.text, result.items[0].finished) == ("Hel", False)

    def test_nothing_is_taken_after_the_terminal(self):
        def events():
            yield from [*message(0, "m", "Hello"), completed(usage={"input_tokens": 1})]
            pytest.fail("the stream was read past its end")

        result = consume(events())
        assert (result.text, result.usage) == ("Hello", Usage(input=1))

    def test_the_iterable_is_left_open_behind_the_terminal(self):
        events = iter([*message(0, "m", "Hello"), completed(), "next"])
        consume(events)
        assert next(events) == "next"


class TestUsage:
    @pytest.mark.parametrize(
        ("stated", "expected"),
        [
            (None, None),
            ({}, None),
            ("many", None),
            ({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}, Usage(1, 2, 3)),
            ({"input_tokens": 1, "input_tokens_details": {"cached_tokens": 4}}, Usage(input=1, cached=4)),
            ({"output_tokens_details": {"reasoning_tokens": 5}}, Usage(reasoning=5)),
            ({"input_tokens_details": None, "output_tokens": 2}, Usage(output=2)),
            ({"prompt_tokens": 1, "completion_tokens": 2}, Usage(input=1, output=2)),
            ({"input_tokens": "12", "output_tokens": -1}, Usage(input="12", output=-1)),
            ({"input_tokens": 0, "output_tokens": 0}, Usage(input=0, output=0)),
        ],
    )
    def test_usage_is_read_under_one_set_of_names(self, stated, expected):
        assert read(*message(0, "m", "Hello"), completed(usage=stated)).usage == expected


class TestWhatIsIgnored:
    def test_vendor_events_unknown_events_and_unknown_parts_change_nothing(self):
        noise = [
            {"type": "codex.rate_limits", "rate_limits": {"primary": None}},
            {"type": "keepalive", "sequence_number": 3},
            {"type": "response.metadata"},
            {"type": "response.shiny.new", "output_index": 0, "error": None},
            {"no": "type"},
            {"type": 7},
            {},
            {"type": "response.content_part.added", "output_index": 0, "part": {"type": "hologram", "text": "x"}},
        ]
        mixed = [entry for event in message(0, "m", "Hel", "lo") for entry in (*noise, event)]
        result = read(*noise, *mixed, *noise, completed())
        assert [(item.text, item.finished) for item in result.items] == [("Hello", True)]
        assert result.flags == frozenset()

    def test_items_of_unknown_types_are_kept_with_their_payload(self):
        result = read(done(0, "w", "web_search_call", action={"query": "x"}), *message(1, "m", "Hello"), completed())
        item = result.items[0]
        assert (item.kind, item.type, item.finished) == ("other", "web_search_call", True)
        assert item.payload == {"id": "w", "type": "web_search_call", "action": {"query": "x"}}

    @pytest.mark.parametrize("event", [None, 3, b"bytes", "words", ["list"], object()])
    def test_what_is_no_event_is_damage(self, event):
        assert read(*message(0, "m", "Hello"), event, completed()).flags == {DAMAGED}

    def test_null_items_are_no_items(self):
        events = [{"type": "response.output_item.added", "output_index": 0, "item": None}, *message(1, "m", "Hello")]
        assert [item.text for item in read(*events, completed()).items] == ["Hello"]


def test_what_an_item_of_an_unknown_kind_says_is_not_told_as_text():
    listener = Listener()
    strange = {"type": "mystery", "id": "m", "content": [{"type": "output_text", "text": "Hello"}]}
    consume([created(), *message(0, "m", "Hel", "lo"), completed(output=[strange])], callbacks=listener.callbacks)
    assert listener.standing() == "Hello"


def test_a_part_numbered_anew_by_every_event_is_said_once():
    place = {"output_index": 0, "item_id": "m"}
    part = {"type": "output_text", "text": "Hello"}
    listener = Listener()
    result = consume(
        [
            added(0, "m"),
            delta(0, "m", "Hel", content_index=0),
            delta(0, "m", "lo", content_index=1),
            text_done(0, "m", "Hello", content_index=2),
            {"type": "response.content_part.done", **place, "content_index": 3, "part": part},
            text_item(0, "m", "Hello"),
            completed(),
        ],
        callbacks=listener.callbacks,
    )
    assert (result.text, listener.standing()) == ("Hello", "Hello")
