"""How the stream is framed: lawful variety that consumers trip over is told as info, damage as an error.

WHATWG HTML, 9.2 "Server-sent events"; Open Responses adds that ``event`` equals the payload's ``type`` and that
servers send no ``id``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from harness.protocols.responses.event import DONE
from harness.protocols.responses.lint.remark import Flaw, Rule, error, info, warning
from harness.protocols.responses.lint.stream import Stream, text_at
from harness.wire import Frame

_BOM = b"\xef\xbb\xbf"
_UNSPACED = re.compile(rb"(?:^|[\r\n])(?:data|event|id|retry):[^ \r\n]")


def unspaced(frame: Frame) -> bool:
    """Whether some field of a frame has no space after its colon; the standard lets both be."""
    return _UNSPACED.search(frame.raw) is not None


def _event_lines(stream: Stream) -> Iterator[Flaw]:
    payloads = [event for event in stream.events if event.data not in {"", DONE}]
    some = any(event.name for event in payloads)
    tell = warning if some else info
    for event in payloads:
        if not event.name:
            yield tell(event.frame, "", "no event line" + (", though other frames have one" if some else ""))


def _event_matches(stream: Stream) -> Iterator[Flaw]:
    for event in stream.events:
        stated = text_at(event.payload, "type")
        if event.name and stated is not None and event.name != stated:
            tell = info if event.name == "message" else error
            yield tell(event.frame, "/type", f"the event line says {event.name[:80]!r}, the payload {stated[:80]!r}")


def _end_mark(stream: Stream) -> Iterator[Flaw]:
    last = stream.events[-1] if stream.events else None
    for event in stream.events:
        if event.data != DONE:
            continue
        if event is last and stream.terminal is not None:
            yield info(event.frame, "", "an end mark [DONE] after the terminal")
        elif event is last:
            yield error(event.frame, "", "an end mark [DONE] in place of a terminal")
        else:
            yield error(event.frame, "", "an end mark [DONE] before the last event")


def _side_lines(stream: Stream) -> Iterator[Flaw]:
    for number, frame in enumerate(stream.frames):
        if frame.comments:
            yield info(number, "", f"a comment: {frame.comments[0].strip()[:80]!r}")
        if frame.id is not None:
            yield info(number, "", "an id line")
        if frame.retry is not None:
            yield info(number, "", "a retry line")
        if unspaced(frame):
            yield info(number, "", "no space after the colon of a field")
        if b"\r" in frame.raw:
            yield info(number, "", "lines end in CR or CRLF")
        if frame.data is not None and "\n" in frame.data:
            yield info(number, "", "data over more than one line")


def _no_mark(stream: Stream) -> Iterator[Flaw]:
    if stream.frames and stream.frames[0].raw.startswith(_BOM):
        yield warning(0, "", "a byte order mark: decoders that keep it lose the first event")


def _valid_utf8(stream: Stream) -> Iterator[Flaw]:
    for number, frame in enumerate(stream.frames):
        if frame.replaced:
            yield error(number, "", "bytes that are not UTF-8")


def _whole_payloads(stream: Stream) -> Iterator[Flaw]:
    for event in stream.events:
        if event.damage is not None:
            yield error(event.frame, "", event.damage)
        elif event.data == "":
            yield warning(event.frame, "", "an event with empty data: decoders that do not expect it fail on it")
        if event.lawless:
            yield warning(event.frame, "", "JSON that decoders lawfully read in different ways")


def _ended_frame(stream: Stream) -> Iterator[Flaw]:
    tail = stream.tail
    if tail is None:
        return
    if not tail.lost:
        yield info(None, "", "the stream ends inside a block that holds no data")
    elif _is_json(tail.data or ""):
        yield error(None, "", "the last frame has no blank line after it, so the standard discards it")
    else:
        yield error(None, "", "the stream ends inside a frame")


def _is_json(data: str) -> bool:
    if data == DONE:
        return True
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


RULES = (
    Rule("event-line", "Every frame names its event, or none does.", _event_lines),
    Rule("event-matches-type", "The event line equals the payload's type.", _event_matches),
    Rule("end-mark", "[DONE] comes last and never instead of a terminal; api.openai.com sends none.", _end_mark),
    Rule(
        "side-lines",
        "Comments, ids, retry times, unspaced fields and other lawful variety are worth knowing.",
        _side_lines,
    ),
    Rule("byte-order-mark", "The stream starts with its first field.", _no_mark),
    Rule("utf-8", "The stream is UTF-8.", _valid_utf8),
    Rule("payload", "The data of every frame is one JSON object.", _whole_payloads),
    Rule("final-blank-line", "The last frame ends in a blank line.", _ended_frame),
)
