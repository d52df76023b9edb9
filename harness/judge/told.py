"""What a body tells, read by the letter.

The bodies of a campaign differ by a frame or two, and one case asks for the same body several times. So facts are
kept by the exact bytes of their frame, and readings by those of the whole body.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from harness.protocols.responses.catalogue import EVENTS, TERMINALS
from harness.protocols.responses.event import Event, decode
from harness.protocols.responses.reading import Fact, Reading, TerminalKind, fact_of, read, read_facts
from harness.protocols.responses.reading.terminal import terminal_of
from harness.protocols.responses.reading.untyped import typed
from harness.wire import Frame, frame_of, split, whole_blocks
from harness.wire import decode as decode_frames

UNTYPED = "a part that states no type is of the usual one"


class Told:
    """A body's facts, and the reading they make; ``pieces`` make the body up."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        kept = sum(map(len, pieces)) <= _KEPT_BYTES
        facts = _of_pieces(pieces) if kept else None
        self._pieces, self.rest = pieces, b""
        if facts is None:
            blocks, self.rest = split(b"".join(pieces))
            known = _KNOWN if kept else _Facts()
            facts = [known[block] for block in blocks]
        self.total_frames = len(facts)
        self.facts = [fact for fact in facts if fact is not None]
        every = len(self.facts) == len(facts)
        self.numbers = range(len(facts)) if every else [number for number, fact in enumerate(facts) if fact is not None]
        self.reading: Reading = read_facts(self.facts, self.numbers)
        readings = [(reason, read(events)) for reason, events in _other_streams(self)]
        self.others = tuple((reason, reading) for reason, reading in readings if reading != self.reading)
        """The other right readings, each with the reason why it is one."""

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        return tuple(decode_frames(b"".join(self._pieces))[0])

    @property
    def events(self) -> list[Event]:
        """The events in their places."""
        return [fact.event._replace(frame=n) for fact, n in zip(self.facts, self.numbers, strict=True)]

    @property
    def last_event(self) -> Event | None:
        """The event in the rest that no blank line ended; None when there is none."""
        return decode(self.total_frames, frame_of(self.rest)) if self.rest else None


def told(pieces: tuple[bytes, ...]) -> Told:
    """The body as its reader has it, in pieces, read."""
    known = _BODIES.get(pieces)
    if known is None:
        if len(_BODIES) >= _KEPT_BODIES:
            _BODIES.clear()
        known = _BODIES[pieces] = Told(pieces)
    return known


_BODIES: dict[tuple[bytes, ...], Told] = {}
_KEPT_BODIES = 8
"""One case asks for the same body several times, and for few others."""


class _Facts(dict[bytes, Fact | None]):
    """By the bytes of their block, wherever it stands; None where nothing is dispatched."""

    def __missing__(self, block: bytes) -> Fact | None:
        event = decode(0, frame_of(block))
        if len(self) >= _KEPT_FACTS:
            self.clear()  # those of the cassettes at hand are back after a case each
        fact = self[block] = None if event is None else fact_of(event)
        return fact


class _Pieces(dict[bytes, tuple[Fact | None, ...] | None]):
    """The facts of a piece that was sent, or of several together; None for what is no whole number of plain frames."""

    def __missing__(self, sent: bytes) -> tuple[Fact | None, ...] | None:
        blocks = whole_blocks(sent)
        if len(self) >= _KEPT_FACTS:
            self.clear()
        found = self[sent] = None if blocks is None else tuple([_KNOWN[block] for block in blocks])
        return found


def _of_pieces(pieces: Sequence[bytes]) -> list[Fact | None] | None:
    """The facts of a body in pieces that come to whole frames, as servers send them; None for any other.

    What a plan leaves alone are the recording's own pieces, whose hash is known; a body's would be worked out anew.
    """
    if len(pieces) < 2:
        return None  # a body in one piece is no recording's own
    facts: list[Fact | None] = []
    begun: list[bytes] = []
    for piece, known in zip(pieces, map(_PIECES.get, pieces), strict=True):
        if known is not None and not begun:
            facts += known
            continue
        begun.append(piece)
        if piece.endswith(_BLANK):
            together = _PIECES[b"".join(begun)]
            if together is None:
                return None
            facts += together
            begun.clear()
    return None if begun else facts


_BLANK = b"\n\n"
_PIECES = _Pieces()
_KNOWN = _Facts()
_KEPT_FACTS = 16_384
_KEPT_BYTES = 1024 * 1024
"""Facts of a longer body are not kept: a few of those would fill the memory."""


def _other_streams(told: Told) -> Iterator[tuple[str, Sequence[Event]]]:
    letter, terminal = told.reading, told.reading.terminal
    last = told.last_event if terminal is None else None
    if last is not None and last.damage is None:
        yield "the last frame is taken although no blank line ended it", [*told.events, last]
    if letter.done_marker is not None:
        yield "[DONE] ends the stream", [event for event in told.events if event.frame < letter.done_marker]
    if terminal is not None and terminal.alias:
        others = [event for event in told.events if event.type != terminal.type]
        yield f"{terminal.type} is an event only some servers send", others
    if letter.lawless:
        strict = [_rejected(event) if event.lawless else event for event in told.events]
        yield "a strict decoder rejects some of the frames", strict
    if letter.untyped:
        yield UNTYPED, [typed(event) if event.frame in letter.untyped else event for event in told.events]
    if letter.named:
        reason = "an event whose data states no type is none to a reader that goes by the data"
        yield reason, [_nameless(event) if event.frame in letter.named else event for event in told.events]
    if letter.unknown and any(map(_code_and_message, told.events)):
        errors = [_named_error(event) if _code_and_message(event) else event for event in told.events]
        yield "an object with a code and a message is an error, even one without a type", errors
    if terminal is not None and terminal.kind is TerminalKind.COMPLETED and terminal.contested:
        unfinished = [event for event in told.events if not _contested(event)]
        yield "a status that is not final leaves the response unfinished", unfinished
    by_name = terminal if terminal is not None and terminal.status is None else None
    if by_name is not None and (by_name.kind is TerminalKind.COMPLETED or letter.done_marker == by_name.frame):
        spoken = [
            _nameless(event) if event.payload is None and event.type in TERMINALS else event for event in told.events
        ]
        yield "an event without data says nothing, not even that the response is over", spoken


def _contested(event: Event) -> bool:
    """Whether it completes the response by its name, and states a status that does not."""
    terminal = terminal_of(event)
    return terminal is not None and terminal.kind is TerminalKind.COMPLETED and terminal.contested


def _code_and_message(event: Event) -> bool:
    """Whether it is an object without a type, by its name too, that says a code and a message, as errors do."""
    payload = event.payload or {}
    if "type" in payload or event.type in EVENTS:
        return False
    stated = [payload.get(name) for name in ("code", "message")]
    return all(isinstance(value, str | int) and value != "" for value in stated)


def _named_error(event: Event) -> Event:
    return event._replace(name="error", type="error")


def _nameless(event: Event) -> Event:
    return event._replace(name="", type="")


def _rejected(event: Event) -> Event:
    return Event(event.frame, event.name, event.name, None, event.data, "a strict decoder rejects it", True)
