"""The fold of events into a reading: every event tells something about one item, or about the response.

Two tables say where an event's text goes; the rest is bookkeeping. Nothing here repairs: an event that tells
nothing readable leaves no trace but its count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from harness.protocols.responses import catalogue
from harness.protocols.responses.errors import error_of
from harness.protocols.responses.event import DONE, Event
from harness.protocols.responses.reading.channel import ChannelKind, Witness
from harness.protocols.responses.reading.draft import Draft, Router
from harness.protocols.responses.reading.identity import ITEM_ADDED, ITEM_DONE, Identity, trusted_identity
from harness.protocols.responses.reading.model import Reading, Terminal, UsageReading
from harness.protocols.responses.reading.terminal import terminal_of, usage_of

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


def read(events: Sequence[Event], identity: Identity | None = None) -> Reading:
    """Read one delivery's events. ``identity`` None: the key that the stream's own item events support."""
    key = trusted_identity(events) if identity is None else identity
    fold = _Fold(Router(key))
    remaining = iter(events)
    for event in remaining:
        fold.take(event)
        if fold.terminal is not None:
            break
    after = _Fold(Router(key))
    for event in remaining:
        after.take(event)
    return fold.finish(after.finish(None) if after.count else None)


class _Fold:
    def __init__(self, router: Router) -> None:
        self.router = router
        self.terminal: Terminal | None = None
        self.usage = UsageReading("absent")
        self.created = False
        self.done_marker: int | None = None
        self.damage: list[tuple[int, str]] = []
        self.unknown: list[tuple[int, str]] = []
        self.unknown_prelude: list[tuple[int, str]] = []
        self.lawless: list[int] = []
        self.count = 0

    def take(self, event: Event) -> None:
        self.count += 1
        if event.lawless:
            self.lawless.append(event.frame)
        if event.damage is not None and error_of(event) is None:
            self.damage.append((event.frame, event.damage))
        if event.data == DONE and self.done_marker is None:
            self.done_marker = event.frame
        payload, reader = event.payload, _READERS.get(event.type)
        # What a reader knows by its own word can be no error, so most events need no look at the error shapes.
        if reader is not None and payload is not None and payload.get("type") == event.type:
            reader(self, event, payload)
            return
        terminal = terminal_of(event)
        if terminal is not None:
            self.terminal = self.terminal or terminal
            self.usage = usage_of(payload or {})
            self._snapshot(event, payload or {})
        elif payload is not None and reader is not None:
            reader(self, event, payload)
        elif payload is not None and event.type not in catalogue.EVENTS:
            self.unknown.append((event.frame, event.type))
            if not self.created:
                self.unknown_prelude.append((event.frame, event.type))

    def _created(self, _: Event, __: dict[str, Any]) -> None:
        self.created = True

    def _item(self, event: Event, payload: dict[str, Any]) -> None:
        item = payload.get("item")
        if not isinstance(item, dict):
            return
        draft = self.router.item(event, payload, item)
        done = event.type == ITEM_DONE
        draft.added |= not done
        draft.finished |= done
        describe(draft, item, Witness.ITEM_DONE if done else Witness.ADDED)

    def _strand(self, event: Event, payload: dict[str, Any]) -> None:
        kind, witness, field = STRANDS[event.type]
        text = payload.get(field)
        if not isinstance(text, str) or not text:
            return
        draft = self.router.strand(event, payload, OWNER[kind])
        draft.tell(kind, witness, part_index(payload, kind), text)
        name = payload.get("name")
        if isinstance(name, str) and name and kind is ChannelKind.ARGUMENTS:
            draft.note("names", name)

    def _part(self, event: Event, payload: dict[str, Any]) -> None:
        part = payload.get("part")
        told = part_text(part)
        if told is None:
            return
        kind, text = told
        draft = self.router.strand(event, payload, OWNER[kind])
        draft.tell(kind, PART_EVENTS[event.type], part_index(payload, kind), text)

    def _snapshot(self, event: Event, payload: dict[str, Any]) -> None:
        response = payload.get("response")
        output = response.get("output") if isinstance(response, dict) else None
        if not isinstance(output, list):
            return
        for draft, item in self.router.match_snapshot(event, [entry for entry in output if isinstance(entry, dict)]):
            draft.in_snapshot = True
            describe(draft, item, Witness.SNAPSHOT)

    def finish(self, after: Reading | None) -> Reading:
        return Reading(
            items=tuple(draft.freeze() for draft in self.router.ordered()),
            terminal=self.terminal,
            usage=self.usage,
            created=self.created,
            done_marker=self.done_marker,
            damage=tuple(self.damage),
            unknown=tuple(self.unknown),
            unknown_prelude=tuple(self.unknown_prelude),
            ambiguous=self.router.ambiguous,
            lawless=tuple(self.lawless),
            events=self.count,
            after=after,
        )


_READERS: dict[str, Callable[[_Fold, Event, dict[str, Any]], None]] = {
    **dict.fromkeys(STRANDS, _Fold._strand),
    **dict.fromkeys(PART_EVENTS, _Fold._part),
    ITEM_ADDED: _Fold._item,
    ITEM_DONE: _Fold._item,
    "response.created": _Fold._created,
}
"""Event type: who reads it. Everything else ends the stream, is known and tells nothing, or is unknown."""


def describe(draft: Draft, item: dict[str, Any], witness: Witness) -> None:
    """Note all that a whole item says of itself."""
    for field, note in (
        ("call_id", "call_ids"),
        ("name", "names"),
        ("phase", "phases"),
        ("encrypted_content", "encrypted"),
    ):
        value = item.get(field)
        if isinstance(value, str) and value:
            draft.note(note, value)
    for field, kind in (("arguments", ChannelKind.ARGUMENTS), ("input", ChannelKind.INPUT)):
        value = item.get(field)
        if isinstance(value, str) and value and item.get("type") == OWNER[kind]:
            draft.tell(kind, witness, 0, value)
    for field in ("content", "summary"):
        for index, (kind, text) in enumerate(_parts(item.get(field))):
            draft.tell(kind, witness, index, text)


def _parts(parts: Any) -> Iterator[tuple[ChannelKind, str]]:
    entries: Iterable[Any] = parts if isinstance(parts, list) else ()
    for part in entries:
        told = part_text(part)
        if told is not None:
            yield told


def part_text(part: Any) -> tuple[ChannelKind, str] | None:
    """The strand and the text of one content or summary part; None when it tells neither."""
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(kind, str) or kind not in PARTS:
        return None
    channel, field = PARTS[kind]
    text = part.get(field)
    return (channel, text) if isinstance(text, str) and text else None


def part_index(payload: dict[str, Any], kind: ChannelKind) -> int:
    """Where in its item a part stands; a missing or odd index counts as the first."""
    index = payload.get("summary_index" if kind is ChannelKind.SUMMARY else "content_index")
    return index if isinstance(index, int) and not isinstance(index, bool) else 0
