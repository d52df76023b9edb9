"""Limits: exact to the byte, named in the error, the same for every chunking, and no frame before them is lost."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire import UNLIMITED, Decoder, LimitExceeded, Limits, decode
from tests.unit.wire.feeding import bytewise, chunkings, fed, fields, streams, unhurried


def until_refused(chunks, limits):
    """Fields of the frames given, and the error if there was one."""
    decoder = Decoder(limits=limits)
    given_out = []
    try:
        for chunk in chunks:
            given_out += map(fields, decoder.feed(chunk))
        decoder.close()
    except LimitExceeded as error:
        return given_out, (error.limit, error.allowed, error.offset)
    return given_out, None


LINE = Limits(max_line_bytes=8, max_event_bytes=None)
EVENT = Limits(max_event_bytes=20, max_line_bytes=None)

ALLOWED = {
    "line as long as allowed": (LINE, b"data: 12\n\n"),
    "its line end does not count": (LINE, b"data: 12\r\n\r\n"),
    "lines count apart": (LINE, b"data: 12\ndata: 12\ndata: 12\n\n"),
    "event as large as allowed": (EVENT, b"data: 123\ndata: 4567\n\n"),
    "the last line end and the blank line do not count": (EVENT, b"data: 123\ndata: 4567\r\n\r\n"),
    "events count apart": (EVENT, b"data: 1234567\n\ndata: 1234567\r\rdata: 1234567\r\n\r\n"),
    "any number of blank lines": (Limits(max_event_bytes=1, max_line_bytes=1), b"\n\r\n\r" * 50),
}
REFUSED = {
    "line": (LINE, b"data: 123\n\n", "max_line_bytes", 8),
    "line without an end": (LINE, b"data: 123", "max_line_bytes", 8),
    "a later line": (LINE, b"data: 12\ndata: 123\n\n", "max_line_bytes", 17),
    "a line of a later block": (LINE, b"data: 1\r\n\r\ndata: 123\n\n", "max_line_bytes", 19),
    "event": (EVENT, b"data: 123\ndata: 45678\n\n", "max_event_bytes", 20),
    "crlf inside counts": (EVENT, b"data: 123\r\ndata: 4567\n\n", "max_event_bytes", 20),
    "comments count": (EVENT, b": 1234567\n: 123456789\n\n", "max_event_bytes", 20),
    "an event of a later block": (EVENT, b"data: 1\r\n\r\ndata: 123\ndata: 45678\n\n", "max_event_bytes", 31),
    "the one that is passed first": (Limits(max_event_bytes=20, max_line_bytes=30), b"x" * 40, "max_event_bytes", 20),
    "both at once": (Limits(max_event_bytes=20, max_line_bytes=20), b"x" * 40, "max_line_bytes", 20),
}


@pytest.mark.parametrize(("limits", "stream"), [pytest.param(*case, id=name) for name, case in ALLOWED.items()])
def test_allowed(limits, stream):
    frames = [fields(frame) for frame in decode(stream)[0]]
    for chunks in ([stream], bytewise(stream)):
        assert until_refused(chunks, limits) == (frames, None)


@pytest.mark.parametrize(
    ("limits", "stream", "limit", "offset"), [pytest.param(*case, id=name) for name, case in REFUSED.items()]
)
def test_refused(limits, stream, limit, offset):
    frames = [fields(frame) for frame in decode(stream[:offset])[0]]
    error = (limit, getattr(limits, limit), offset)
    for chunks in ([stream], bytewise(stream)):
        assert until_refused(chunks, limits) == (frames, error)


@unhurried
@given(streams(), st.integers(1, 24), st.integers(1, 40), st.data())
def test_any_chunking_is_refused_alike(stream, line, event, data):
    limits = Limits(max_line_bytes=line, max_event_bytes=event)
    whole = until_refused([stream], limits)
    assert until_refused(bytewise(stream), limits) == whole
    assert until_refused(data.draw(chunkings(stream)), limits) == whole


@unhurried
@given(streams())
def test_a_stream_within_its_limits_is_read_as_without(stream):
    generous = Limits(max_event_bytes=len(stream) + 1, max_line_bytes=len(stream) + 1)
    assert fed([stream], generous) == fed([stream], UNLIMITED) == decode(stream)


def test_the_message_names_limit_value_and_offset():
    with pytest.raises(LimitExceeded, match=r"^max_line_bytes of 8 passed at byte 8 of the stream$"):
        Decoder(limits=LINE).feed(b"data: 123")
    assert issubclass(LimitExceeded, ValueError)


def test_frames_first_then_the_error_at_every_call():
    decoder = Decoder(limits=LINE)
    assert [frame.data for frame in decoder.feed(b"data: 1\n\ndata: 123\n\ndata: 2\n\n")] == ["1"]
    for call in (lambda: decoder.feed(b"x"), lambda: decoder.feed(b""), decoder.close):
        with pytest.raises(LimitExceeded, match="byte 17"):
            call()


def test_an_error_survives_pickling():
    error = pickle.loads(pickle.dumps(LimitExceeded("max_line_bytes", 8, 17)))
    assert (str(error), error.limit, error.allowed, error.offset) == (
        "max_line_bytes of 8 passed at byte 17 of the stream",
        "max_line_bytes",
        8,
        17,
    )


@pytest.mark.parametrize("wrong", [0, -1])
@pytest.mark.parametrize("name", ["max_line_bytes", "max_event_bytes"])
def test_a_limit_below_one_byte_is_refused(name, wrong):
    with pytest.raises(ValueError, match=f"{name} is {wrong}"):
        Limits(**{name: wrong})


def test_decoding_a_whole_body_knows_no_limit():
    body = b"data: " + b"x" * (70 * 1024 * 1024) + b"\n\n"
    with pytest.raises(LimitExceeded):
        Decoder().feed(body)
    (frame,), tail = decode(body)
    assert (len(frame.raw), tail) == (len(body), None)
