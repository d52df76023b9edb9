"""Other decoders, each with every way in which it is known to leave the standard.

A deviation says which streams it touches; a stream that none of a peer's deviations touches must be read alike by it
and by us. Each carries an example, so that one which a new release has mended is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import httpx
import httpx_sse
import sseclient
from openai._streaming import SSEDecoder

from harness.wire import decode

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Event:
    """What every decoder tells of a dispatched block."""

    name: str
    data: str
    id: str
    """The last event id, carried over from earlier blocks as the standard wants."""
    retry: int | None


class Stream:
    """A stream as we read it, with what deviations ask of it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.frames, self.tail = decode(raw)

    @cached_property
    def ids(self) -> list[str]:
        """The last event id at the end of each frame."""
        last, ids = "", []
        for frame in self.frames:
            last = last if frame.id is None else frame.id
            ids.append(last)
        return ids

    @property
    def events(self) -> list[Event]:
        return [
            Event(frame.event or "message", frame.data, last_id, frame.retry)
            for frame, last_id in zip(self.frames, self.ids, strict=True)
            if frame.data is not None
        ]

    def values(self, name: bytes) -> list[bytes]:
        """Values of every finished or unfinished line with this field name."""
        lines = (line.partition(b":") for line in self.raw.removeprefix(BOM).splitlines())
        return [value.removeprefix(b" ") for field, _, value in lines if field == name]


@dataclass(frozen=True)
class Deviation:
    name: str
    touches: Callable[[Stream], bool]
    """Whether the peer may read this stream otherwise than the standard wants."""
    examples: tuple[bytes, ...]


@dataclass(frozen=True)
class Peer:
    name: str
    read: Callable[[bytes], list[Event]]
    deviations: tuple[Deviation, ...]

    def reading(self, raw: bytes) -> list[Event] | str:
        """The events, or the name of the error that ended the reading."""
        try:
            return self.read(raw)
        except UnicodeDecodeError as error:
            return type(error).__name__

    def touched(self, stream: Stream) -> list[str]:
        return [deviation.name for deviation in self.deviations if deviation.touches(stream)]


def _httpx_sse(raw: bytes) -> list[Event]:
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=raw)
    return [Event(sse.event, sse.data, sse.id, sse.retry) for sse in httpx_sse.EventSource(response).iter_sse()]


def _sseclient(raw: bytes) -> list[Event]:
    return [Event(sse.event, sse.data, sse.id or "", sse.retry) for sse in sseclient.SSEClient(iter([raw])).events()]


def _openai(raw: bytes) -> list[Event]:
    read = SSEDecoder().iter_bytes(iter([raw]))
    return [Event(sse.event or "message", sse.data, sse.id or "", sse.retry) for sse in read]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_by_int(value: bytes) -> bool:
    try:
        int(value.decode("utf-8", "replace"))
    except ValueError:
        return False
    return True


BOM_IS_KEPT = Deviation(
    "a leading byte order mark is taken for part of the first line",
    lambda stream: stream.raw.startswith(BOM),
    (BOM + b"data: x\n\n", BOM + b"event: e\ndata: x\n\n"),
)
DISPATCHES_WITHOUT_DATA = Deviation(
    "a block without data is dispatched when it has an event or a retry, or when an id was ever seen",
    lambda stream: any(
        frame.data is None and (frame.event or frame.retry is not None or last_id)
        for frame, last_id in zip(stream.frames, stream.ids, strict=True)
    ),
    (b"event: e\n\n", b"retry: 5\n\n", b"id: 1\n\n", b"id: 1\ndata: x\n\n: ping\n\n", b"id: 1\ndata: x\n\n\n"),
)
RETRY_BY_INT = Deviation(
    "a retry is whatever int() reads: signs, spaces, underscores and digits of other scripts too",
    lambda stream: any(not value.isdigit() and _read_by_int(value) for value in stream.values(b"retry")),
    tuple(b"retry: %b\ndata: x\n\n" % value for value in (b"+1", b"-1", b" 1", b"1_0", "٣".encode())),
)
RETRY_NOT_CUT = Deviation(
    "a retry of more than 10**18 ms is not cut to that (the deviation is ours)",
    lambda stream: any(value.isdigit() and int(value) > 10**18 for value in stream.values(b"retry")),
    (b"retry: 1000000000000000001\ndata: x\n\n",),
)
STRICT_UTF8 = Deviation(
    "bytes that are not UTF-8 end the reading with an error",
    lambda stream: not _is_utf8(stream.raw),
    (b"data: \xff\n\n", b": \xff\n\n", b"data: \xe2\x82\n\n"),
)
RETRY_IS_TEXT = Deviation(
    "a retry is any text, and stays text",
    lambda stream: bool(stream.values(b"retry")),
    (b"retry: 5\ndata: x\n\n", b"retry: soon\ndata: x\n\n"),
)
ID_WITH_NUL = Deviation(
    "an id with a NUL is taken",
    lambda stream: any(b"\0" in value for value in stream.values(b"id")),
    (b"id: a\0\ndata: x\n\n",),
)
ID_NOT_KEPT = Deviation(
    "the last event id is forgotten after its block",
    lambda stream: any(
        frame.id is None and frame.dispatched and last_id
        for frame, last_id in zip(stream.frames, stream.ids, strict=True)
    ),
    (b"id: 1\ndata: x\n\ndata: y\n\n",),
)
END_DISPATCHES = Deviation(
    "the end of the stream dispatches an unfinished block",
    lambda stream: stream.tail is not None and stream.tail.lost,
    (b"data: x\n", b"data: x", b"data"),
)
MIXED_LINE_ENDS = Deviation(
    "a blank line is none when its line end is not that of the line before (but CRLF LF)",
    lambda stream: any(_MIXED.search(frame.raw) for frame in stream.frames),
    tuple(b"data: x%bdata: y\n\n" % ends for ends in (b"\n\r", b"\n\r\n", b"\r\r\n", b"\r\n\r")),
)
_MIXED = re.compile(rb"(?<!\r)\n\r\n?$|\r\n\r$|\r\r\n$")

HTTPX_SSE = Peer("httpx-sse", _httpx_sse, (BOM_IS_KEPT, DISPATCHES_WITHOUT_DATA, RETRY_BY_INT, RETRY_NOT_CUT))
SSECLIENT = Peer(
    "sseclient-py",
    _sseclient,
    (BOM_IS_KEPT, STRICT_UTF8, RETRY_IS_TEXT, ID_WITH_NUL, ID_NOT_KEPT, END_DISPATCHES, MIXED_LINE_ENDS),
)
OPENAI = Peer("openai", _openai, (*HTTPX_SSE.deviations, STRICT_UTF8))
PEERS = (HTTPX_SSE, SSECLIENT, OPENAI)
