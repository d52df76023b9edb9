"""Items while they are being read, and the router that finds the one an event speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.protocols.responses.event import Event
from harness.protocols.responses.reading.channel import Channel, ChannelKind, Witness
from harness.protocols.responses.reading.identity import ITEM_ADDED, Identity, id_of, index_of
from harness.protocols.responses.reading.model import ItemReading


@dataclass(slots=True, eq=False)
class Draft:
    """One item, still open to more witnesses."""

    type: str
    index: int | None
    order: int
    ids: dict[str, None] = field(default_factory=dict)
    added: bool = False
    finished: bool = False
    in_snapshot: bool = False
    strands: dict[ChannelKind, dict[Witness, dict[int, str]]] = field(default_factory=dict)
    notes: dict[str, dict[str, None]] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)

    def tell(self, kind: ChannelKind, witness: Witness, part: int, text: str) -> None:
        """Deltas add up; every other witness speaks again in full, and its last word counts."""
        parts = self.strands.setdefault(kind, {}).setdefault(witness, {})
        parts[part] = parts.get(part, "") + text if witness is Witness.DELTAS else text

    def note(self, name: str, value: str) -> None:
        self.notes.setdefault(name, {})[value] = None

    def freeze(self) -> ItemReading:
        return ItemReading(
            type=self.type,
            index=self.index,
            ids=tuple(self.ids),
            added=self.added,
            finished=self.finished,
            in_snapshot=self.in_snapshot,
            channels={kind: Channel(kind, witnesses) for kind, witnesses in self.strands.items()},
            call_ids=tuple(self.notes.get("call_ids", ())),
            names=tuple(self.notes.get("names", ())),
            phases=tuple(self.notes.get("phases", ())),
            encrypted=tuple(self.notes.get("encrypted", ())),
            frames=tuple(dict.fromkeys(self.frames)),
        )


class Router:
    """Finds or opens the draft an event belongs to, by the stream's trusted key."""

    def __init__(self, key: Identity) -> None:
        self.key = key
        self.ambiguous = key is Identity.RECENCY
        self._drafts: list[Draft] = []
        self._found: dict[tuple[int, str, str], Draft] = {}

    def item(self, event: Event, payload: dict[str, Any], item: dict[str, Any]) -> Draft:
        """The draft of an ``output_item`` event."""
        kind = item.get("type")
        kind = kind if isinstance(kind, str) else "unknown"
        opens = event.type == ITEM_ADDED
        self._found.clear()
        draft = self._find(payload, kind, opens) or self._open(payload, kind)
        if draft.type == "unknown":
            draft.type = kind
        return self._seen(draft, event, payload)

    def strand(self, event: Event, payload: dict[str, Any], owner: str) -> Draft:
        """The draft that a delta, part or done event speaks of; opened when nobody announced it."""
        index, identity = payload.get("output_index"), payload.get("item_id")
        # Most events are deltas of an item that was just found.
        key = (index, identity, owner) if isinstance(index, int) and isinstance(identity, str) else None
        if key is not None and key in self._found:
            draft = self._found[key]
            draft.frames.append(event.frame)
            return draft
        draft = self._seen(self._find(payload, owner, False) or self._open(payload, owner), event, payload)
        if key is not None:
            self._found[key] = draft
        return draft

    def match_snapshot(self, event: Event, output: list[dict[str, Any]]) -> Iterator[tuple[Draft, dict[str, Any]]]:
        """Pair the snapshot's items with those of the stream: by id, else in order within their type."""
        free = sorted(self._drafts, key=lambda draft: draft.order)
        pairs: list[tuple[Draft | None, dict[str, Any]]] = []
        for item in output:
            named = [d for d in free if item.get("id") in d.ids and d.type == item.get("type")]
            if named:
                free.remove(named[0])
            pairs.append((named[0] if named else None, item))
        for draft, item in pairs:
            found = draft or next((d for d in free if d.type == item.get("type")), None)
            if found is None:
                kind = item.get("type")
                found = self._open({"item": item}, kind if isinstance(kind, str) else "unknown")
            elif draft is None:
                free.remove(found)
            found.frames.append(event.frame)
            yield found, item

    def ordered(self) -> list[Draft]:
        if self.key is not Identity.INDEX:
            return list(self._drafts)
        return sorted(self._drafts, key=lambda d: (d.index is None, d.index or 0, d.order))

    def _find(self, payload: dict[str, Any], kind: str, opens: bool) -> Draft | None:
        index, identity = index_of(payload), id_of(payload)
        by_index = [d for d in self._drafts if index is not None and d.index == index]
        by_id = [d for d in self._drafts if identity is not None and identity in d.ids]
        if self.key is Identity.RECENCY:
            return None if opens else self._latest(kind, by_id or by_index)
        if self.key is Identity.ID:
            return self._keyed(by_id, by_index if identity is None else [], identity is None and not opens, kind)
        if by_index and by_id and by_index[0] not in by_id and not opens:
            self.ambiguous = True
        unnumbered = next((d for d in by_id if d.index is None), None)
        if not by_index and unnumbered is not None:
            unnumbered.index = index
            return unnumbered
        return self._keyed(by_index, by_id if index is None or not opens else [], index is None and not opens, kind)

    def _keyed(self, keyed: list[Draft], other: list[Draft], keyless: bool, kind: str) -> Draft | None:
        """By the trusted key, else by the other one, else, for an event without any key, the item opened last."""
        if keyed or other:
            return (keyed or other)[0]
        return self._latest(kind, self._drafts) if keyless else None

    def _latest(self, kind: str, among: list[Draft]) -> Draft | None:
        open_ones = [d for d in among or self._drafts if not d.finished and d.type in {kind, "unknown"}]
        return open_ones[-1] if open_ones else None

    def _open(self, payload: dict[str, Any], kind: str) -> Draft:
        draft = Draft(kind, index_of(payload), len(self._drafts))
        identity = id_of(payload)
        if identity is not None:
            draft.ids[identity] = None
        self._drafts.append(draft)
        self._found.clear()
        return draft

    def _seen(self, draft: Draft, event: Event, payload: dict[str, Any]) -> Draft:
        identity = id_of(payload)
        if identity is not None:
            draft.ids[identity] = None
        draft.frames.append(event.frame)
        return draft
