"""Order: which events come, how often, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.lines import new_frame, to_text
from harness.mutations.operator import (
    AT,
    PLACE,
    Layer,
    Operator,
    Place,
    Unmatched,
    insertion_points,
    register,
    selected,
)
from harness.mutations.selector import Selector
from harness.mutations.take import Piece, Take, frame_of

FRAME_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "payload": {"type": "object"},
        "data": {"type": "string"},
        "event": {"type": "string"},
        "comment": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer"},
    },
    "not": {"required": ["payload", "data"]},
}
"""A frame as people write it: ``payload`` for JSON, ``data`` for any text, ``event: ""`` for no event line."""


def written(spec: Mapping[str, Any], like: Piece | None) -> Piece:
    """The piece of a written frame. Unless told, it has an ``event`` line when its neighbour has one."""
    payload = spec.get("payload")
    kind = payload.get("type") if payload is not None else None
    named = kind if isinstance(kind, str) and (like is None or like.frame.event) else ""
    event = spec.get("event", named)
    data = to_text(payload) if payload is not None else spec.get("data")
    fields = [
        *([f": {spec['comment']}"] if "comment" in spec else []),
        *([f"id: {spec['id']}"] if "id" in spec else []),
        *([f"retry: {spec['retry']}"] if "retry" in spec else []),
        *([f"event: {event}"] if event else []),
        *([f"data: {line}" for line in data.split("\n")] if data is not None else []),
    ]
    return Piece(frame_of(new_frame(fields, like.frame.raw if like else b"\n")))


def inserted(take: Take, points: set[int], frames: Sequence[Mapping[str, Any]]) -> Take:
    """The take with these frames written before each of the points."""
    pieces: list[Piece] = []
    for position in range(len(take.pieces) + 1):
        if position in points:
            neighbour = take.pieces[min(position, len(take.pieces) - 1)] if take.pieces else None
            pieces += [written(frame, neighbour) for frame in frames]
        pieces += take.pieces[position : position + 1]
    return take.with_pieces(pieces)


@register
@dataclass(frozen=True, slots=True)
class Drop(Operator):
    """Leave out the selected events."""

    at: Selector

    name: ClassVar[str] = "drop"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "Backends leave out deltas, item-done events or the terminal; arguments may come in done events only."
    )
    parameters: ClassVar[dict[str, Any]] = {"at": AT}

    def apply(self, take: Take) -> Take:
        gone = set(selected(take, self.at))
        return take.with_pieces([piece for position, piece in enumerate(take.pieces) if position not in gone])


@register
@dataclass(frozen=True, slots=True)
class Duplicate(Operator):
    """Send each selected event again right after itself, ``times`` more."""

    at: Selector
    times: int = 1

    name: ClassVar[str] = "duplicate"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = "Items were doubled where a gateway sent output_item.done twice for one item."
    parameters: ClassVar[dict[str, Any]] = {"at": AT, "times": {"type": "integer", "minimum": 1}}

    def apply(self, take: Take) -> Take:
        twice = set(selected(take, self.at))
        return take.with_pieces(
            [
                copy
                for position, piece in enumerate(take.pieces)
                for copy in (piece,) * (1 + self.times * (position in twice))
            ]
        )


@register
@dataclass(frozen=True, slots=True)
class Move(Operator):
    """Move the selected events, in their order, to before or after the first event that ``to`` selects."""

    at: Selector
    to: Selector
    place: Place = "after"

    name: ClassVar[str] = "move"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = "A delta came for an index that was not added yet, and was filed under the wrong item."
    parameters: ClassVar[dict[str, Any]] = {"at": AT, "to": AT, "place": PLACE}

    def apply(self, take: Take) -> Take:
        moved = selected(take, self.at)
        target = next((position for position in selected(take, self.to) if position not in moved), None)
        if target is None:
            raise Unmatched(f"{self.to} selects nothing but what is to be moved")
        point = target + (self.place == "after")
        kept = [
            [take.pieces[p] for p in part if p not in moved] for part in (range(point), range(point, len(take.pieces)))
        ]
        return take.with_pieces([*kept[0], *(take.pieces[p] for p in moved), *kept[1]])


@register
@dataclass(frozen=True, slots=True)
class Insert(Operator):
    """Send these frames before or after each selected event."""

    at: Selector
    frames: tuple[dict[str, Any], ...]
    place: Place = "after"

    name: ClassVar[str] = "insert"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "Vendors send events nobody knows: rate limits first, keepalives, metadata; strict readers died of each."
    )
    parameters: ClassVar[dict[str, Any]] = {
        "at": AT,
        "frames": {"type": "array", "minItems": 1, "items": FRAME_SCHEMA},
        "place": PLACE,
    }

    def apply(self, take: Take) -> Take:
        return inserted(take, insertion_points(selected(take, self.at), self.place), self.frames)
