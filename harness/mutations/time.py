"""Time: silence, while the connection stays open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harness.mutations.fit import aims, dispatches, singles
from harness.mutations.operator import AT, PLACE, Layer, Operator, Place, insertion_points, register, selected
from harness.mutations.piece import Piece, new_piece
from harness.mutations.selector import Selector
from harness.mutations.space import Product
from harness.mutations.take import Take

_MS: dict[str, Any] = {"type": "number", "exclusiveMinimum": 0}

_SILENCES_MS = (100.0, 5_000.0, 13_000.0, 46_000.0, 61_000.0, 130_000.0, 301_000.0, 905_000.0)
"""Beyond the deadlines in use: 12, 45, 60 and 120 s to the first event or between two, 300 s idle, 900 s in all."""


@register
@dataclass(frozen=True, slots=True)
class WaitAt(Operator):
    """Be silent for so long before or after each selected frame."""

    at: Selector
    ms: float
    place: Place = "before"

    name: ClassVar[str] = "wait"
    layer: ClassVar[Layer] = "time"
    incident: ClassVar[str] = "An idle watchdog of 60 s killed long reasoning, and a missing one hung for ever."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "ms": _MS, "place": PLACE}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, aims(take, dispatches), _SILENCES_MS, ("before", "after"))

    def apply(self, take: Take) -> Take:
        pieces: list[Piece] = list(take.pieces)
        for position in selected(take, self.at):
            piece = pieces[position]
            offset = 0 if self.place == "before" else len(piece.raw)
            pieces[position] = replace(piece, waits=(*piece.waits, (offset, self.ms)))
        return take.with_pieces(pieces)


@register
@dataclass(frozen=True, slots=True)
class WaitForHead(Operator):
    """Be silent for so long before the response head."""

    ms: float

    name: ClassVar[str] = "wait-for-head"
    layer: ClassVar[Layer] = "time"
    incident: ClassVar[str] = "A watchdog of 12 s for the first byte killed healthy prefills of tens of seconds."
    parameters: ClassVar[Mapping[str, Any]] = {"ms": _MS}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, _SILENCES_MS)

    def apply(self, take: Take) -> Take:
        return replace(take, before_head_ms=take.before_head_ms + self.ms)


@register
@dataclass(frozen=True, slots=True)
class KeepAlives(Operator):
    """Send comments and no event before or after each selected frame: so many, with so long before each."""

    at: Selector
    every_ms: float
    times: int
    place: Place = "before"

    name: ClassVar[str] = "keep-alives"
    layer: ClassVar[Layer] = "time"
    incident: ClassVar[str] = (
        "Gateways send a comment every 15 s; an idle timer that counts bytes waits for ever, one of events may kill."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "at": AT,
        "every_ms": _MS,
        "times": {"type": "integer", "minimum": 1, "maximum": 10_000},
        "place": PLACE,
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, aims(take, dispatches), (15_000.0, 1_000.0), (3, 60), ("before", "after"))

    def apply(self, take: Take) -> Take:
        points = insertion_points(selected(take, self.at), self.place)
        pieces: list[Piece] = []
        for position in range(len(take.pieces) + 1):
            if position in points:
                neighbour = take.pieces[min(position, len(take.pieces) - 1)]
                comment = replace(new_piece({"comment": "keep-alive"}, neighbour), waits=((0, self.every_ms),))
                pieces += [comment] * self.times
            pieces += take.pieces[position : position + 1]
        return take.with_pieces(pieces)


@register
@dataclass(frozen=True, slots=True)
class WaitForEnd(Operator):
    """Send everything, and be silent for so long before the connection ends."""

    ms: float

    name: ClassVar[str] = "wait-for-end"
    layer: ClassVar[Layer] = "time"
    incident: ClassVar[str] = (
        "A failed response was reported only at the end of the stream; an open socket made it an idle timeout."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"ms": _MS}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, _SILENCES_MS)

    def apply(self, take: Take) -> Take:
        return replace(take, before_end_ms=take.before_end_ms + self.ms)


@register
@dataclass(frozen=True, slots=True)
class Drip(Operator):
    """Send the selected frames in small chunks, with a silence before each: bytes keep coming, events do not."""

    at: Selector
    ms: float
    size: int = 16
    """Bytes a chunk."""

    name: ClassVar[str] = "drip"
    layer: ClassVar[Layer] = "time"
    incident: ClassVar[str] = "Idle timers count bytes, or decoded events; half an event at a time tells the two apart."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "ms": _MS, "size": {"type": "integer", "minimum": 1}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, list(singles(take, dispatches)), (100.0, 5_000.0, 50_000.0), (64, 16))

    def apply(self, take: Take) -> Take:
        pieces = list(take.pieces)
        for position in selected(take, self.at):
            piece = pieces[position]
            offsets = range(0, len(piece.raw), self.size)
            waits = (*piece.waits, *((offset, self.ms) for offset in offsets))
            pieces[position] = replace(piece, breaks=tuple(offsets), waits=waits)
        return take.with_pieces(pieces)
