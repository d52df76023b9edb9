"""Arrange: events in other turns, and whole kinds of telling left out, by what the stream itself is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.fit import dispatches, kinds, singles
from harness.mutations.operator import AT, Layer, Operator, Unmatched, register, selected
from harness.mutations.order import those
from harness.mutations.selector import Selector
from harness.mutations.space import Shared
from harness.mutations.take import Take


@register
@dataclass(frozen=True, slots=True)
class Swap(Operator):
    """Send each selected event after the event that follows it."""

    at: Selector

    name: ClassVar[str] = "swap"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = "A delta for an output_index that was not yet added ended in an IndexError of an SDK."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        aimed = (kinds(take, dispatches), singles(take, dispatches))
        return Shared([those(cls, [(at,) for at in group], take) for group in aimed])

    def apply(self, take: Take) -> Take:
        chosen, pieces = set(selected(take, self.at)), list(take.pieces)
        for position in sorted(chosen, reverse=True):
            if position + 1 < len(pieces) and position + 1 not in chosen:
                pieces[position : position + 2] = pieces[position + 1], pieces[position]
        if all(new is old for new, old in zip(pieces, take.pieces, strict=True)):
            raise Unmatched(f"nothing follows what matches {self.at}")
        return take.with_pieces(pieces)


_WITNESSES: Mapping[str, Callable[[str, bool], bool]] = {
    "deltas": lambda type_, ends: type_.endswith(".delta"),
    "part-done": lambda type_, ends: type_.endswith(".done") and type_ != _ITEM_DONE and not ends,
    "item-done": lambda type_, ends: type_ == _ITEM_DONE,
    "added": lambda type_, ends: type_.endswith(".added"),
    "done": lambda type_, ends: type_.endswith(".done") and not ends,
}
"""By what is left out: which events tell it, given type and whether the event ends the stream."""
_ITEM_DONE = "response.output_item.done"


@register
@dataclass(frozen=True, slots=True)
class Without(Operator):
    """Leave out one kind of telling: all deltas, all part-done, item-done or done events, or all additions."""

    what: str

    name: ClassVar[str] = "without"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "gpt-5.3-codex-spark sends arguments in done events only: they were lost; without item-done no call settled."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"what": {"enum": list(_WITNESSES)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return those(cls, [(what,) for what in _WITNESSES], take)

    def apply(self, take: Take) -> Take:
        told = _WITNESSES[self.what]
        kept = [piece for piece in take.pieces if piece.event is None or not told(piece.event.type, piece.ends)]
        if len(kept) == len(take.pieces):
            raise Unmatched(f"there are no events to leave out ({self.what})")
        return take.with_pieces(kept)


@register
@dataclass(frozen=True, slots=True)
class Interleave(Operator):
    """Send the events of two neighbouring items in turns, each item's own in their order."""

    first: int = 0
    """Which of the items that the stream numbers, from 0; it is mixed with the one after it."""

    name: ClassVar[str] = "interleave"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = "Arguments of parallel calls went to the wrong call where a reader ignored the index."
    parameters: ClassVar[Mapping[str, Any]] = {"first": {"type": "integer", "minimum": 0}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return those(cls, [(first,) for first in range(len(_numbered(take)) - 1)], take)

    def apply(self, take: Take) -> Take:
        items = _numbered(take)
        if self.first + 1 >= len(items):
            raise Unmatched(f"the stream has no item {self.first + 1} to mix item {self.first} with")
        left, right = items[self.first], items[self.first + 1]
        mixed = sorted([*left, *right], key=lambda position: _turn(position, left, right))
        pieces = list(take.pieces)
        for place, source in zip(sorted(mixed), mixed, strict=True):
            pieces[place] = take.pieces[source]
        if all(new is old for new, old in zip(pieces, take.pieces, strict=True)):
            raise Unmatched("the two items come in turns already")
        return take.with_pieces(pieces)


def _numbered(take: Take) -> list[list[int]]:
    """Positions of each item's events, by output_index in order of appearance."""
    items: dict[int, list[int]] = {}
    for position, piece in enumerate(take.pieces):
        index = (piece.payload or {}).get("output_index")
        if isinstance(index, int):
            items.setdefault(index, []).append(position)
    return list(items.values())


def _turn(position: int, left: list[int], right: list[int]) -> tuple[int, bool]:
    own = left if position in left else right
    return own.index(position), own is right
