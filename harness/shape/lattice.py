"""What has been seen of a provider, as a join-semilattice: the more is seen, the less is certain.

Everything here is a set that only grows or a number that only rises, so shapes can be joined in any order and any
number of times. Counts are lower bounds: of two shapes nobody can say whether they have streams in common, so the
larger count stands, not the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.mutations.places import ENTRIES, is_variant, plain

START, END = "(start)", "(end)"
"""What comes before the first event of a stream and after the last one, in the order."""

MANY_WORDS = 16
"""A member with more different words than that is no enumeration."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was there, and how often it was missing where it could have been."""

    seen: int = 0
    missing: int = 0

    @property
    def always(self) -> bool:
        return self.seen > 0 and self.missing == 0

    @property
    def never(self) -> bool:
        return self.seen == 0

    @property
    def possible(self) -> int:
        return self.seen + self.missing

    def joined(self, other: Tally) -> Tally:
        return Tally(max(self.seen, other.seen), max(self.missing, other.missing))

    def __str__(self) -> str:
        return f"{self.seen} of {self.possible}"


@dataclass(frozen=True, slots=True)
class Field:
    """What stands at one path of an event's payload."""

    tally: Tally = Tally()
    types: Mapping[str, int] = field(default_factory=dict)
    """JSON types and how often; ``string:empty`` is the empty text, ``object:message`` an object of that type."""
    words: frozenset[str] | None = frozenset()
    """The texts seen, as long as they look like an enumeration; None when they do not."""
    length: tuple[int, int] | None = None
    """The fewest and the most entries of an array."""

    @property
    def kinds(self) -> frozenset[str]:
        """The plain JSON types."""
        return frozenset(type_.partition(":")[0] for type_ in self.types)

    def joined(self, other: Field) -> Field:
        return Field(
            self.tally.joined(other.tally),
            _highest(self.types, other.types),
            _words(self.words, other.words),
            _hull(self.length, other.length),
        )


@dataclass(frozen=True, slots=True)
class EventShape:
    """One event type: in how many streams it was, and what its payload holds."""

    streams: Tally = Tally()
    fields: Mapping[str, Field] = field(default_factory=dict)
    """By path (places.py), the payload itself at the empty one."""

    @property
    def times(self) -> int:
        return self.fields[""].tally.seen if "" in self.fields else 0

    def objects(self, path: str) -> int:
        """How often an object stood at a path, or at its variant."""
        container, _, last = path.rpartition("/")
        if is_variant(last):
            return self._count(container, f"object:{plain(last)}")
        return self._count(path, "object")

    def field(self, path: str) -> Field:
        """What is known of a path; where nothing is, a member was missing from every object that could hold it."""
        if path in self.fields:
            return self.fields[path]
        parent, _, last = path.rpartition("/")
        member = path and last != ENTRIES
        return Field(Tally(0, self.objects(parent) if member else 0))

    def joined(self, other: EventShape) -> EventShape:
        fields = _merged(self.fields, other.fields, lambda path: self.field(path).joined(other.field(path)))
        return EventShape(self.streams.joined(other.streams), fields)

    def _count(self, path: str, type_: str) -> int:
        return self.fields[path].types.get(type_, 0) if path in self.fields else 0


@dataclass(frozen=True, slots=True)
class ItemShape:
    """One item type: how many there were, and in how many of them each event came."""

    times: int = 0
    events: Mapping[str, Tally] = field(default_factory=dict)

    def event(self, type_: str) -> Tally:
        return self.events.get(type_, Tally(0, self.times))

    def joined(self, other: ItemShape) -> ItemShape:
        events = {
            type_: self.event(type_).joined(other.event(type_)) for type_ in sorted({*self.events, *other.events})
        }
        return ItemShape(max(self.times, other.times), events)


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything seen of one provider, or of several."""

    providers: frozenset[str] = frozenset()
    streams: int = 0
    events: Mapping[str, EventShape] = field(default_factory=dict)
    items: Mapping[str, ItemShape] = field(default_factory=dict)
    order: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Event type to the types that came right after it, and in how many streams; START and END are among them."""
    framing: Mapping[str, Tally] = field(default_factory=dict)
    """Habits (framing.py) by name."""

    def event(self, type_: str) -> EventShape:
        return self.events.get(type_, EventShape(Tally(0, self.streams)))

    def item(self, type_: str) -> ItemShape:
        return self.items.get(type_, ItemShape())

    def habit(self, name: str) -> Tally:
        return self.framing.get(name, Tally())

    def after(self, type_: str) -> Mapping[str, int]:
        return self.order.get(type_, {})

    @property
    def first(self) -> frozenset[str]:
        """The types a stream began with."""
        return frozenset(self.after(START)) - {END}

    @property
    def last(self) -> frozenset[str]:
        """The types a stream that ended properly ended with."""
        return frozenset(type_ for type_, following in self.order.items() if END in following) - {START}


def join(one: Shape, other: Shape) -> Shape:
    """The least shape that both fit: associative, commutative, idempotent, with ``Shape()`` as its unit."""
    return Shape(
        one.providers | other.providers,
        max(one.streams, other.streams),
        _merged(one.events, other.events, lambda type_: one.event(type_).joined(other.event(type_))),
        _merged(one.items, other.items, lambda type_: one.item(type_).joined(other.item(type_))),
        _merged(one.order, other.order, lambda type_: _highest(one.after(type_), other.after(type_))),
        _merged(one.framing, other.framing, lambda name: one.habit(name).joined(other.habit(name))),
    )


def _merged(one: Mapping[str, Any], other: Mapping[str, Any], joined: Callable[[str], _Value]) -> Mapping[str, _Value]:
    return {name: joined(name) for name in sorted({*one, *other})}


def _highest(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in sorted({*one, *other})}


def _words(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return None
    return joined if len(joined := one | other) <= MANY_WORDS else None


def _hull(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])
