"""Chunking changes neither what is read nor when: any cut gives the same fields, and a frame is out with its last byte."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.wire import Decoder
from tests.corpus import requires_corpus
from tests.corpus import streams as recorded
from tests.unit.wire.feeding import bytewise, chunkings, fed, fields, lost, streams, unhurried

MIXED = b"\xef\xbb\xbfevent: e\r\ndata: \xe2\x88\x91\r\n\r\n: c\rid: 1\r\rdata: a\ndata: b\n\n\n\r\n\rdata: \xf0\x9f\x98\r\n\r\ndata: x"


def told(chunks):
    frames, tail = fed(chunks)
    return [fields(frame) for frame in frames], lost(tail)


@unhurried
@given(st.one_of(streams(), st.binary(max_size=64)), st.data())
@example(b"", None)
def test_any_chunking_tells_the_same(stream, data):
    whole = told([stream])
    assert told(bytewise(stream)) == whole
    if data is not None:
        assert told(data.draw(chunkings(stream))) == whole


@pytest.mark.parametrize("cut", range(len(MIXED) + 1))
def test_cut_in_two_anywhere(cut):
    assert told([MIXED[:cut], MIXED[cut:]]) == told([MIXED])


@unhurried
@given(streams(), st.data())
def test_raw_is_the_same_but_for_a_late_lf(stream, data):
    frames, _ = fed(data.draw(chunkings(stream)))
    for frame, reference in zip(frames, fed([stream])[0], strict=True):
        assert frame.raw.removeprefix(b"\n").rstrip(b"\r\n") == reference.raw.removeprefix(b"\n").rstrip(b"\r\n")
        assert (reference.start - frame.start, reference.end - frame.end) in {(0, 0), (1, 0), (0, 1), (1, 1)}


@unhurried
@given(streams())
def test_a_frame_is_out_with_the_first_byte_that_ends_it(stream):
    decoder = Decoder()
    for number, byte in enumerate(bytewise(stream), start=1):
        for frame in decoder.feed(byte):
            assert frame.end == number
            assert frame.raw[-1:] in {b"\n", b"\r"}
    # A prefix that ends a frame, fed alone, gives it without any further call.
    for frame in fed(bytewise(stream))[0]:
        assert [*Decoder().feed(stream[: frame.end])][-1].data == frame.data


def test_a_block_ended_by_cr_does_not_wait():
    decoder = Decoder()
    assert [frame.raw for frame in decoder.feed(b"data: x\r\r")] == [b"data: x\r\r"]
    assert decoder.feed(b"\n") == []
    (second,) = decoder.feed(b"data: y\r\r")
    assert (second.raw, second.start, second.data) == (b"\ndata: y\r\r", 9, "y")


def test_a_late_lf_at_the_end_is_the_tail_and_no_loss():
    decoder = Decoder()
    decoder.feed(b"data: x\r\n\r")
    decoder.feed(b"\n")
    tail = decoder.close()
    assert (tail.raw, tail.start, tail.lost) == (b"\n", 10, False)


def test_an_empty_chunk_changes_nothing():
    assert told([b"data: x\r", b"", b"\ndata: y\r\r", b"", b"\n\n"]) == told([b"data: x\r\ndata: y\r\r\n\n"])


def test_closing():
    decoder = Decoder()
    decoder.feed(b"data: x")
    tail = decoder.close()
    assert decoder.close() == tail
    with pytest.raises(ValueError, match="closed"):
        decoder.feed(b"\n")


@requires_corpus
@pytest.mark.parametrize(("name", "provider", "body"), [pytest.param(*row, id=row[0]) for row in recorded()])
def test_recorded_streams(name, provider, body):
    beginning = body[:20_000]
    whole = told([beginning])
    assert told(bytewise(beginning)) == whole
    frames, tail = fed([body])
    assert (sum(frame.dispatched for frame in frames) > 0, lost(tail)) == (True, lost(None))
