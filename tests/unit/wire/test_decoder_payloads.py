"""Payloads are what the frames would have said, and the two ways of reading can be mixed; the plain form is one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire import Decoder, LimitExceeded, Limits
from tests.corpus import requires_corpus
from tests.corpus import streams as recorded
from tests.unit.wire.feeding import bytewise, chunkings, fed, fields, lost, streams, unhurried

PLAIN = b'event: response.created\ndata: {"a": "\xe2\x88\x91"}\n\n'
ODD = {
    "a comment": b": ping\n\n",
    "an id": b"id: 7\ndata: x\n\n",
    "two data lines": b"data: x\ndata: y\n\n",
    "no space": b"event:x\ndata:y\n\n",
    "data first": b"data: x\nevent: y\n\n",
    "two names": b"event: x\nevent: y\ndata: z\n\n",
    "an empty name": b"event: \ndata: x\n\n",
    "empty data": b"data: \n\n",
    "data without a colon": b"data\n\n",
    "a name alone": b"event: x\n\n",
    "CR LF": b"event: x\r\ndata: y\r\n\r\n",
    "CR": b"event: x\rdata: y\r\r",
    "a CR inside": b"data: x\ry\n\n",
    "blank lines": b"\n\n\n",
    "a byte order mark": b"\xef\xbb\xbfdata: x\n\n",
    "a name that is no UTF-8": b"event: \xff\ndata: x\n\n",
    "data that is no UTF-8": b"data: \xff\n\n",
    "a field that is no UTF-8, and no data": b"id: \xff\n\n",
    "what looks like a second frame": b"data: event: x\\n\ndata: y\n\n",
}


def dispatched(frames):
    return [(frame.event, frame.data, frame.replaced) for frame in frames if frame.dispatched or frame.replaced]


def text_of(payload):
    event, data, replaced = payload
    return event.decode(), None if data is None else data.decode(), replaced


def payloads(chunks, limits=None):
    """What the payloads say, and the tail or the error at their end."""
    decoder = Decoder(limits=limits or Limits())
    told = []
    try:
        for chunk in chunks:
            told += map(text_of, decoder.payloads(chunk))
        return told, lost(decoder.close())
    except LimitExceeded as error:
        return told, (error.limit, error.offset)


@pytest.mark.parametrize("odd", [pytest.param(frame, id=name) for name, frame in ODD.items()])
@pytest.mark.parametrize("cut", [0, 1, 20, len(PLAIN)])
def test_odd_frames_among_plain_ones(odd, cut):
    stream = PLAIN + odd + PLAIN + PLAIN
    frames, tail = fed(bytewise(stream))
    chunks = [stream[:cut], stream[cut:]]
    assert [fields(frame) for frame in fed(chunks)[0]] == [fields(frame) for frame in frames]
    assert payloads(chunks) == (dispatched(frames), lost(tail))


@unhurried
@given(st.one_of(streams(), st.binary(max_size=64)), st.data())
def test_alike_however_it_is_cut(stream, data):
    frames, tail = fed(bytewise(stream))
    assert payloads(data.draw(chunkings(stream))) == (dispatched(frames), lost(tail))


@unhurried
@given(streams(), st.data())
def test_the_two_ways_go_on_where_the_other_stopped(stream, data):
    decoder = Decoder()
    told = []
    for number, chunk in enumerate(data.draw(chunkings(stream))):
        if number % 2:
            told += dispatched(decoder.feed(chunk))
        else:
            told += map(text_of, decoder.payloads(chunk))
    frames, tail = fed([stream])
    assert (told, lost(decoder.close())) == (dispatched(frames), lost(tail))


@unhurried
@given(st.lists(st.sampled_from([PLAIN, *ODD.values()]), max_size=6).map(b"".join), st.integers(1, 60), st.data())
def test_limits_are_passed_at_the_same_byte(stream, size, data):
    limits = Limits(max_line_bytes=size, max_event_bytes=size + 7)
    assert payloads(data.draw(chunkings(stream)), limits) == payloads(bytewise(stream), limits)


def test_a_closed_decoder_gives_none():
    decoder = Decoder()
    decoder.close()
    with pytest.raises(ValueError, match="closed"):
        decoder.payloads(PLAIN)


@requires_corpus
@pytest.mark.parametrize(("name", "provider", "body"), [pytest.param(*row, id=row[0]) for row in recorded()])
def test_recorded_streams(name, provider, body):
    frames, tail = fed([body])
    for size in (len(body) or 1, 1_000, 17):
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        assert payloads(chunks) == (dispatched(frames), lost(tail))
