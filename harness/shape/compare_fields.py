"""The changes inside one event type: a row of small comparisons, each asked at every path that both shapes know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.mutations.places import ENTRIES, plain, step, variant
from harness.shape.drift import Change
from harness.shape.lattice import EventShape, Field
from harness.shape.words import STATES

_CONTAINERS = frozenset({"array", "object"})
_NUMBERS = frozenset({"integer", "number"})


@dataclass(frozen=True, slots=True)
class _Pair:
    """One path, before and after."""

    event: str
    path: str
    old: Field
    new: Field

    def change(self, kind: str, was: str, now: str, detail: str = "", path: str = "") -> Change:
        return Change(kind, self.event, path or self.path, detail=detail, was=was, now=now)

    @property
    def known(self) -> bool:
        """Whether there was something here before, and there is now."""
        return self.old.tally.seen > 0 and self.new.tally.seen > 0


def field_changes(type_: str, old: EventShape, new: EventShape) -> Iterator[Change]:
    """What changed inside events of one type."""
    for path in sorted({*old.fields, *new.fields}):
        pair = _Pair(type_, path, old.field(path), new.field(path))
        if pair.old == pair.new:
            continue
        for compare in _COMPARISONS:
            yield from compare(pair)
        yield from _appeared(pair, old)


def _vanished(pair: _Pair) -> Iterator[Change]:
    if pair.old.tally.always and pair.new.tally.missing:
        yield pair.change("member-vanished", f"always there ({pair.old.tally})", f"in {pair.new.tally}")


def _nulled(pair: _Pair) -> Iterator[Change]:
    if not pair.known or "null" not in pair.new.kinds - pair.old.kinds:
        return
    kind = "null-container" if pair.old.kinds & _CONTAINERS else "null-scalar"
    yield pair.change(kind, _told(pair.old), _told(pair.new))


def _retyped(pair: _Pair) -> Iterator[Change]:
    for kind in sorted(pair.new.kinds - pair.old.kinds - {"null"}) if pair.known else ():
        if pair.old.kinds == {"null"}:
            name = "null-filled"
        elif kind in _NUMBERS and pair.old.kinds & _NUMBERS:
            name = "number-kind"
        else:
            name = "type-changed"
        yield pair.change(name, _told(pair.old), _told(pair.new), kind)


def _varied(pair: _Pair) -> Iterator[Change]:
    """Objects of a new type, and objects that have lost theirs."""
    if "object" not in pair.old.kinds or not pair.known:
        return
    for type_ in sorted({*pair.new.types} - {*pair.old.types}):
        kind, _, stated = type_.partition(":")
        if kind != "object":
            continue
        if stated:
            yield pair.change("variant-new", _told(pair.old), _told(pair.new), stated)
        else:
            yield pair.change("member-vanished", _told(pair.old), "objects without a type", path=f"{pair.path}/type")


def _emptied(pair: _Pair) -> Iterator[Change]:
    if pair.old.length is not None and pair.new.length is not None and pair.old.length[0] > 0 == pair.new.length[0]:
        yield pair.change("emptied", _told(pair.old), _told(pair.new))
    if pair.known and "string" in pair.old.types and "string:empty" in {*pair.new.types} - {*pair.old.types}:
        yield pair.change("text-emptied", _told(pair.old), _told(pair.new))


def _worded(pair: _Pair) -> Iterator[Change]:
    name = plain(pair.path.rpartition("/")[2])
    if not pair.old.words or not pair.new.words:
        return
    for word in sorted(pair.new.words - pair.old.words):
        kind = "state-new" if name in STATES else "value-new"
        yield pair.change(kind, ", ".join(sorted(pair.old.words)), word, word)


_COMPARISONS: tuple[Callable[[_Pair], Iterator[Change]], ...] = (
    _vanished,
    _nulled,
    _retyped,
    _varied,
    _emptied,
    _worded,
)


def _appeared(pair: _Pair, old: EventShape) -> Iterator[Change]:
    """A path that is new below a parent that is not: what is deeper came with it."""
    if pair.old.tally.seen or not pair.new.tally.seen:
        return
    parent, _, last = pair.path.rpartition("/")
    if last == ENTRIES:
        if "array" in old.field(parent).types:
            yield pair.change("array-filled", "always empty", _told(pair.new))
    elif old.objects(parent):
        yield pair.change("member-new", "never there", f"{_told(pair.new)} ({pair.new.tally})")


def _told(field: Field) -> str:
    """For people: the types, each with how often."""
    types = ", ".join(f"{_named(type_)} {times} times" for type_, times in field.types.items()) or "nothing"
    length = "" if field.length is None else f", {field.length[0]} to {field.length[1]} entries"
    return f"{types}{length}"


def _named(type_: str) -> str:
    kind, _, stated = type_.partition(":")
    if kind == "object" and stated:
        return variant(step(stated))
    return "empty string" if stated else kind
