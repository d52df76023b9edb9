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
from typing import Protocol

from harness.delivery import Action, Delivery, Framing, Head, Send, Stall, Wait
from harness.delivery.actions import EndingAction
from harness.mutations.flow import Origin, flow_of, rechunked
from harness.mutations.index import Index
from harness.mutations.piece import Piece, Stop, frame_of
from harness.wire import decode

__all__ = ["Chunking", "Coding", "Piece", "Stop", "Take", "frame_of"]


class Chunking(Protocol):
    """A rule for where chunks begin."""

    def breaks(self, body: bytes) -> Iterable[int]:
        """Offsets in a whole body at which a chunk begins."""


class Coding(Protocol):
    """A content coding of the whole body."""

    def coded(self, actions: Sequence[Action], *, whole: bool) -> list[Action]:
        """The same writes and silences, encoded; ``whole`` unless the stream stops early."""


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
    coding: Coding | None = None
    """The body goes out encoded; chunks are then cut from the encoded bytes."""
    origin: Origin | None = field(default=None, compare=False, repr=False)
    _index: Index | None = field(init=False, default=None, compare=False, repr=False)

    @classmethod
    def of(cls, delivery: Delivery) -> Take:
        """Take a delivery apart. A body that is encoded or no event stream has no pieces, only a rest.

        What a process writes is not taken apart: it has neither pieces nor a head, and no plan edits it.
        """
        return _taken_apart(delivery) if delivery.stdio is None else _NOTHING

    @property
    def index(self) -> Index:
        """Where in the stream is what."""
        if self._index is None:
            object.__setattr__(self, "_index", Index(self.pieces))
        assert self._index is not None
        return self._index

    def with_pieces(self, pieces: Sequence[Piece]) -> Take:
        # Written out: ``replace`` costs as much as all the rest of a small edit.
        return Take(
            tuple(pieces),
            self.rest,
            self.head,
            self.ending,
            self.rest_breaks,
            self.rest_waits,
            self.before_head_ms,
            self.before_end_ms,
            self.length_error,
            self.chunking,
            self.coding,
            self.origin,
        )

    def with_piece(self, position: int, piece: Piece) -> Take:
        return self.with_pieces((*self.pieces[:position], piece, *self.pieces[position + 1 :]))

    @property
    def body(self) -> bytes:
        """The whole body, before any coding, whether or not the connection lives to send it."""
        return b"".join([piece.raw for piece in self.pieces]) + self.rest

    def delivery(self) -> Delivery:
        """Put together again."""
        before = (Wait(self.before_head_ms),) if self.before_head_ms else ()
        if self.head is None:
            return Delivery((*before, self.ending))
        flow, stop = flow_of(self.pieces, (self.rest, self.rest_breaks, self.rest_waits, None), self.origin)
        flow.close()
        silence = flow.silence + (self.before_end_ms if stop is None else 0.0)
        actions: list[Action] = flow.actions
        if self.coding is not None:
            actions = self.coding.coded(actions, whole=stop is None)
        if self.chunking is not None:
            actions = rechunked(actions, self.chunking.breaks)
        last = (Wait(silence),) if silence else ()
        ending = self.ending if stop is None else stop.ending
        return Delivery((*before, self._stated(self.head, actions), *actions, *last, ending))

    def _stated(self, head: Head, actions: Sequence[Action]) -> Head:
        """The head, with the length that the server believes in."""
        if head.framing is not Framing.LENGTH:
            return head
        sent = sum(len(action.data) for action in actions if isinstance(action, Send))
        # A server that dies half-way has already promised the whole.
        promised = sent if self.coding is not None else len(self.body)
        if self.length_error is not None:
            return replace(head, declared_length=max(0, promised + self.length_error))
        return replace(head, declared_length=promised) if sent < promised else head


_NOTHING = Take((), b"", None, Stall())


@lru_cache(maxsize=512)
def _taken_apart(delivery: Delivery) -> Take:
    flow, before_head_ms, before_end_ms = _timeline(delivery)
    raws, rest = _frames(delivery)
    breaks, waits = _marks(flow)
    bounds = [0]
    for raw in raws:
        bounds.append(bounds[-1] + len(raw))
    bounds.append(len(delivery.body) + 1)
    cut_breaks, cut_waits = _share(breaks, bounds), _share(list(waits), bounds)
    timed = [
        tuple((offset, waits[start + offset]) for offset in own) for start, own in zip(bounds, cut_waits, strict=False)
    ]
    pieces = tuple(Piece(*cut) for cut in zip(raws, cut_breaks, timed, strict=False))
    return Take(
        pieces,
        rest,
        delivery.head,
        delivery.ending,
        rest_breaks=cut_breaks[-1],
        rest_waits=timed[-1],
        before_head_ms=before_head_ms,
        before_end_ms=before_end_ms,
        origin=Origin(pieces, flow),
    )


def _timeline(delivery: Delivery) -> tuple[list[Action], float, float]:
    """What is sent and waited between head and ending, and the silences before the head and before the ending."""
    flow: list[Action] = []
    silence = before_head_ms = 0.0
    for action in delivery.actions[:-1]:
        match action:
            case Wait(ms=ms):
                silence += ms
            case Head():
                before_head_ms, silence = silence, 0.0
            case _:
                flow += [Wait(silence), action] if silence else [action]
                silence = 0.0
    return (flow, silence, 0.0) if delivery.head is None else (flow, before_head_ms, silence)


def _marks(flow: Sequence[Action]) -> tuple[list[int], dict[int, float]]:
    """Chunk starts, and silences, by body offset."""
    breaks: list[int] = []
    waits: dict[int, float] = {}
    offset = 0
    for action in flow:
        if isinstance(action, Send):
            breaks.append(offset)
            offset += len(action.data)
        elif isinstance(action, Wait):
            waits[offset] = action.ms
    return breaks, waits


def _frames(delivery: Delivery) -> tuple[list[bytes], bytes]:
    """The exact bytes of every whole frame, and of what follows them."""
    headers = {name.lower(): value.lower() for name, value in delivery.head.headers} if delivery.head else {}
    encoded = headers.get("content-encoding", "identity") != "identity"
    if encoded or not headers.get("content-type", "").startswith("text/event-stream"):
        return [], delivery.body
    frames, tail = decode(delivery.body)
    return [frame.raw for frame in frames], tail.raw if tail else b""


def _share(offsets: Sequence[int], bounds: Sequence[int]) -> list[tuple[int, ...]]:
    """Sorted offsets, dealt out to the stretches between bounds and counted from each stretch's start."""
    cuts = [bisect_left(offsets, bound) for bound in bounds]
    return [
        tuple(offset - start for offset in offsets[first:last])
        for start, first, last in zip(bounds, cuts, cuts[1:], strict=False)
    ]
