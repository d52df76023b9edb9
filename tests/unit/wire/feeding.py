"""The ways a stream is fed in these tests, and what must hold of every one of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from hypothesis import settings
from hypothesis import strategies as st

from harness.wire import Decoder, Frame, Limits, Tail

# No test here depends on how fast the machine is.
unhurried = settings(deadline=None)

Fields = tuple[str, str | None, str | None, int | None, tuple[str, ...], bool]


def fed(chunks: Iterable[bytes], limits: Limits | None = None) -> tuple[list[Frame], Tail | None]:
    """Frames and tail; no byte may be lost, doubled or moved, and every offset must be true."""
    chunks = list(chunks)
    decoder = Decoder(limits=limits or Limits())
    frames = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    tail = decoder.close()
    pieces = [*frames, *([tail] if tail else [])]
    assert b"".join(piece.raw for piece in pieces) == b"".join(chunks)
    assert [piece.start for piece in pieces] == list(accumulate((len(piece.raw) for piece in pieces), initial=0))[:-1]
    return frames, tail


def bytewise(stream: bytes) -> list[bytes]:
    return [stream[offset : offset + 1] for offset in range(len(stream))]


def fields(frame: Frame) -> Fields:
    """What the frame says, without where its bytes are."""
    return frame.event, frame.data, frame.id, frame.retry, frame.comments, frame.replaced


def lost(tail: Tail | None) -> tuple[str, str | None, str | None, tuple[str, ...]]:
    """What the tail says. Nothing left and a late LF left are the same: that one byte's place is the chunking's."""
    return (tail.event, tail.data, tail.id, tail.comments) if tail else ("", None, None, ())


LINES = (
    b"data: one",
    b"data:two",
    b"data",
    b"data:",
    b"data:  kept",
    "data: ∑é😀\u2028\u0085\x0b\x0c".encode(),
    b'data: {"a": "b: c"}',
    b"data: \xff\xe2\x82",
    b"data: \xef\xbb\xbf",
    b"event: message",
    b"event: response.created",
    b"event",
    b"id: 7",
    b"id:",
    b"id: a\0b",
    b"retry: 10",
    b"retry: +10",
    b"retry: 1_0",
    b"retry:  1",
    b"retry",
    b": a comment",
    b":",
    b" data: indented",
    b"Data: other case",
    b"unknown: field",
    b"\xef\xbb\xbfdata: marked",
    b"\xef\xbb\xbf",
    b"\xef\xbb",
    b"",
    b"",
    b"",
)
LINE_ENDS = (b"\n", b"\r", b"\r\n")


def streams(lines: tuple[bytes, ...] = LINES, line_ends: tuple[bytes, ...] = LINE_ENDS) -> st.SearchStrategy[bytes]:
    """Streams of telling lines in any order, each line end drawn for itself, with any last line, finished or not."""
    line = st.builds(bytes.__add__, st.sampled_from(lines), st.sampled_from(line_ends))
    return st.builds(
        lambda drawn, last: b"".join(drawn) + last, st.lists(line, max_size=12), st.sampled_from((b"", *lines))
    )


@st.composite
def chunkings(draw: st.DrawFn, stream: bytes) -> list[bytes]:
    """``stream`` cut anywhere, empty chunks included."""
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
