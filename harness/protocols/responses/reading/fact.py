"""What one event says by itself, whatever came before it.

Reading has two halves. This one looks at a single event, never at its place in the stream, so its answer can be kept:
a mutated stream shares nearly all of its frames with the one it was made from. The fold does the rest. Two tables say
where an event's text goes. Nothing here repairs: what tells nothing readable says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from harness.protocols.responses import catalogue
from harness.protocols.responses.errors import error_of
from harness.protocols.responses.event import Event
from harness.protocols.responses.reading.channel import ChannelKind, Witness
from harness.protocols.responses.reading.model import Terminal, UsageReading
from harness.protocols.responses.reading.terminal import terminal_of, usage_of
from harness.protocols.responses.reading.untyped import typed

_KINDS = {kind.value: kind for kind in ChannelKind}

STRANDS: dict[str, tuple[ChannelKind, Witness, str]] = {
    **{s.delta: (_KINDS[s.name], Witness.DELTAS, "delta") for s in catalogue.STRANDS if s.name in _KINDS},
    **{s.done: (_KINDS[s.name], Witness.PART_DONE, s.payload) for s in catalogue.STRANDS if s.name in _KINDS},
}
STRANDS |= {alias: STRANDS[name] for alias, name in catalogue.ALIASES.items() if name in STRANDS}
"""Event type: the strand it tells, as which witness, in which field."""

PARTS: dict[str, tuple[ChannelKind, str]] = {
    s.part_type: (_KINDS[s.name], catalogue.PART_TEXTS[s.part_type]) for s in catalogue.STRANDS if s.part_type
}
"""Part type: the strand its text belongs to, and the field that holds it."""

PART_EVENTS: dict[str, Witness] = {
    "response.content_part.added": Witness.ADDED,
    "response.content_part.done": Witness.PART,
    "response.reasoning_summary_part.added": Witness.ADDED,
    "response.reasoning_summary_part.done": Witness.PART,
}

OWNER: dict[ChannelKind, str] = {_KINDS[s.name]: s.item_types[0] for s in catalogue.STRANDS if s.name in _KINDS}
"""The type of an item nobody announced, by what is said of it."""

ITEMS: dict[str, Witness] = {
    "response.output_item.added": Witness.ADDED,
    "response.output_item.done": Witness.ITEM_DONE,
}

CREATED = "response.created"

UNTYPED = "unknown"
"""Stands for the type of an item that states none."""

_READ = frozenset({*STRANDS, *PART_EVENTS, *ITEMS, CREATED})

_NOTES = {
    "call_id": "call_ids",
    "name": "names",
    "phase": "phases",
    "encrypted_content": "encrypted",
    "status": "statuses",
    "type": "types",
}
"""Members that a whole item says of itself, and what they are collected as."""


class Said(NamedTuple):
    """What an event, or an item of a snapshot, says about one item."""

    type: str
    """The item's type; for a strand, the type of item it belongs to."""
    output_index: int | None
    identity: str | None
    texts: tuple[tuple[ChannelKind, Witness, int, str], ...] = ()
    """Strand, witness, part index and text; never an empty text."""
    notes: tuple[tuple[str, str], ...] = ()


class Telling(NamedTuple):
    """An item event, readable or not, by what identifies its item."""

    opens: bool
    """``output_item.added``; else ``done``."""
    output_index: int | None
    identity: str | None
    type: str | None
    item: Any

    @classmethod
    def of(cls, event: Event) -> Telling | None:
        """None for any other event."""
        payload = event.payload
        if payload is None or event.type not in ITEMS:
            return None
        item = payload.get("item")
        kind = item.get("type") if isinstance(item, dict) else None
        opens = ITEMS[event.type] is Witness.ADDED
        return cls(opens, index_of(payload), id_of(payload), kind if isinstance(kind, str) else None, item)


class Fact(NamedTuple):
    """One event and all that can be said of it alone."""

    event: Event
    """Its frame number, and that of the terminal below, is none of the fact's: the same bytes may stand anywhere."""
    telling: Telling | None = None
    said: Said | None = None
    run: str = ""
    """Names where a delta goes that says nothing else, and says it in full: two of one run, with no item event between
    them, go to the same place."""
    text: str = ""
    """The delta, where there is a run."""
    damage: str | None = None
    terminal: Terminal | None = None
    usage: UsageReading = UsageReading("absent")
    snapshot: tuple[Said, ...] = ()
    created: bool = False
    unknown: bool = False
    """A type that the catalogue does not know."""
    vendor: bool = False
    """A type that only some servers send."""
    untyped: bool = False
    """It has text in a part that states no type."""
    named: bool = False
    """Its data states no type: only its frame's name says what it is."""


def fact_of(event: Event) -> Fact:
    """The fact an event is."""
    payload, telling = event.payload, Telling.of(event)
    # What is read by the type that it states itself can be no error, so most events need no look at the error shapes.
    if event.type in _READ and payload is not None and payload.get("type") == event.type:
        return _read(event, payload, telling)
    fact = _odd(event, payload, telling)
    named = payload is not None and event.type != "" and not isinstance(payload.get("type"), str)
    return fact._replace(named=True, run="") if named and error_of(event) is None else fact


def _odd(event: Event, payload: dict[str, Any] | None, telling: Telling | None) -> Fact:
    """The fact of an event that may be anything."""
    damage = event.damage if event.damage is not None and error_of(event) is None else None
    terminal = terminal_of(event)
    if terminal is not None:
        stated = payload or {}
        usage, snapshot = usage_of(stated), tuple(_snapshot(stated))
        untyped = typed(event) is not event
        return Fact(event, telling, damage=damage, terminal=terminal, usage=usage, snapshot=snapshot, untyped=untyped)
    if event.type in _READ and payload is not None:
        return _read(event, payload, telling)
    known = catalogue.EVENTS.get(event.type)
    unknown, vendor = known is None and payload is not None, known is not None and known.group == "vendor"
    return Fact(event, telling, damage=damage, unknown=unknown, vendor=vendor)


def index_of(payload: dict[str, Any]) -> int | None:
    """The output index; None when it is missing or cannot be one."""
    index = payload.get("output_index")
    return index if isinstance(index, int) and not isinstance(index, bool) and index >= 0 else None


def id_of(payload: dict[str, Any]) -> str | None:
    """The item's id, from ``item_id`` or the item itself; None when missing or empty."""
    item = payload.get("item")
    own = item.get("id") if isinstance(item, dict) else None
    found = payload.get("item_id") or own
    return found if isinstance(found, str) and found else None


def _read(event: Event, payload: dict[str, Any], telling: Telling | None) -> Fact:
    if telling is not None:
        item = telling.item
        told = _said(payload, item, ITEMS[event.type]) if isinstance(item, dict) else None
        return Fact(event, telling, told, untyped=typed(event) is not event)
    if event.type == CREATED:
        return Fact(event, created=True)
    said = _part(event, payload) if event.type in PART_EVENTS else _strand(event, payload)
    if said is None:
        return Fact(event, untyped=typed(event) is not event)
    ((kind, witness, part, text),) = said.texts
    index, identity = said.output_index, said.identity
    plain = witness is Witness.DELTAS and not said.notes and not event.lawless
    run = f"{kind} {part} {index} {identity}" if plain and index is not None and identity is not None else ""
    return Fact(event, said=said, run=run, text=text)


def _strand(event: Event, payload: dict[str, Any]) -> Said | None:
    kind, witness, field = STRANDS[event.type]
    text = payload.get(field)
    if not isinstance(text, str) or not text:
        return None
    name = payload.get("name") if kind is ChannelKind.ARGUMENTS else None
    notes = (("names", name),) if isinstance(name, str) and name else ()
    told = ((kind, witness, _part_index(payload, kind), text),)
    return Said(OWNER[kind], index_of(payload), id_of(payload), told, notes)


def _part(event: Event, payload: dict[str, Any]) -> Said | None:
    told = _part_text(payload.get("part"))
    if told is None:
        return None
    kind, text = told
    texts = ((kind, PART_EVENTS[event.type], _part_index(payload, kind), text),)
    return Said(OWNER[kind], index_of(payload), id_of(payload), texts)


def _snapshot(payload: dict[str, Any]) -> Iterator[Said]:
    response = payload.get("response")
    output = response.get("output") if isinstance(response, dict) else None
    for item in output if isinstance(output, list) else ():
        if isinstance(item, dict):
            yield _said({"item": item}, item, Witness.SNAPSHOT)


def _said(payload: dict[str, Any], item: dict[str, Any], witness: Witness) -> Said:
    """All that a whole item says of itself."""
    kind = item.get("type")
    notes = tuple((note, item[field]) for field, note in _NOTES.items() if _is_text(item.get(field)))
    return Said(
        kind if isinstance(kind, str) else UNTYPED,
        index_of(payload),
        id_of(payload),
        tuple((strand, witness, part, text) for strand, part, text in _texts(item, kind)),
        notes,
    )


def _texts(item: dict[str, Any], item_type: Any) -> Iterator[tuple[ChannelKind, int, str]]:
    for field, strand in (("arguments", ChannelKind.ARGUMENTS), ("input", ChannelKind.INPUT)):
        # An item that states no type is the call that its members make it.
        if (item_type == OWNER[strand] or not isinstance(item_type, str)) and _is_text(item.get(field)):
            yield strand, 0, item[field]
    for field in ("content", "summary"):
        for part, (strand, text) in enumerate(_told(item.get(field))):
            yield strand, part, text


def _told(parts: Any) -> Iterator[tuple[ChannelKind, str]]:
    entries: Iterable[Any] = parts if isinstance(parts, list) else ()
    return (told for part in entries if (told := _part_text(part)) is not None)


def _part_text(part: Any) -> tuple[ChannelKind, str] | None:
    """The strand and the text of one content or summary part; None when it tells neither."""
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(kind, str) or kind not in PARTS:
        return None
    strand, field = PARTS[kind]
    text = part.get(field)
    return (strand, text) if isinstance(text, str) and text else None


def _part_index(payload: dict[str, Any], kind: ChannelKind) -> int:
    """Where in its item a part stands; a missing or odd index counts as the first."""
    index = payload.get("summary_index" if kind is ChannelKind.SUMMARY else "content_index")
    return index if isinstance(index, int) and not isinstance(index, bool) and index >= 0 else 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""
