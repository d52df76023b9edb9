"""What a take offers to be changed: the selectors and the paths from which operators make their spaces.

Selectors are made from what the events are called, never from a bare position where a name will do, so that a plan
drawn on one cassette means something on another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any, NamedTuple

from harness.mutations.piece import Piece
from harness.mutations.places import ENTRIES, step
from harness.mutations.selector import EVERY, TERMINAL, Selector
from harness.mutations.space import Shared
from harness.mutations.take import Take

Fits = Callable[[Piece], bool]

DEEPEST = 8
"""Steps of the longest path offered: the output's texts and the usage's details are reached by six."""


def dispatches(piece: Piece) -> bool:
    return piece.event is not None


def has_payload(piece: Piece) -> bool:
    return piece.payload is not None


def aims(take: Take, fits: Fits = has_payload) -> Sequence[Selector]:
    """Selectors of which each selects a piece that fits: whole types first, then single events, with an equal share.

    Single events of each type have an equal share too: a stream has a hundred deltas, and one event that ends its item.
    """
    alone = [list(group) for _, group in groupby(singles(take, fits), key=lambda at: at.type)]
    return Shared([list(kinds(take, fits)), Shared(alone)])


def kinds(take: Take, fits: Fits = has_payload) -> Iterator[Selector]:
    """Whatever ends the stream, every type of event, and all events."""
    named = [places for type_, places in take.index.types.items() if _sayable(type_)]
    if any(fits(take.pieces[position]) for position in take.index.named(TERMINAL)):
        yield Selector(TERMINAL)
    for places in named:
        if any(fits(take.pieces[position]) for position in places):
            yield Selector(_type(take, places[0]))
    if any(fits(piece) for piece in take.pieces if piece.event is not None):
        yield EVERY


def singles(take: Take, fits: Fits = dispatches) -> Iterator[Selector]:
    """One selector an event, from the end: by its type and its place among those, or by its place alone."""
    for type_, places in reversed(take.index.types.items()):
        for nth, position in enumerate(places):
            if fits(take.pieces[position]):
                if not _sayable(type_):
                    yield Selector(nth=take.index.named("*").index(position))
                else:
                    yield Selector(type_) if len(places) == 1 else Selector(type_, nth=nth)


def _type(take: Take, position: int) -> str:
    event = take.pieces[position].event
    assert event is not None
    return event.type


def _sayable(type_: str) -> bool:
    """Whether a selector of this type selects just the events of this type."""
    return type_ not in {"", TERMINAL} and not any(letter in type_ for letter in "*?[")


class Place(NamedTuple):
    """A place in the payloads of some events, and what is there in the first of them."""

    at: Selector
    path: str
    value: Any


def places(take: Take, fits: Callable[[Any], bool] = lambda value: True) -> Sequence[Sequence[Sequence[Place]]]:
    """All places whose value fits, in groups that belong together: a member of a payload or of its response, or all
    that is inside one. The groups of members that matter to a reader come first, then those of all others.

    Each event type is looked at in its longest event, each item type apart.
    """
    groups: dict[tuple[str, ...], list[Place]] = {}
    seen: set[tuple[Selector, str]] = set()
    for at, payload in chain(_terminal(take), _samples(take)):
        for path, value in _paths(payload, "", DEEPEST):
            if fits(value) and (at, path) not in seen:
                seen.add((at, path))
                depth = 3 if path.startswith("/response") else 2
                steps = path.split("/")
                inside = len(steps) > depth
                groups.setdefault((str(at), str(inside), *steps[:depth]), []).append(Place(at, path, value))
    ranked = sorted(groups, key=_rank)
    telling = [key for key in ranked if key[-1] in _TELLING]
    return [[groups[key] for key in telling], [groups[key] for key in ranked[len(telling) :]]]


_TELLING = ("output", "usage", "status", "error", "item", "part", "delta", "arguments", "text")
"""Members in the order in which they matter to a reader; shrinking ends at the first that fails."""


def _rank(group: tuple[str, ...]) -> int:
    return _TELLING.index(group[-1]) if group[-1] in _TELLING else len(_TELLING)


def _terminal(take: Take) -> Iterator[tuple[Selector, Any]]:
    for position in take.index.named(TERMINAL)[:1]:
        if take.pieces[position].payload is not None:
            yield Selector(TERMINAL), take.pieces[position].payload


def _samples(take: Take) -> Iterator[tuple[Selector, Any]]:
    for type_, positions in take.index.types.items():
        if not _sayable(type_):
            continue
        longest: dict[str | None, int] = {}
        for position in positions:
            piece = take.pieces[position]
            item = (piece.payload or {}).get("item")
            kind = item.get("type") if isinstance(item, dict) else None
            known = longest.get(kind)
            if piece.payload is not None and (known is None or len(piece.raw) > len(take.pieces[known].raw)):
                longest[kind] = position
        for kind, position in longest.items():
            named = isinstance(kind, str) and len(longest) > 1 and _sayable(kind)
            yield Selector(type_, item=kind if named else None), take.pieces[position].payload


def _paths(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Every place below a value, entries of an array as one."""
    if not depth:
        return
    members = value.items() if isinstance(value, dict) else ()
    for name, member in members:
        below = f"{path}/{step(name)}"
        yield below, member
        yield from _paths(member, below, depth - 1)
    if isinstance(value, list):
        for entry in value:
            yield f"{path}/{ENTRIES}", entry
            yield from _paths(entry, f"{path}/{ENTRIES}", depth - 1)
