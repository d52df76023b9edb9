"""From a change to the plan that makes it in any stream: yesterday's library, replayed as the provider is today.

A plan aims by event type, item type and path, never by a frame of the stream that showed the change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.mutations import Mutation, Operator, Plan, Selector
from harness.mutations.frame import ByteOrderMark, Comment, Nameless, Newline, Unterminated
from harness.mutations.order import Drop, Insert, Move
from harness.mutations.places import ENTRIES, is_variant, steps
from harness.mutations.reshape import Reshape
from harness.mutations.selector import TERMINAL
from harness.mutations.shape import Patch, Rename
from harness.protocols.responses.event import DONE
from harness.shape.drift import Change
from harness.shape.example import item_payload, payload_of, value_at
from harness.shape.lattice import START, Shape

FIRST, LAST = Selector(nth=0), Selector(nth=-1)
END_OF_STREAM = Selector(type=TERMINAL, nth=0)


class NoPlan(Exception):
    """No operator makes this change; the text says why."""


Maker = Callable[[Change, Shape, Shape], tuple[Operator, ...]]


def with_plan(change: Change, old: Shape, new: Shape) -> Change:
    """The change with the plan that makes it, or with the reason why there is none."""
    try:
        operators = _MAKERS[change.kind](change, old, new)
    except NoPlan as reason:
        return replace(change, no_plan=str(reason))
    return replace(change, plan=Plan(tuple(Mutation(operator) for operator in operators)))


def _edit(change: Change, becomes: str, value: Any = None, path: str = "") -> tuple[Operator, ...]:
    """One edit at the change's path: by RFC 6902 where that can say it, which most people know."""
    path, at = path or change.path, Selector(type=change.event)
    operation = {"value": "replace", "absent": "remove", "added": "add"}.get(becomes)
    if operation is None or any(step == ENTRIES or is_variant(step) or "~" in step for step in steps(path)):
        return (Reshape(at, path, becomes, value),)
    edit = {"op": operation, "path": path, **({} if becomes == "absent" else {"value": value})}
    return (Patch(at, (edit,)),)


def _null(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    return _edit(change, "value")


def _remove(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    return _edit(change, "absent")


def _empty(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    return _edit(change, "empty")


def _retype(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    turned = {"string": "text", "array": "wrapped"}.get(change.detail)
    return _edit(change, turned) if turned else _edit(change, "value", _seen(change, new, change.detail))


def _fill(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    return _edit(change, "value", _seen(change, new, change.detail))


def _number(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    return _edit(change, change.detail)


def _word(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    return _edit(change, "value", change.detail)


def _add(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    return _edit(change, "added", value_at(new.event(change.event), change.path))


def _entry(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    array = change.path.rpartition("/")[0]
    return _edit(change, "appended", value_at(new.event(change.event), change.path), array)


def _variant(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    event, type_ = new.event(change.event), f"object:{change.detail}"
    container, _, last = change.path.rpartition("/")
    if last == ENTRIES:
        return _edit(change, "appended", value_at(event, change.path, type_), container)
    if change.path == "/item":
        return (Insert(END_OF_STREAM, ({"payload": item_payload(new, change.event, change.detail)},), "before"),)
    return _edit(change, "value", value_at(event, change.path, type_))


def _drop(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    # Without need, no item is named: some servers send deltas that do not say which item they belong to.
    owners = [item for item in old.items if not old.item(item).event(change.event).never]
    return (Drop(Selector(type=change.event, item=change.item if len(owners) > 1 and change.item else None)),)


def _insert(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    frames = ({"payload": payload_of(new, change.event)},)
    before = [type_ for type_, following in new.order.items() if change.event in following]
    if START in before:
        return (Insert(FIRST, frames, "before"),)
    known = [type_ for type_ in before if type_ in old.events]
    if not known:
        return (Insert(END_OF_STREAM, frames, "before"),)
    # After what most streams have, so that the plan fits most of them.
    neighbour = min(known, key=lambda type_: (old.event(type_).streams.missing, type_))
    return (Insert(Selector(type=neighbour, nth=0), frames, "after"),)


def _first(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    if change.event not in old.events:
        return (Insert(FIRST, ({"payload": payload_of(new, change.event)},), "before"),)
    gone = [type_ for type_ in sorted(old.first) if new.event(type_).streams.never]
    if gone:
        return tuple(Drop(Selector(type=type_, nth=0)) for type_ in gone)
    return (Move(Selector(type=change.event, nth=0), FIRST, "before"),)


def _no_terminal(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    return (Drop(Selector(type=TERMINAL)),)


def _new_terminal(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    if "/response" in new.event(change.event).fields:
        return (Rename(END_OF_STREAM, change.event),)
    insert = Insert(END_OF_STREAM, ({"payload": payload_of(new, change.event)},), "before")
    return insert, Drop(Selector(type=TERMINAL, nth=-1))


def _afterwards(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    at = Selector(type=change.event, nth=0)
    return (Insert(at, ({"payload": payload_of(new, change.detail)},), "after"),)


def _order(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    if change.event == change.detail:
        raise NoPlan("the same type twice in a row is no order that can be made by moving")
    return (Move(Selector(type=change.event, nth=0), Selector(type=change.detail, nth=0), "after"),)


_HABITS: Mapping[str, Operator] = {
    "done-marker": Insert(LAST, ({"data": DONE},), "after"),
    "byte-order-mark": ByteOrderMark(),
    "unterminated": Unterminated(),
    "crlf": Newline("crlf"),
    "cr": Newline("cr"),
    "comment": Comment(),
    "retry-line": Insert(FIRST, ({"retry": 3000},), "before"),
    "not-json": Insert(FIRST, ({"data": "{"},), "after"),
}
"""The operators by which a habit begins."""


def _habit(change: Change, old: Shape, new: Shape) -> tuple[Operator, ...]:
    begun = old.habit(change.detail).never
    if change.detail == "event-line" and not begun:
        return (Nameless(),)
    if not begun or change.detail not in _HABITS:
        raise NoPlan("no operator rewrites frames in that way")
    return (_HABITS[change.detail],)


_MAKERS: Mapping[str, Maker] = {
    "null-container": _null,
    "null-scalar": _null,
    "terminal-vanished": _no_terminal,
    "terminal-new": _new_terminal,
    "after-terminal": _afterwards,
    "type-changed": _retype,
    "event-vanished": _drop,
    "event-new": _insert,
    "member-vanished": _remove,
    "emptied": _empty,
    "text-emptied": _empty,
    "first-changed": _first,
    "unreadable": _habit,
    "event-line-vanished": _habit,
    "framing-changed": _habit,
    "variant-new": _variant,
    "state-new": _word,
    "value-new": _word,
    "number-kind": _number,
    "order-new": _order,
    "null-filled": _fill,
    "array-filled": _entry,
    "member-new": _add,
}


def _seen(change: Change, new: Shape, kind: str) -> Any:
    """A value of a JSON type, of the kind seen most at the change's path."""
    event = new.event(change.event)
    types = event.field(change.path).types
    fitting = {type_: times for type_, times in types.items() if type_.partition(":")[0] == kind}
    return value_at(event, change.path, max(sorted(fitting), key=lambda type_: fitting[type_]))
