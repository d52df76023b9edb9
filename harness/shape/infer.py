"""From streams to their shape: one pass over every payload, counting what is there and what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from harness.mutations.places import ENTRIES, step, variant
from harness.protocols.responses.catalogue import json_type
from harness.protocols.responses.event import DONE, Event, decode_all
from harness.shape.framing import FramingCount
from harness.shape.lattice import END, MANY_WORDS, START, EventShape, Field, ItemShape, Shape, Tally
from harness.shape.words import CALLERS, is_word
from harness.wire import decode

NO_TYPE, DAMAGED = "(no type)", "(damaged)"
"""Stand for events whose JSON names no type, and for data that is no JSON object."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One event stream to learn from."""

    body: bytes
    provider: str = ""
    whole: bool = True
    """Whether it ended as its framing demands: a cut says nothing about how the provider ends a stream."""


def infer(streams: Iterable[Stream]) -> Shape:
    """The shape of all the streams; the same one given twice counts once."""
    count = _Count()
    for stream in dict.fromkeys(streams):
        count.take(stream)
    return count.shape()


def type_of(event: Event) -> str:
    """The name under which an event is filed."""
    if event.payload is None:
        return event.type or DAMAGED
    return event.type or NO_TYPE


@dataclass(slots=True)
class _Seen:
    """A field being counted."""

    times: int = 0
    types: Counter[str] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)
    open: bool = False
    lengths: set[int] = field(default_factory=set)

    def field(self, possible: int) -> Field:
        enumerated = not self.open and len(self.words) <= MANY_WORDS
        return Field(
            Tally(self.times, possible - self.times),
            dict(sorted(self.types.items())),
            frozenset(self.words) if enumerated else None,
            (min(self.lengths), max(self.lengths)) if self.lengths else None,
        )


@dataclass(slots=True)
class _Payloads:
    """All payloads of one event type."""

    streams: int = 0
    fields: dict[str, _Seen] = field(default_factory=dict)
    objects: Counter[str] = field(default_factory=Counter)
    """How often an object was at a path, by the path under which its members are filed."""

    def take(self, payload: Any) -> None:
        # A stack and no recursion: a payload may be nested as deeply as the JSON reader lets it.
        todo: list[tuple[str, str, Any]] = [("", "", payload)]
        while todo:
            path, name, value = todo.pop()
            seen = self.fields.get(path)
            if seen is None:
                seen = self.fields[path] = _Seen()
            seen.times += 1
            if isinstance(value, dict):
                todo += self._members(seen, path, name, value)
            elif isinstance(value, list):
                seen.types["array"] += 1
                if name not in CALLERS:
                    seen.lengths.add(len(value))
                    todo += [(f"{path}/{ENTRIES}", name, entry) for entry in value]
            else:
                _note(seen, name, value)

    def _members(self, seen: _Seen, path: str, name: str, members: dict[str, Any]) -> list[tuple[str, str, Any]]:
        kind = members.get("type") if path else None
        typed = isinstance(kind, str) and is_word("type", kind) and name not in CALLERS
        seen.types[f"object:{kind}" if typed else "object"] += 1
        if name in CALLERS:
            return []
        here = f"{path}/{variant(str(kind))}" if typed else path
        self.objects[here] += 1
        return [(f"{here}/{step(key)}", key, value) for key, value in members.items()]

    def shape(self, streams: int) -> EventShape:
        fields = {path: seen.field(self._possible(path, seen)) for path, seen in sorted(self.fields.items())}
        return EventShape(Tally(self.streams, streams - self.streams), fields)

    def _possible(self, path: str, seen: _Seen) -> int:
        parent, _, last = path.rpartition("/")
        return self.objects[parent] if path and last != ENTRIES else seen.times


def _note(seen: _Seen, name: str, value: Any) -> None:
    kind = json_type(value)
    seen.types["string:empty" if value == "" else kind] += 1
    if kind != "string" or value == "":
        return
    if is_word(name, value):
        seen.words.add(value)
    else:
        seen.open = True


@dataclass(slots=True)
class _Lives:
    """The items of one type."""

    times: int = 0
    events: Counter[str] = field(default_factory=Counter)


class _Count:
    def __init__(self) -> None:
        self._streams = 0
        self._providers: set[str] = set()
        self._payloads: dict[str, _Payloads] = {}
        self._lives: dict[str, _Lives] = {}
        self._order: dict[str, Counter[str]] = {}
        self._framing = FramingCount()

    def take(self, stream: Stream) -> None:
        frames, tail = decode(stream.body)
        events = [event for event in decode_all(frames) if event.data not in {"", DONE}]
        self._streams += 1
        self._providers |= {stream.provider} - {""}
        self._framing.take(frames, tail, whole=stream.whole)
        self._take_payloads(events)
        self._take_order([type_of(event) for event in events], ended=stream.whole)
        self._take_lives(events)

    def shape(self) -> Shape:
        return Shape(
            frozenset(self._providers),
            self._streams,
            {type_: payloads.shape(self._streams) for type_, payloads in sorted(self._payloads.items())},
            {type_: _item_shape(lives) for type_, lives in sorted(self._lives.items())},
            {type_: dict(sorted(following.items())) for type_, following in sorted(self._order.items())},
            self._framing.tallies() if self._streams else {},
        )

    def _take_payloads(self, events: Iterable[Event]) -> None:
        types: set[str] = set()
        for event in events:
            payloads = self._payloads.setdefault(type_of(event), _Payloads())
            if event.payload is not None:
                payloads.take(event.payload)
            types.add(type_of(event))
        for type_ in types:
            self._payloads[type_].streams += 1

    def _take_order(self, types: list[str], *, ended: bool) -> None:
        row = [START, *types, *([END] if ended else [])]
        for pair in {*pairwise(row)}:
            self._order.setdefault(pair[0], Counter())[pair[1]] += 1

    def _take_lives(self, events: Iterable[Event]) -> None:
        lives: dict[Any, _Life] = {}
        for event in events:
            payload = event.payload or {}
            key = _item_key(payload)
            if key is not None:
                life = lives.setdefault(key, _Life())
                life.type = life.type or _item_type(payload)
                life.events.add(event.type)
        for life in lives.values():
            if life.type:
                row = self._lives.setdefault(life.type, _Lives())
                row.times += 1
                row.events.update(life.events)


@dataclass(slots=True)
class _Life:
    type: str = ""
    events: set[str] = field(default_factory=set)


def _item_key(payload: Mapping[str, Any]) -> Any:
    """What tells a stream's items apart: the index, or else the id; None for an event of no item."""
    if isinstance(payload.get("output_index"), int):
        return payload["output_index"]
    item = payload.get("item")
    stated = item.get("id") if isinstance(item, dict) else payload.get("item_id")
    return stated if isinstance(stated, str) else None


def _item_type(payload: Mapping[str, Any]) -> str:
    item = payload.get("item")
    kind = item.get("type") if isinstance(item, dict) else None
    return kind if isinstance(kind, str) else ""


def _item_shape(lives: _Lives) -> ItemShape:
    return ItemShape(lives.times, {t: Tally(n, lives.times - n) for t, n in sorted(lives.events.items())})
