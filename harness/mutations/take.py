"""One delivery, taken apart for editing: frames that keep their exact bytes until something touches them.

Everything an operator places in a stream (a chunk boundary, a silence, the point where the connection dies) is
attached to the frame it belongs to, so it moves with that frame when later operators insert, drop or reorder.
Putting an unedited take together gives the delivery back.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

from harness.delivery import Action, Delivery, Framing, Head, Send, Wait
from harness.delivery.actions import EndingAction
from harness.mutations import lines
from harness.protocols.responses.event import Event
from harness.protocols.responses.event import decode as decode_event
from harness.wire import Frame, decode


class Chunking(Protocol):
    """A rule for where chunks begin."""

    def breaks(self, body: bytes) -> Iterable[int]:
        """Offsets in a whole body at which a chunk begins."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The connection ends inside or after this frame, whatever was to come."""

    offset: int
    """Bytes of the frame that are still sent."""
    ending: EndingAction


@dataclass(frozen=True, slots=True)
class Piece:
    """A frame and what happens while it is sent."""

    frame: Frame
    breaks: tuple[int, ...] = (0,)
    """Offsets in the frame at which a chunk begins."""
    waits: tuple[tuple[int, float], ...] = ()
    """``(offset, ms)``: silences before a byte of the frame."""
    stop: Stop | None = None
    event: Event | None = field(init=False, compare=False, repr=False)
    """What the frame dispatches; None for comments and the like."""

    def __post_init__(self) -> None:
        # Decoded once a piece and not at each look: selectors look at every frame, operators touch few.
        object.__setattr__(self, "event", decode_event(0, self.frame))

    def rewritten(self, raw: bytes) -> Piece:
        """The same piece with other bytes. What was attached inside the frame is gone; what was before it stays."""
        return Piece(
            frame_of(raw),
            breaks=tuple(offset for offset in self.breaks if offset == 0),
            waits=tuple((offset, ms) for offset, ms in self.waits if offset == 0),
            stop=self.stop and replace(self.stop, offset=min(self.stop.offset, len(raw))),
        )

    def with_data(self, data: str) -> Piece:
        return self.rewritten(lines.with_data(self.frame.raw, data))


@lru_cache(maxsize=4096)
def frame_of(raw: bytes) -> Frame:
    """The one frame these bytes are. Raises ValueError when they are none, or several."""
    frames, tail = decode(raw)
    if len(frames) != 1 or tail is not None:
        raise ValueError(f"not exactly one frame: {raw[:80]!r}")
    return frames[0]


@dataclass(frozen=True, slots=True)
class Take:
    """A delivery being edited. Offsets and positions are never stored for the whole body: they follow the pieces."""

    pieces: tuple[Piece, ...]
    rest: bytes
    """Bytes after the last whole frame; the whole body when it is no plain event stream."""
    head: Head | None
    ending: EndingAction
    rest_breaks: tuple[int, ...] = ()
    rest_waits: tuple[tuple[int, float], ...] = ()
    before_head_ms: float = 0.0
    before_end_ms: float = 0.0
    length_error: int | None = None
    """With content-length framing: how far the stated length is off; None keeps what the head says."""
    chunking: Chunking | None = None
    """Overrules the breaks of all pieces."""

    @classmethod
    def of(cls, delivery: Delivery) -> Take:
        """Take a delivery apart. A body that is encoded or no event stream has no pieces, only a rest."""
        return _taken_apart(delivery)

    def with_pieces(self, pieces: Sequence[Piece]) -> Take:
        return replace(self, pieces=tuple(pieces))

    def with_piece(self, position: int, piece: Piece) -> Take:
        return replace(self, pieces=(*self.pieces[:position], piece, *self.pieces[position + 1 :]))

    @property
    def body(self) -> bytes:
        """The whole body, whether or not the connection lives to send it."""
        return b"".join(piece.frame.raw for piece in self.pieces) + self.rest

    def delivery(self) -> Delivery:
        """Put together again."""
        before = (Wait(self.before_head_ms),) if self.before_head_ms else ()
        if self.head is None:
            return Delivery((*before, self.ending))
        body, laid = self.body, self._laid_out()
        end, ending = (len(body), self.ending) if laid.stop is None else laid.stop
        breaks = laid.breaks if self.chunking is None else self.chunking.breaks(body)
        edges = sorted({0, end, *(b for b in breaks if b < end), *(w for w in laid.waits if w < end)})
        actions: list[Action] = [*before, self._stated_head(len(body), cut=end < len(body))]
        for start, stop in pairwise(edges):
            if start in laid.waits:
                actions.append(Wait(laid.waits[start]))
            actions.append(Send(body[start:stop]))
        last_wait = laid.waits.get(end, 0.0) + (self.before_end_ms if laid.stop is None else 0.0)
        return Delivery((*actions, *((Wait(last_wait),) if last_wait else ()), ending))

    def _stated_head(self, length: int, *, cut: bool) -> Head:
        assert self.head is not None
        if self.head.framing is not Framing.LENGTH:
            return self.head
        if self.length_error is not None:
            return replace(self.head, declared_length=max(0, length + self.length_error))
        # A server that dies half-way has already promised the whole.
        return replace(self.head, declared_length=length) if cut else self.head

    def _laid_out(self) -> _Layout:
        layout = _Layout()
        start = 0
        for piece in self.pieces:
            layout.add(start, piece.breaks, piece.waits)
            if piece.stop is not None and layout.stop is None:
                layout.stop = (start + piece.stop.offset, piece.stop.ending)
            start += len(piece.frame.raw)
        layout.add(start, self.rest_breaks, self.rest_waits)
        return layout


@dataclass(slots=True)
class _Layout:
    breaks: list[int] = field(default_factory=list)
    waits: dict[int, float] = field(default_factory=dict)
    stop: tuple[int, EndingAction] | None = None

    def add(self, start: int, breaks: Iterable[int], waits: Iterable[tuple[int, float]]) -> None:
        self.breaks += [start + offset for offset in breaks]
        for offset, ms in waits:
            self.waits[start + offset] = self.waits.get(start + offset, 0.0) + ms


@lru_cache(maxsize=512)
def _taken_apart(delivery: Delivery) -> Take:
    breaks, waits, before_head_ms, before_end_ms = _timeline(delivery)
    frames, rest = _frames(delivery)
    bounds = [frame.start for frame in frames]
    bounds += [len(delivery.body) - len(rest), len(delivery.body) + 1]
    cut_breaks, cut_waits = _share(breaks, bounds), _share(list(waits), bounds)
    timed = [
        tuple((offset, waits[start + offset]) for offset in own) for start, own in zip(bounds, cut_waits, strict=False)
    ]
    return Take(
        tuple(
            Piece(frame, own, timed[number])
            for number, (frame, own) in enumerate(zip(frames, cut_breaks, strict=False))
        ),
        rest,
        delivery.head,
        delivery.ending,
        rest_breaks=cut_breaks[-1],
        rest_waits=timed[-1],
        before_head_ms=before_head_ms,
        before_end_ms=before_end_ms,
    )


def _timeline(delivery: Delivery) -> tuple[list[int], dict[int, float], float, float]:
    """Chunk starts, silences by body offset, and the silences before the head and before the ending."""
    breaks: list[int] = []
    waits: dict[int, float] = {}
    offset, silence, before_head_ms = 0, 0.0, 0.0
    for action in delivery.actions:
        match action:
            case Wait(ms=ms):
                silence += ms
            case Head():
                before_head_ms, silence = silence, 0.0
            case Send(data=data):
                breaks.append(offset)
                if silence:
                    waits[offset] = silence
                offset, silence = offset + len(data), 0.0
            case _ if delivery.head is None:
                before_head_ms, silence = silence, 0.0
    return breaks, waits, before_head_ms, silence


def _frames(delivery: Delivery) -> tuple[list[Frame], bytes]:
    headers = {name.lower(): value.lower() for name, value in delivery.head.headers} if delivery.head else {}
    encoded = headers.get("content-encoding", "identity") != "identity"
    if encoded or not headers.get("content-type", "").startswith("text/event-stream"):
        return [], delivery.body
    frames, tail = decode(delivery.body)
    return frames, tail.raw if tail else b""


def _share(offsets: Sequence[int], bounds: Sequence[int]) -> list[tuple[int, ...]]:
    """Sorted offsets, dealt out to the stretches between bounds and counted from each stretch's start."""
    cuts = [bisect_left(offsets, bound) for bound in bounds]
    return [
        tuple(offset - start for offset in offsets[first:last])
        for start, first, last in zip(bounds, cuts, cuts[1:], strict=False)
    ]
