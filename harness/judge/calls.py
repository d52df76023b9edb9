"""Tool calls in the evidence, by what may be done with them.

A call is owed once something final told its arguments; one that only deltas told may be used after a completed
terminal but not before; anything else was never finished and must not be executed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.contract import Capabilities, Item
from harness.judge.duty import Duty
from harness.judge.rule import Scene
from harness.protocols.responses.reading import UNTYPED, ChannelKind, ItemReading, Reading

CALL_TYPES: dict[str, ChannelKind] = {
    "function_call": ChannelKind.ARGUMENTS,
    "custom_tool_call": ChannelKind.INPUT,
}


@dataclass(frozen=True, slots=True)
class Call:
    """One evidenced call; each tuple holds the accepted values, empty when the stream never told any."""

    type: str
    arguments: tuple[str, ...]
    names: tuple[str, ...]
    call_ids: tuple[str, ...]
    usable: bool
    owed: bool
    frames: tuple[int, ...]
    parsed: bool = False
    """Whether the consumer hands out what the arguments stand for, in place of their text."""

    def matches(self, item: Item) -> bool:
        """Whether an assembled call is this one: to the letter, where the consumer hands out the letters."""
        return self._named(item) and self.tells(item.arguments)

    def tells(self, arguments: str | None) -> bool:
        if not self.arguments:
            return arguments in {None, "", "{}"}
        return arguments in self.arguments or (
            self.parsed and any(_stands_for(arguments, told) for told in self.arguments)
        )

    def means(self, item: Item) -> bool:
        """Whether it is this one with its JSON written otherwise."""
        return self._named(item) and any(_same_json(item.arguments, told) for told in self.arguments)

    def resembles(self, item: Item) -> bool:
        return bool(item.call_id and item.call_id in self.call_ids) or bool(item.name and item.name in self.names)

    def _named(self, item: Item) -> bool:
        name_fits = not self.names or item.name in self.names or item.name is None
        id_fits = not self.call_ids or item.call_id in self.call_ids or item.call_id is None
        return name_fits and id_fits


def calls_of(scene: Scene) -> list[Call]:
    """All calls of the last attempt, in output order."""
    duty = scene.obligation.duty
    completed = duty is Duty.COMPLETE
    reading = scene.attempt.reading
    told_of = [item for item in reading.items if is_call(item)]
    others_speak = bool(told_of) and any(not item.only_in_snapshot for item in reading.evidenced)
    calls = []
    for item in told_of:
        final = item.finished or item.in_snapshot or _arguments_final(item)
        # Nobody can make a call that was never named, or that stands in the snapshot alone without arguments that can
        # be read; what has no type, or another one too, may be passed over.
        told = bool(item.names) and all(type_ in CALL_TYPES for type_ in (item.type, *item.types))
        told = told and bool(item.channels or item.added or item.finished)
        owed = completed and final and told and not (item.only_in_snapshot and others_speak)
        # An item that is done, or listed as completed by a terminal, may be used whatever becomes of the response.
        done = item.finished or (item.in_snapshot and "completed" in item.statuses)
        usable = done or ((completed or duty is Duty.EITHER) and (final or completed))
        calls.append(_call(item, usable, owed, scene.capabilities))
    return calls


def stray_calls(reading: Reading | None, capabilities: Capabilities) -> list[Call]:
    """Calls of a reading that must not be used at all."""
    items = reading.items if reading is not None else ()
    return [_call(item, False, False, capabilities) for item in items if is_call(item)]


def is_call(item: ItemReading) -> bool:
    """Whether an item is a call, or would be if it stated its type."""
    return _type_of(item) is not None


def _type_of(item: ItemReading) -> str | None:
    """The type of call that an item is or may be: by any type that it states, else by what is said of it; None when it
    is no call."""
    stated = next((type_ for type_ in (item.type, *item.types) if type_ in CALL_TYPES), None)
    if stated is not None:
        return stated
    if item.type != UNTYPED:
        return None
    return next((type_ for type_, strand in CALL_TYPES.items() if strand in item.channels), None)


def _arguments_final(item: ItemReading) -> bool:
    channel = item.channels.get(_strand_of(item))
    return channel is not None and channel.settled


def _strand_of(item: ItemReading) -> ChannelKind:
    return CALL_TYPES[_type_of(item) or "function_call"]


def _call(item: ItemReading, usable: bool, owed: bool, capabilities: Capabilities) -> Call:
    channel = item.channels.get(_strand_of(item))
    return Call(
        type=_type_of(item) or item.type,
        arguments=channel.accepted if channel is not None else (),
        names=item.names,
        call_ids=item.call_ids,
        usable=usable,
        owed=owed,
        frames=item.frames,
        parsed=capabilities.arguments_parsed and _strand_of(item) is ChannelKind.ARGUMENTS,
    )


def _same_json(one: str | None, other: str) -> bool:
    try:
        return one is not None and _canonical(one) == _canonical(other)
    except (ValueError, RecursionError):
        return False


def _stands_for(given: str | None, told: str) -> bool:
    """Whether ``given`` is what a parser makes of ``told``. Of what is no object, it may make none, or an empty one."""
    if _same_json(given, told):
        return True
    value = _value(told)
    return not isinstance(value, dict) and (given in {None, "", "{}"} or given == value)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _canonical(text: str) -> str:
    """One text for one value. Numbers are doubles, as in the decoders that have no others; true is no 1."""
    return json.dumps(json.loads(text, parse_int=_number, parse_float=_number), sort_keys=True)


def _number(digits: str) -> float:
    return float(digits) + 0.0  # decoders differ on whether there is a minus zero
