"""From two shapes to their drift.

Only what the new shape has evidence for is compared: that a tool call is missing from a stream without tools says
nothing, that it is missing from a tool call says much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.protocols.responses.catalogue import TERMINALS
from harness.shape.compare_fields import field_changes
from harness.shape.drift import Change, Drift
from harness.shape.framing import MEANINGS
from harness.shape.lattice import END, START, Shape, Tally
from harness.shape.plans import with_plan

ENDS = frozenset(TERMINALS) | {"error"}
"""Event types that are known to end a stream."""


def compare(baseline: Shape, new: Shape) -> Drift:
    """Every change from ``baseline`` to ``new``, each once, the most dangerous first."""
    changes = {change.identity: change for change in _changes(baseline, new)}
    planned = [with_plan(change, baseline, new) for change in changes.values()]
    return Drift(baseline, new, tuple(sorted(planned, key=lambda change: change.order)))


def _changes(old: Shape, new: Shape) -> Iterator[Change]:
    yield from _ends(old, new)
    yield from _begins(old, new)
    yield from _events(old, new)
    yield from _lives(old, new)
    yield from _order(old, new)
    yield from _framing(old, new)
    for type_ in sorted({*old.events} & {*new.events}):
        yield from field_changes(type_, old.event(type_), new.event(type_))


def _ends(old: Shape, new: Shape) -> Iterator[Change]:
    if not old.last:
        return
    was = f"the last event is {_listed(old.last)}"
    for type_ in sorted(new.last - old.last):
        times = new.order[type_][END]
        now = f"it is {type_} in {times} of {new.streams} streams"
        if type_ in ENDS or type_ not in old.events:
            yield Change("terminal-new", type_, was=was, now=now)
        else:
            yield Change("terminal-vanished", type_, was=was, now=now)
    for type_ in sorted(({*new.events} - {*old.events} - new.last) & ENDS):
        yield Change("terminal-new", type_, was=was, now=f"{type_} comes in {_of(new.event(type_).streams)}")
    for type_ in sorted((old.last | ENDS) & {*new.order}):
        for following in sorted(set(new.after(type_)) - set(old.after(type_)) - {END}):
            now = f"{following} in {new.after(type_)[following]} of {new.streams} streams"
            yield Change("after-terminal", type_, detail=following, was=f"nothing after {type_}", now=now)


def _begins(old: Shape, new: Shape) -> Iterator[Change]:
    if not old.first:
        return
    for type_ in sorted(new.first - old.first):
        times = new.after(START)[type_]
        now = f"it is {type_} in {times} of {new.streams} streams"
        yield Change("first-changed", type_, was=f"the first event is {_listed(old.first)}", now=now)


def _events(old: Shape, new: Shape) -> Iterator[Change]:
    for type_ in sorted(old.events):
        before, after = old.event(type_).streams, new.event(type_).streams
        # Of an event that belongs to items, the items tell: a stream without any lacks nothing.
        lacking = after.never if _is_owned(type_, old) else after.missing
        if before.always and lacking:
            yield Change("event-vanished", type_, was=f"in {_of(before)}", now=f"in {_of(after)}")
    told_elsewhere = new.first | new.last | ENDS
    for type_ in sorted({*new.events} - {*old.events} - told_elsewhere):
        yield Change("event-new", type_, was="never seen", now=f"in {_of(new.event(type_).streams)}")


def _is_owned(type_: str, shape: Shape) -> bool:
    return any(type_ in item.events for item in shape.items.values())


def _lives(old: Shape, new: Shape) -> Iterator[Change]:
    for item in sorted({*old.items} & {*new.items}):
        for type_, before in old.item(item).events.items():
            after = new.item(item).event(type_)
            gone_everywhere = old.event(type_).streams.always and new.event(type_).streams.never
            if before.always and after.missing and not gone_everywhere:
                was, now = f"in {before} {item} items", f"in {after}"
                yield Change("event-vanished", type_, item=item, was=was, now=now)


def _order(old: Shape, new: Shape) -> Iterator[Change]:
    known = {*old.events}
    for type_ in sorted({*new.order} & known - old.last - ENDS):
        for following in sorted((set(new.after(type_)) - set(old.after(type_))) & known):
            was = f"{type_} is followed by {_listed(frozenset(old.after(type_)))}"
            yield Change("order-new", following, detail=type_, was=was, now=f"also by {following}")


_HABITS_BEGUN = {"not-json": "unreadable", "not-utf8": "unreadable", "unterminated": "unreadable"}
_HABITS_ENDED = {"event-line": "event-line-vanished"}


def _framing(old: Shape, new: Shape) -> Iterator[Change]:
    for habit, meaning in MEANINGS.items():
        before, after = old.habit(habit), new.habit(habit)
        change = Change("framing-changed", "", detail=habit, was=f"{meaning}: {before}", now=f"{after}")
        if before.possible and before.never and after.seen:
            yield replace(change, kind=_HABITS_BEGUN.get(habit, change.kind))
        elif before.always and after.missing:
            yield replace(change, kind=_HABITS_ENDED.get(habit, change.kind))


def _of(tally: Tally) -> str:
    return f"{tally} streams"


def _listed(types: frozenset[str]) -> str:
    return ", ".join(sorted(types))
