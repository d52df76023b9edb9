"""Order: which events come, how often, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

from harness.mutations.fit import aims, dispatches, kinds, singles
from harness.mutations.operator import (
    AT,
    PLACE,
    Layer,
    Operator,
    Place,
    Unmatched,
    applies,
    insertion_points,
    register,
    selected,
)
from harness.mutations.piece import Piece, new_piece
from harness.mutations.selector import Selector
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

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


def inserted(take: Take, points: set[int], frames: Sequence[Mapping[str, Any]]) -> Take:
    """The take with these frames written before each of the points."""
    pieces: list[Piece] = []
    for position in range(len(take.pieces) + 1):
        if position in points:
            neighbour = take.pieces[min(position, len(take.pieces) - 1)] if take.pieces else None
            pieces += [new_piece(frame, neighbour) for frame in frames]
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
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, aims(take, dispatches))

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
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "times": {"type": "integer", "minimum": 1}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, aims(take, dispatches), [1, 2])

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
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "to": AT, "place": PLACE}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        lone = list(singles(take))
        everything = [*kinds(take), *lone]
        steps = [(at, to, "after") for at, to in pairwise(lone)]
        ends = [(at, Selector(nth=nth), place) for nth, place in ((0, "before"), (-1, "after")) for at in everything]
        apart = [(at, to, "after") for at in kinds(take) for to in kinds(take) if at != to]
        return Shared([those(cls, group, take) for group in (ends, apart, steps)])

    def apply(self, take: Take) -> Take:
        moved = selected(take, self.at)
        target = next((position for position in selected(take, self.to) if position not in moved), None)
        if target is None:
            raise Unmatched(f"{self.to} selects nothing but what is to be moved")
        point = target + (self.place == "after")
        kept = [
            [take.pieces[p] for p in part if p not in moved] for part in (range(point), range(point, len(take.pieces)))
        ]
        order = [*kept[0], *(take.pieces[p] for p in moved), *kept[1]]
        if all(new is old for new, old in zip(order, take.pieces, strict=True)):
            raise Unmatched(f"what matches {self.at} is {self.place} {self.to} already")
        return take.with_pieces(order)


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
    parameters: ClassVar[Mapping[str, Any]] = {
        "at": AT,
        "frames": {"type": "array", "minItems": 1, "items": FRAME_SCHEMA},
        "place": PLACE,
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        """Frames that are no events of the protocol; what is known to occur has operators of its own."""
        frames = [
            ({"payload": {"type": "response.unknown"}},),
            ({"payload": {}},),
            ({"data": "ping", "event": "ping"},),
        ]
        return Product(cls, aims(take, dispatches), frames, ["after", "before"])

    def apply(self, take: Take) -> Take:
        return inserted(take, insertion_points(selected(take, self.at), self.place), self.frames)


def those(make: Any, arguments: Sequence[Any], take: Take) -> list[Operator]:
    """The operators of these arguments that find something to do."""
    return [each for each in (make(*given) for given in arguments) if applies(each, take)]
