"""Tool calls in the evidence, by what may be done with them.

A call is owed once something final told its arguments; one that only deltas told may be used after a completed
terminal but not before; anything else was never finished and must not be executed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from harness.contract import Item
from harness.judge.duty import Duty
from harness.judge.rule import Scene
from harness.protocols.responses.reading import ChannelKind, ItemReading, Reading

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

    def matches(self, item: Item) -> bool:
        """Whether an assembled call is this one, to the letter."""
        return self._named(item) and self.tells(item.arguments)

    def tells(self, arguments: str | None) -> bool:
        if not self.arguments:
            return arguments in {None, "", "{}"}
        return arguments in self.arguments

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
    others_speak = any(not item.only_in_snapshot for item in reading.evidenced)
    calls = []
    for item in reading.items:
        if item.type not in CALL_TYPES:
            continue
        final = item.finished or item.in_snapshot or _arguments_final(item)
        owed = completed and final and not (item.only_in_snapshot and others_speak)
        # An item that is done may be used whatever happens to the response afterwards.
        usable = item.finished or ((completed or duty is Duty.EITHER) and (final or completed))
        calls.append(_call(item, usable, owed))
    return calls


def stray_calls(reading: Reading | None) -> list[Call]:
    """Calls of a reading that must not be used at all."""
    items = reading.items if reading is not None else ()
    return [_call(item, usable=False, owed=False) for item in items if item.type in CALL_TYPES]


def _arguments_final(item: ItemReading) -> bool:
    channel = item.channels.get(CALL_TYPES[item.type])
    return channel is not None and channel.settled


def _call(item: ItemReading, usable: bool, owed: bool) -> Call:
    channel = item.channels.get(CALL_TYPES[item.type])
    return Call(
        type=item.type,
        arguments=channel.accepted if channel is not None else (),
        names=item.names,
        call_ids=item.call_ids,
        usable=usable,
        owed=owed,
        frames=item.frames,
    )


def _same_json(one: str | None, other: str) -> bool:
    try:
        return one is not None and bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
