"""Blocks are the decoder's frames, found another way: every byte in its place, and each read alone as in the stream."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from harness.wire import Frame, Tail, decode, frame_of, split, whole_blocks

BODIES = st.lists(
    st.sampled_from(
        [
            b"\n",
            b"\n\n",
            b"\r",
            b"\r\n",
            b"\xef\xbb\xbf",
            b"data: x",
            b"data",
            b":",
            b"event: y",
            b"id: 1",
            b"\xff",
            b" ",
        ]
    ),
    max_size=12,
).map(b"".join)


@given(BODIES)
@example(b"data: a\n\ndata: b\n\n")
@example(b"data: a\n\n\xef\xbb\xbfdata: b\n\n\xef\xbb\xbfdata: c")
@example(b"\xef\xbb\xbf\ndata: a\n\n")
def test_blocks_are_the_decoders_frames(body: bytes) -> None:
    blocks, rest = split(body)
    frames, tail = decode(body)
    assert [told(frame_of(block)) for block in blocks] == [told(frame) for frame in frames]
    assert told(frame_of(rest)) == (told(tail) if tail is not None else told(frame_of(b"")))
    assert not rest or tail is not None


def told(frame: Frame | Tail) -> tuple[object, ...]:
    return frame.event, frame.data, frame.id, frame.comments


def test_blocks_tell_of_replaced_bytes_and_retries() -> None:
    (block,), _ = split(b"retry: 5\ndata: \xff\n\n")
    assert (frame_of(block).retry, frame_of(block).replaced) == (5, True)


@given(st.lists(BODIES, max_size=5))
@example([b"data: a\n\n", b"data: b\n\n"])
@example([b"data: a\n\n", b"\xef\xbb\xbfdata: b\n\n"])
@example([b"data: a\n\n", b"\ndata: b\n\n"])
def test_pieces_that_are_whole_read_alike_wherever_they_stand(pieces: list[bytes]) -> None:
    apart = [whole_blocks(piece) for piece in pieces]
    known = [blocks for blocks in apart if blocks is not None]
    if len(known) == len(apart):
        assert split(b"".join(pieces)) == ([block for blocks in known for block in blocks], b"")


def test_what_is_whole() -> None:
    assert whole_blocks(b"data: a\n\ndata: b\n\n") == [b"data: a", b"data: b"]
    assert [whole_blocks(piece) for piece in (b"data: a\n", b"\ndata: a\n\n", b"data: a\r\n\r\n")] == [None] * 3
