"""Bytes to events: the decoder says of every frame what ``parse`` says of it, however the bytes are cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.runtime import Damage, EventDecoder, StreamErrorEvent, consume, parse
from harness.runtime.events import decode_events
from harness.wire import decode
from tests.unit.wire.feeding import chunkings

NAMES = st.sampled_from(
    ["", "message", "error", "response.created", "response.completed", "response.output_text.delta"]
)
PAYLOADS = st.one_of(
    st.dictionaries(st.sampled_from(["type", "error", "delta", "é"]), st.one_of(st.text(), st.none(), st.integers())),
    st.sampled_from([None, 3, "words", [], {"type": "error"}, {"type": "response.failed"}, {"type": []}]),
).map(json.dumps)
DATA = st.one_of(
    PAYLOADS, st.sampled_from(["", " ", "[DONE]", " [DONE] ", "{", "NaN", '{"a": NaN}', "words", '"\\ud800"'])
)
LINES = st.one_of(
    st.builds("event: {}\ndata: {}\n\n".format, NAMES, DATA),
    st.builds("data:{}\nid: 7\nevent:{}\r\n\r\n".format, DATA, NAMES),
    st.sampled_from([": ping\n\n", "event: response.completed\n\n", "\n"]),
).map(str.encode)
BROKEN = st.sampled_from([b"data: \xff\n\n", b"event: \xff\ndata: {}\n\n", b"event: response.completed\nid: \xff\n\n"])


def parsed(body: bytes) -> list:
    """Frame by frame, the careful way."""
    events = []
    for frame in decode(body)[0]:
        event = parse(frame.event, frame.data)
        events += [] if event is None else [event]
        events += [Damage("bytes that are not UTF-8")] if frame.replaced else []
    return events


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(LINES, BROKEN), max_size=6).map(b"".join), st.data())
def test_the_decoder_says_what_parse_says(body, data):
    decoder = EventDecoder()
    events = [event for chunk in data.draw(chunkings(body)) for event in decoder.feed(chunk)]
    assert repr(events) == repr(parsed(body))


@pytest.mark.parametrize("status", [[], ["completed"], {}, 7, None])
def test_a_terminal_without_its_blank_line_may_state_any_status(status):
    tail = json.dumps({"type": "response.completed", "response": {"status": status}})
    assert list(decode_events([f"data: {tail}\n".encode()])) == []


@pytest.mark.parametrize("name", ["", "message", "unknown", "response.output_text.delta"])
def test_an_error_needs_no_type_whatever_its_frame_is_called(name):
    body = f'event: {name}\ndata: {{"error":{{"code":"slow_down","message":"wait"}}}}\n\n'.encode()
    with pytest.raises(StreamErrorEvent, match="wait"):
        consume(decode_events([body]))
