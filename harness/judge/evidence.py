"""What a consumer was really told: the transcript joined with the reading of every byte that reached it.

Where the standard leaves two right readings of the same bytes, both are kept: the first is the reading by the
letter, the others are named. A consumer is judged by the one that suits it best; what only a named reading
excuses is lenient, never a pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from harness.contract import Capabilities, Case
from harness.delivery import Ending, Served, Stall, Transcript
from harness.protocols.responses.errors import ProviderError, error_of_body
from harness.protocols.responses.event import Event, decode, decode_all
from harness.protocols.responses.reading import Reading, TerminalKind, read
from harness.wire import Frame, Tail
from harness.wire import decode as decode_frames

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
    frames: tuple[Frame, ...] = ()
    error: ProviderError | None = None
    """Of the answer as a whole: an HTTP error, or a body that is one."""
    custom: str = ""
    """Why this is not the reading by the letter; empty when it is."""
    events: tuple[Event, ...] = ()

    @property
    def status(self) -> int | None:
        head = self.served.delivery.head
        return head.status if head and self.served.head_taken else None

    @property
    def event_names(self) -> Iterator[tuple[int, str]]:
        """Frame and type of every event up to the terminal."""
        last = self.reading.terminal.frame if self.reading.terminal else len(self.frames)
        return ((event.frame, event.type) for event in self.events if event.frame <= last)

    @property
    def text_deltas(self) -> Iterator[str]:
        """The text deltas in the order of arrival, whichever item they belong to."""
        last = self.reading.terminal.frame if self.reading.terminal else len(self.frames)
        for event in self.events:
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
        return tuple(by_the_letter for by_the_letter, *_ in self.readings)

    @property
    def last(self) -> Attempt:
        return self.readings[-1][0]

    @property
    def alternatives(self) -> tuple[Attempt, ...]:
        """The other right readings of the last attempt."""
        return self.readings[-1][1:]


def gather(transcript: Transcript, capabilities: Capabilities, case: Case) -> tuple[TurnEvidence, ...]:
    """The evidence of every turn that was asked for, in order."""
    patience_ms = min(capabilities.deadlines.smallest_ms, min(case.timeouts.values(), default=float("inf")))
    turns = []
    for number in range(transcript.turns):
        served = transcript.turn(number)
        readings = [tuple(_readings(entry, patience_ms, case.cancel_after is not None)) for entry in served]
        turns.append(TurnEvidence(number, tuple(readings)))
    return tuple(turns)


def _readings(served: Served, patience_ms: float, cancelled: bool) -> Iterator[Attempt]:
    body, ending = _owned(served, patience_ms, cancelled)
    head = served.delivery.head
    if head is None or not served.head_taken:
        yield Attempt(served, "silence", ending, Reading())
        return
    media = next((value for name, value in head.headers if name.lower() == "content-type"), "")
    if not 200 <= head.status < 300:
        yield Attempt(served, "error", ending, Reading(), error=error_of_body(head.status, body))
        return
    is_stream = media.split(";")[0].strip().lower() == "text/event-stream"
    if is_stream or not media:
        yield from _streams(served, ending, body, "")
        return
    yield _whole_body(served, ending, head.status, body)
    if b"data:" in body:
        yield from _streams(
            served, ending, body, f"the body is read as an event stream although it is labelled {media!r}"
        )


def _owned(served: Served, patience_ms: float, cancelled: bool) -> tuple[bytes, Ending]:
    """The bytes a consumer answers for. One that left on its own owns what it declined to read."""
    delivery = served.delivery
    if served.ending is not Ending.LEFT or cancelled or delivery.longest_wait_ms >= patience_ms:
        return served.body, served.ending
    if _told(served.body).reading.terminal is not None:
        return served.body, served.ending
    ending = Ending.OPEN if isinstance(delivery.ending, Stall) else Ending.LEFT
    return delivery.body, ending


def _whole_body(served: Served, ending: Ending, status: int, body: bytes) -> Attempt:
    error = error_of_body(status, body)
    if error is not None and error.message is not None:
        return Attempt(served, "error", ending, Reading(), error=error)
    response = _response_object(body)
    if response is None:
        return Attempt(served, "nothing", ending, Reading())
    kind = f"response.{response.get('status', 'completed')}"
    event = Event(0, "", kind, {"type": kind, "response": response}, "")
    return Attempt(served, "response", ending, read([event]))


def _response_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) and ("output" in value or value.get("object") == "response") else None


def _streams(served: Served, ending: Ending, body: bytes, custom: str) -> Iterator[Attempt]:
    told = _told(body)
    error = None if told.events else error_of_body(200, body)
    if error is not None and error.message is not None:
        yield Attempt(served, "error", ending, told.reading, told.frames, error, custom, told.events)
    else:
        yield Attempt(served, "stream", ending, told.reading, told.frames, None, custom, told.events)
    for reason, reading in _other_readings(told):
        if reading != told.reading:
            yield Attempt(served, "stream", ending, reading, told.frames, None, reason, told.events)


class _Told(NamedTuple):
    """A body, read by the letter."""

    frames: tuple[Frame, ...]
    tail: Tail | None
    events: tuple[Event, ...]
    reading: Reading


@lru_cache(maxsize=64)
def _told(body: bytes) -> _Told:
    # One case asks for the same bytes several times: for the client that left, for the judge, for the report.
    frames, tail = decode_frames(body)
    events = decode_all(frames)
    return _Told(tuple(frames), tail, tuple(events), read(events))


def _other_readings(told: _Told) -> Iterator[tuple[str, Reading]]:
    events, letter, tail = told.events, told.reading, told.tail
    if tail is not None and tail.lost and letter.terminal is None:
        last = decode(len(told.frames), Frame(tail.raw, tail.start, tail.event, tail.data))
        if last is not None and last.damage is None:
            yield "the last frame is taken although no blank line ended it", read([*events, last])
    if letter.done_marker is not None:
        before = [event for event in events if event.frame < letter.done_marker]
        yield "[DONE] ends the stream", read(before)
    if letter.terminal is not None and letter.terminal.alias:
        others = [event for event in events if event.type != letter.terminal.type]
        yield f"{letter.terminal.type} is an event only some servers send", read(others)
    if letter.lawless:
        strict = [_rejected(event) if event.lawless else event for event in events]
        yield "a strict decoder rejects some of the frames", read(strict)
    if letter.terminal is not None and letter.terminal.kind is TerminalKind.COMPLETED and letter.terminal.contested:
        unfinished = [event for event in events if event.frame != letter.terminal.frame]
        yield "a status that is not final leaves the response unfinished", read(unfinished)


def _rejected(event: Event) -> Event:
    return Event(event.frame, event.name, event.name, None, event.data, "a strict decoder rejects it", True)
