"""What a consumer was really told: the transcript joined with the reading of every byte that reached it.

Where the standard leaves two right readings of the same bytes, both are kept: the first is the reading by the
letter, the others are named. A consumer is judged by the one that suits it best; what only a named reading
excuses is lenient, never a pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from harness.contract import Capabilities, Case
from harness.delivery import Ending, Headers, Served, Stall, Transcript
from harness.judge.lines import ToldLines, owned
from harness.judge.plain import Plain, codings, offered, plain_of
from harness.judge.silence import Patience
from harness.judge.told import UNTYPED, Told, told
from harness.protocols.responses.errors import ProviderError, error_of_body
from harness.protocols.responses.event import Event
from harness.protocols.responses.reading import Reading, read
from harness.protocols.responses.reading.terminal import STATUSES
from harness.protocols.responses.reading.untyped import typed
from harness.wire import Frame

Answer = Literal["stream", "response", "error", "nothing", "silence"]
"""What a body is: an event stream, one Response object, an error, nothing of use, or no head at all."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what its answer says, under one of the right readings of its bytes."""

    served: Served
    answer: Answer
    ending: Ending
    """As the client could see it; one that left early is credited with the delivery's own end."""
    reading: Reading
    told: Told | ToldLines | None = None
    """The body that was read, where it is a stream."""
    error: ProviderError | None = None
    """Of the answer as a whole: an HTTP error, or a body that is one."""
    custom: str = ""
    """Why this is not the reading by the letter; empty when it is."""
    spoiled: str = ""
    """What is wrong with the body's coding; empty when nothing is."""

    @property
    def status(self) -> int | None:
        head = self.served.delivery.head
        return head.status if head and self.served.head_taken else None

    @property
    def frames(self) -> tuple[Frame, ...]:
        return self.told.frames if self.told is not None else ()

    @property
    def total_frames(self) -> int:
        return self.told.total_frames if self.told is not None else 0

    @property
    def open_document(self) -> bool:
        """Whether the answer is one document that was never over for its reader, who cannot know that it is whole."""
        return self.answer == "response" and self.ending not in {Ending.COMPLETE, Ending.EOF}

    @property
    def text_deltas(self) -> Iterator[str]:
        """The text deltas in the order of arrival, whichever item they belong to."""
        last = self.reading.terminal.frame if self.reading.terminal else self.total_frames
        for event in self.told.events if self.told is not None else ():
            if event.type == "response.output_text.delta" and event.payload and event.frame <= last:
                delta = event.payload.get("delta")
                yield delta if isinstance(delta, str) else ""


@dataclass(frozen=True, slots=True)
class TurnEvidence:
    """All attempts at one turn, each with every right reading of it; the first is that by the letter."""

    number: int
    readings: tuple[tuple[Attempt, ...], ...]

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return tuple([readings[0] for readings in self.readings])

    @property
    def last(self) -> Attempt:
        return self.readings[-1][0]

    @property
    def alternatives(self) -> tuple[Attempt, ...]:
        """The other right readings of the last attempt."""
        return self.readings[-1][1:]


def gather(transcript: Transcript, capabilities: Capabilities, case: Case) -> tuple[TurnEvidence, ...]:
    """The evidence of every turn that was asked for, in order."""
    patience = Patience.of(capabilities, case)
    cancelled = case.cancel_after is not None or case.cancel_at_ms is not None
    turns = []
    for number in range(transcript.turns):
        served = transcript.turn(number)
        readings = [
            tuple(_readings(entry, patience.after(entry.opened_ms - served[0].opened_ms), cancelled))
            for entry in served
        ]
        turns.append(TurnEvidence(number, tuple(readings)))
    return tuple(turns)


def _readings(served: Served, patience: Patience, cancelled: bool) -> Iterator[Attempt]:
    if served.delivery.stdio is not None:
        yield from _spoken(served, patience, cancelled)
        return
    pieces, ending = _owned(served, patience, cancelled)
    head = served.delivery.head
    if head is None or not (served.head_taken or _declined(served, patience, cancelled)):
        yield Attempt(served, "silence", ending, Reading())
        return
    names = codings(head.headers)
    if not names:
        yield from _answers(served, ending, Plain(pieces), "")
        return
    plain = plain_of(b"".join(pieces), names)
    yield from _answers(served, ending, plain, "")
    if not offered(served, names):
        reason = f"a client need not read {', '.join(names)} unless it says so"
        yield from _answers(served, ending, Plain(pieces), reason)
    elif plain.broken and not plain.data:
        yield from _answers(served, ending, Plain(pieces), f"the body is read as it is although it is no {names[-1]}")


def _spoken(served: Served, patience: Patience, cancelled: bool) -> Iterator[Attempt]:
    lines, ending = owned(served, patience, cancelled)
    answer: Answer = "stream" if lines.body else "silence"
    for reason, reading in (("", lines.reading), *lines.others):
        yield Attempt(served, answer, ending, reading, lines, custom=reason)


def _answers(served: Served, ending: Ending, body: Plain, custom: str) -> Iterator[Attempt]:
    head = served.delivery.head
    assert head is not None
    media = _media(head.headers)
    if not 200 <= head.status < 300:
        legible = not (custom or body.spoiled)
        error = error_of_body(head.status, body.data) if legible else None
        yield Attempt(served, "error", ending, Reading(), None, error, custom, body.spoiled)
        return
    if not media and _response_object(body) is not None:
        yield from _whole_body(served, ending, head.status, body, custom)
        yield from _streams(served, ending, body, custom or "what has no label is an event stream, as was asked for")
        return
    if media.split(";")[0].strip().lower() == "text/event-stream" or not media:
        yield from _streams(served, ending, body, custom)
        if _response_object(body) is not None:
            labelled = f"the body is one response object although it is labelled {media!r}"
            yield from _whole_body(served, ending, head.status, body, custom or labelled)
        return
    yield from _whole_body(served, ending, head.status, body, custom)
    if b"data:" in body.data:
        labelled = f"the body is read as an event stream although it is labelled {media!r}"
        yield from _streams(served, ending, body, custom or labelled)


def _owned(served: Served, patience: Patience, cancelled: bool) -> tuple[tuple[bytes, ...], Ending]:
    """The bytes, in pieces, that a consumer answers for. One that left on its own owns what it declined to read."""
    stated = served.delivery.content_length
    if served.ending is Ending.LEFT and not cancelled and stated is not None and served.taken >= stated:
        return (served.body[:stated],), Ending.COMPLETE  # whatever comes after its length is no part of a body
    if not _declined(served, patience, cancelled):
        return served.pieces, served.ending
    ending = Ending.OPEN if isinstance(served.delivery.ending, Stall) else Ending.LEFT
    return served.delivery.pieces if stated is None else (served.delivery.body[:stated],), ending


def _declined(served: Served, patience: Patience, cancelled: bool) -> bool:
    """Whether it left on its own before the last word, be it before the first, and no silence was a reason to."""
    if served.ending is not Ending.LEFT or cancelled:
        return False
    return _stream_of(_plain(served)).reading.terminal is None and not patience.ends_in(served.delivery)


@lru_cache(maxsize=256)
def _media(headers: Headers) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _plain(served: Served) -> Plain:
    head = served.delivery.head
    names = codings(head.headers) if head is not None else ()
    return plain_of(served.body, names) if names else Plain(served.pieces)


def _stream_of(body: Plain) -> Told:
    return told(body.pieces)


def _whole_body(served: Served, ending: Ending, status: int, body: Plain, custom: str) -> Iterator[Attempt]:
    error, response = error_of_body(status, body.data), _response_object(body)
    # A response that states how it ended is one, whatever else it states: as in a stream, its terminal is read.
    ended = response is not None and response.get("status") in tuple(STATUSES)
    if error is not None and error.message is not None and not ended:
        yield Attempt(served, "error", ending, Reading(), None, error, custom, body.spoiled)
        return
    if response is None:
        yield Attempt(served, "nothing", ending, Reading(), custom=custom, spoiled=body.spoiled)
        return
    stated = response.get("status")
    word = stated if isinstance(stated, str) else ""
    # One that is still at work is not over; a status that says nothing leaves it as good as completed.
    unfinished = "incomplete" if word in {"queued", "in_progress"} else "completed"
    kind = f"response.{word if word in STATUSES else unfinished}"
    event = Event(0, "", kind, {"type": kind, "response": response}, "")
    yield Attempt(served, "response", ending, read([event]), custom=custom, spoiled=body.spoiled)
    if typed(event) is not event:
        yield Attempt(served, "response", ending, read([typed(event)]), custom=custom or UNTYPED, spoiled=body.spoiled)


def _response_object(body: Plain) -> dict[str, Any] | None:
    begun = next((piece for piece in body.pieces if piece.strip(_BLANK)), b"")
    if not begun.lstrip(_BLANK).startswith(b"{"):
        return None  # as nearly all bodies are: streams
    try:
        value = json.loads(body.data)
    except ValueError:
        return None
    return value if isinstance(value, dict) and ("output" in value or value.get("object") == "response") else None


_BLANK = b"\xef\xbb\xbf \t\r\n"


def _streams(served: Served, ending: Ending, body: Plain, custom: str) -> Iterator[Attempt]:
    stream = _stream_of(body)
    error = None if stream.facts else error_of_body(200, body.data)
    answer: Answer = "error" if error is not None and error.message is not None else "stream"
    for reason, reading in ((custom, stream.reading), *stream.others):
        if body.broken and reading.terminal is None:
            reading = _broken_off(reading, stream, body)
        yield Attempt(served, answer, ending, reading, stream, error, reason, body.spoiled)
        answer, error = "stream", None
    if body.broken and stream.reading.terminal is not None:
        reason = "what comes in one piece with a broken byte is lost to its reader"
        lost = _broken_off(stream.reading, stream, body)
        yield Attempt(served, answer, ending, lost, stream, error, reason, body.spoiled)


def _broken_off(reading: Reading, stream: Told, body: Plain) -> Reading:
    return replace(reading, terminal=None, damage=(*reading.damage, (stream.total_frames, body.spoiled)))
