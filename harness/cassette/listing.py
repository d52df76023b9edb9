"""A recorded response as rows for people: which frame, where, when, and what it says in short."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.cassette.model import Kind, RecordedResponse
from harness.protocols.responses.event import decode as decode_event
from harness.wire import Frame, decode


@dataclass(frozen=True, slots=True)
class Row:
    """One frame of an event stream, or one line of JSON-RPC."""

    number: int | None
    """From 0; None for what was left unfinished at the end."""
    offset: int
    ms: float
    """When its last byte came, from the request."""
    type: str
    index: int | None
    """Its ``output_index``."""
    payload: str


def is_event_stream(response: RecordedResponse) -> bool:
    """Whether the body can be read as frames: an event stream that is not content-encoded."""
    plain = not response.header("content-encoding")
    return plain and response.header("content-type").lower().startswith("text/event-stream")


def rows(response: RecordedResponse, kind: Kind = "sse") -> Iterator[Row]:
    """The body, frame by frame or line by line; nothing for a body that is neither."""
    arrivals = _Arrivals(response)
    if kind == "jsonl":
        yield from _lines(response.body, arrivals)
    elif is_event_stream(response):
        yield from _frames(response.body, arrivals)


class _Arrivals:
    def __init__(self, response: RecordedResponse) -> None:
        self._offsets = [offset for offset, _ in response.chunks]
        self._ms = [ms for _, ms in response.chunks]

    def at(self, end: int) -> float:
        """When the byte before ``end`` came."""
        return self._ms[bisect_right(self._offsets, end - 1) - 1]


def _frames(body: bytes, arrivals: _Arrivals) -> Iterator[Row]:
    frames, tail = decode(body)
    for number, frame in enumerate(frames):
        yield _frame(number, frame, arrivals.at(frame.end))
    if tail is not None:
        text = tail.raw.decode(errors="replace")
        yield Row(None, tail.start, arrivals.at(len(body)), "(unfinished)", None, text)


def _frame(number: int, frame: Frame, ms: float) -> Row:
    event = decode_event(number, frame)
    if event is None:
        return Row(number, frame.start, ms, "(nothing)", None, frame.raw.decode(errors="replace"))
    if event.payload is None:
        return Row(number, frame.start, ms, event.type or "(no type)", None, event.damage or event.data)
    index = event.payload.get("output_index")
    index = index if isinstance(index, int) else None
    return Row(number, frame.start, ms, event.type, index, _short(event.payload))


def _lines(body: bytes, arrivals: _Arrivals) -> Iterator[Row]:
    start = 0
    for number, line in enumerate(body.splitlines(keepends=True)):
        end = start + len(line)
        text = line.decode(errors="replace")
        yield Row(number, start, arrivals.at(end), _says(text), None, text)
        start = end


def _says(line: str) -> str:
    """The method of a JSON-RPC message, or that it is an answer."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return "(no JSON)"
    if not isinstance(message, dict):
        return "(no message)"
    return str(message.get("method") or ("(error)" if "error" in message else "(answer)"))


def _short(payload: Mapping[str, Any]) -> str:
    """The payload without what has a column of its own; what a frame is there for comes first."""
    rest = {key: value for key, value in payload.items() if key not in _SHOWN}
    return json.dumps(dict(sorted(rest.items(), key=lambda entry: entry[0] in _PLACES)), ensure_ascii=False)


_SHOWN = frozenset({"type", "output_index", "sequence_number", "obfuscation", "logprobs"})
"""In columns of their own, or padding."""
_PLACES = frozenset({"item_id", "content_index", "summary_index", "annotation_index"})
