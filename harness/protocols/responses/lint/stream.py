"""A stream as the rules see it: its events, its terminal, and the life of each output item.

Every accessor here takes any JSON: a rule may ask for a member that is missing or of a wrong type and gets None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.protocols.responses.catalogue import EVENTS, TERMINALS, EventSpec, canonical
from harness.protocols.responses.errors import error_of
from harness.protocols.responses.event import Event, decode_all
from harness.wire import Frame, Tail

Key = int | str

ITEM_ADDED = "response.output_item.added"
ITEM_DONE = "response.output_item.done"
PART_ADDED = {
    "response.content_part.added": "content_index",
    "response.reasoning_summary_part.added": "summary_index",
}
"""Event that opens a part → the key that numbers it."""
PART_DONE = {
    "response.content_part.done": "content_index",
    "response.reasoning_summary_part.done": "summary_index",
}
"""Event that closes a part → the key that numbers it."""


@dataclass(frozen=True, slots=True)
class Life:
    """All events of one output item, in order, up to the terminal."""

    key: Key
    """Its output_index, or its id where a server sends no index."""
    events: tuple[Event, ...]

    added: Event | None
    done: Event | None
    """The first of each, where there are several."""

    @classmethod
    def of(cls, key: Key, events: Sequence[Event]) -> Life:
        added = next((event for event in events if event.type == ITEM_ADDED), None)
        done = next((event for event in events if event.type == ITEM_DONE), None)
        return cls(key, tuple(events), added, done)

    @property
    def type(self) -> str | None:
        return next((kind for event in (self.done, self.added) if (kind := text_at(item_of(event), "type"))), None)


@dataclass(frozen=True, slots=True)
class Stream:
    """Frames, decoded and sorted."""

    frames: Sequence[Frame]
    tail: Tail | None
    events: tuple[Event, ...]
    """Every dispatched frame, end marks and damage included."""
    messages: tuple[Event, ...]
    """Events with a JSON object up to the first terminal, without it."""
    terminal: Event | None
    after: tuple[Event, ...]
    """Events that come after the first terminal."""
    lives: tuple[Life, ...]
    """In the order of their index; items known by id alone come last, in order of appearance."""

    @classmethod
    def of(cls, frames: Sequence[Frame], tail: Tail | None = None) -> Stream:
        events = tuple(decode_all(frames))
        end = next((place for place, event in enumerate(events) if is_terminal(event)), len(events))
        messages = tuple(event for event in events[:end] if event.payload is not None)
        terminal = events[end] if end < len(events) else None
        return cls(frames, tail, events, messages, terminal, events[end + 1 :], _lives(messages))


def is_terminal(event: Event) -> bool:
    """Whether an event ends the stream: a terminal by its type, or an error frame of any shape."""
    return event.type in TERMINALS or error_of(event) is not None


def spec_of(event: Event) -> EventSpec | None:
    """The catalogue's row of an event, aliases resolved."""
    return EVENTS.get(canonical(event.type))


def object_at(value: Any, *path: str) -> Mapping[str, Any] | None:
    """The object at a path of members, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


def array_at(value: Any, name: str) -> Sequence[Any] | None:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else None


def text_at(value: Any, name: str) -> str | None:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def index_at(value: Any, name: str) -> int | None:
    """The integer at a member; booleans are none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def item_of(event: Event | None) -> Mapping[str, Any] | None:
    return object_at(event.payload, "item") if event is not None else None


def response_of(event: Event | None) -> Mapping[str, Any] | None:
    return object_at(event.payload, "response") if event is not None else None


def item_id_of(event: Event) -> str | None:
    """The id an event gives its item; an empty text names nothing."""
    return text_at(event.payload, "item_id") or text_at(item_of(event), "id") or None


def _lives(messages: Iterable[Event]) -> tuple[Life, ...]:
    owned: dict[Key, list[Event]] = {}
    keys: dict[str, Key] = {}
    for event in messages:
        spec = spec_of(event)
        if spec is None or spec.field("output_index") is None:
            continue
        name = item_id_of(event)
        index = index_at(event.payload, "output_index")
        # A negative index is no place in the output; gpt-oss gives one to every item.
        key = index if index is not None and index >= 0 else keys.get(name, name) if name is not None else index
        if key is None:
            continue
        if name is not None:
            keys[name] = key
        owned.setdefault(key, []).append(event)
    lives = [Life.of(key, events) for key, events in owned.items()]
    return tuple(sorted(lives, key=lambda life: life.key if isinstance(life.key, int) else float("inf")))
