"""Streams that end too early: an error with what had come, unless every item that was begun was finished."""

from __future__ import annotations

import pytest

from harness.runtime import DAMAGED, NO_TERMINAL, RuntimeStreamError, TruncatedStream, consume, decode_events
from tests.unit.runtime.scripts import Listener, added, call, completed, created, delta, message, read, sse, text_item

WHOLE = [created(), *message(0, "m", "Hello"), *call(1, "f", "{}")]
MESSAGE = "stream did not emit a terminal response"


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="nothing at all"),
        pytest.param([created()], id="created only"),
        pytest.param([created(), added(0, "m")], id="an announcement"),
        pytest.param([delta(0, "m", "Hel")], id="deltas only"),
        pytest.param(message(0, "m", "Hel")[:-1], id="all but the item's done"),
        pytest.param([*message(0, "m", "Hel"), added(1, "n")], id="one of two items"),
        pytest.param([text_item(0, "m", "Hel", status="incomplete")], id="an item that is done and incomplete"),
        pytest.param([*message(0, "m", "Hel"), None], id="damage"),
    ],
)
@pytest.mark.parametrize("end", [[], ["[DONE]"]])
def test_a_stream_that_ends_before_its_response_is_an_error_with_what_had_come(events, end):
    with pytest.raises(TruncatedStream, match=MESSAGE) as caught:
        read(*events, *end)
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, RuntimeStreamError)
    assert caught.value.partial.status == "in_progress"
    assert caught.value.partial.text in {"", "Hel"}


@pytest.mark.parametrize("end", [[], ["[DONE]"]])
def test_with_every_item_finished_the_missing_terminal_is_only_flagged(end):
    result = read(*WHOLE, *end)
    assert (result.status, result.flags) == ("completed", {NO_TERMINAL})
    assert (result.text, len(result.tool_calls), result.usage) == ("Hello", 1, None)


def test_an_empty_response_that_says_completed_is_no_truncation():
    result = read(created(), completed())
    assert (result.status, result.items, result.flags) == ("completed", (), frozenset())


def test_an_unfinished_call_is_in_the_partial_but_not_to_be_made():
    with pytest.raises(TruncatedStream) as caught:
        read(*call(0, "a", "{}"), *call(1, "b", '{"x":', "1}")[:-1])
    partial = caught.value.partial
    assert [item.id for item in partial.tool_calls] == ["a"]
    assert partial.items[1].arguments == '{"x":1}'
    assert not partial.items[1].finished


def test_an_end_mark_in_the_middle_ends_nothing():
    assert read(*WHOLE[:3], "[DONE]", *WHOLE[3:], completed()).text == "Hello"


class TestCutInsideAFrame:
    def test_content_that_is_cut_off_is_missed(self):
        body = sse([*WHOLE, added(2, "n")])
        with pytest.raises(TruncatedStream, match="cut off"):
            consume(decode_events([body[:-4]]))

    @pytest.mark.parametrize("kept", [0, 1, 20, 40, 60])
    @pytest.mark.parametrize("named", [True, False])
    def test_a_terminal_that_is_cut_off_is_a_missing_terminal(self, kept, named):
        body = sse(WHOLE) + sse([completed()], named=named)[: -1 - kept]
        result = consume(decode_events([body]))
        assert (result.status, result.flags) == ("completed", {NO_TERMINAL})

    def test_a_terminal_that_is_cut_off_and_says_otherwise_is_no_completion(self):
        body = sse([*WHOLE, completed(status="failed")])
        with pytest.raises(TruncatedStream):
            consume(decode_events([body[:-1]]))

    @pytest.mark.parametrize("position", range(1, 400, 7))
    def test_wherever_a_stream_is_cut_nothing_is_invented(self, position):
        body = sse(message(0, "m", "Hel", "lo"))
        with pytest.raises(TruncatedStream) as caught:
            consume(decode_events([body[:position]]))
        assert "Hello".startswith(caught.value.partial.text)


class TestDamage:
    @pytest.mark.parametrize("frame", [b"data: {\n\n", b"data: [1]\n\n", b"data: null\n\n", b"data: [DONE]x\n\n"])
    def test_a_frame_that_cannot_be_decoded_is_flagged(self, frame):
        body = sse(WHOLE) + frame + sse([completed()])
        result = consume(decode_events([body]))
        assert (result.status, result.text, result.flags) == ("completed", "Hello", {DAMAGED})

    def test_bytes_that_are_not_utf8_are_flagged_and_the_event_is_taken(self):
        body = sse(message(0, "m", "Hqllo")).replace(b"q", b"\xff") + sse([completed()])
        result = consume(decode_events([body]))
        assert (result.text, result.flags) == ("H\ufffdllo", {DAMAGED})

    @pytest.mark.parametrize(
        "frame", [b": ping\n\n", b"data:\n\n", b"event: x\n\n", b"id: 1\n\n", b"retry: 5\n\n", b"data:  \n\n"]
    )
    def test_frames_that_say_nothing_are_no_damage(self, frame):
        body = frame + sse(WHOLE) + frame + sse([completed()])
        assert consume(decode_events([body])).flags == frozenset()

    def test_a_call_is_not_pieced_together_around_damage(self):
        names = {"name": "look", "call_id": "c"}
        events = [added(0, "f", "function_call", **names), delta(0, "f", "{}", "function_call_arguments"), None]
        result = read(*events, completed())
        assert result.tool_calls == ()
        assert result.flags == {DAMAGED}

    def test_damage_is_not_shown_to_the_event_hook(self):
        shown = []
        listener = Listener(on_event=shown.append)
        consume(decode_events([b"data: {\n\ndata: [DONE]\n\n" + sse([completed()])]), callbacks=listener.callbacks)
        assert [event["type"] for event in shown] == ["response.completed"]


@pytest.mark.parametrize(
    ("name", "status"), [("response.completed", "completed"), ("response.incomplete", "incomplete")]
)
def test_a_terminal_without_data_ends_the_response_by_its_name(name, status):
    body = sse(WHOLE) + f"event: {name}\ndata:\n\n".encode()
    result = consume(decode_events([body]))
    assert (result.status, result.flags) == (status, frozenset())


def test_an_error_event_without_data_is_an_error():
    with pytest.raises(RuntimeStreamError):
        consume(decode_events([sse(WHOLE) + b"event: error\ndata:\n\n" + sse([completed()])]))


def test_any_other_event_without_data_says_nothing():
    body = sse(WHOLE) + b"event: response.output_item.done\ndata:\n\n" + sse([completed()])
    assert consume(decode_events([body])).text == "Hello"
