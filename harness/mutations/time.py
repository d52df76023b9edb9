"""Time: silence, while the connection stays open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harness.mutations.operator import AT, PLACE, Layer, Operator, Place, register, selected
from harness.mutations.selector import Selector
from harness.mutations.take import Piece, Take

_MS: dict[str, Any] = {"type": "number", "exclusiveMinimum": 0}


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
    parameters: ClassVar[dict[str, Any]] = {"at": AT, "ms": _MS, "place": PLACE}

    def apply(self, take: Take) -> Take:
        pieces: list[Piece] = list(take.pieces)
        for position in selected(take, self.at):
            piece = pieces[position]
            offset = 0 if self.place == "before" else len(piece.frame.raw)
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
    parameters: ClassVar[dict[str, Any]] = {"ms": _MS}

    def apply(self, take: Take) -> Take:
        return replace(take, before_head_ms=take.before_head_ms + self.ms)
