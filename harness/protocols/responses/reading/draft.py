"""Items while they are being read, and the router that finds the one a fact speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from harness.protocols.responses.reading.channel import Channel, ChannelKind, Witness
from harness.protocols.responses.reading.fact import Fact, Said
from harness.protocols.responses.reading.identity import Identity
from harness.protocols.responses.reading.model import ItemReading

Cell = tuple[Callable[[str], None], Callable[[int], None]]
"""Takes the text of the next delta of a run, and its frame."""


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
    """What was told, by strand, witness and part; the deltas are still in pieces elsewhere."""
    deltas: dict[ChannelKind, dict[int, list[str]]] = field(default_factory=dict)
    notes: dict[str, dict[str, None]] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)
    voided: set[ChannelKind] = field(default_factory=set)
    """Strands whose deltas the next delta replaces."""
    whole: Said | None = None
    """What its ``output_item.done`` said."""

    def hear(self, said: Said, frame: int) -> None:
        """Deltas add up; every other witness speaks again in full, and its last word counts."""
        for kind, witness, part, text in said.texts:
            parts = self.strands.setdefault(kind, {}).setdefault(witness, {})
            if witness is Witness.DELTAS:
                if kind in self.voided:
                    self.voided.remove(kind)
                    del self.deltas[kind]
                self.deltas.setdefault(kind, {}).setdefault(part, []).append(text)
            else:
                parts[part] = text
        for name, value in said.notes:
            self.notes.setdefault(name, {})[value] = None
        self.frames.append(frame)

    def repeats(self, other: Draft) -> bool:
        """Whether two finished items say that they are one: one item told under two numbers, or two all alike?"""
        mine, theirs = self.whole, other.whole
        return (
            self is not other
            and mine is not None
            and theirs is not None
            and mine.identity is not None
            and mine._replace(output_index=None) == theirs._replace(output_index=None)
        )

    def begin_again(self) -> None:
        """It is told once more from the start: with the deltas of both tellings, its text would stand in it twice."""
        self.voided.update(self.deltas)

    def freeze(self) -> ItemReading:
        for kind, parts in self.deltas.items():
            self.strands[kind][Witness.DELTAS] = {part: "".join(pieces) for part, pieces in parts.items()}
        notes = self.notes
        return ItemReading(
            type=self.type,
            index=self.index,
            ids=tuple(self.ids),
            added=self.added,
            finished=self.finished,
            in_snapshot=self.in_snapshot,
            channels={kind: Channel(kind, witnesses) for kind, witnesses in self.strands.items()},
            call_ids=tuple(notes.get("call_ids", ())),
            names=tuple(notes.get("names", ())),
            phases=tuple(notes.get("phases", ())),
            encrypted=tuple(notes.get("encrypted", ())),
            statuses=tuple(notes.get("statuses", ())),
            types=tuple(notes.get("types", ())),
            frames=tuple(self.frames),
        )


class Router:
    """Finds or opens the draft a fact belongs to, by the stream's trusted key."""

    def __init__(self, key: Identity) -> None:
        self.key = key
        self.ambiguous = key is Identity.RECENCY
        self.running: dict[str, Cell] = {}
        """By run, where its next delta goes; forgotten when an item opens or speaks as a whole."""
        self._drafts: list[Draft] = []
        self._first_at: dict[int | None, Draft] = {}
        """By output index, the draft that was opened under it first."""

    def take(self, fact: Fact, said: Said, frame: int) -> None:
        """Join what a fact says to the item it speaks of; opened when nobody announced it."""
        opens = fact.telling is not None and fact.telling.opens
        draft = self._find(said, opens) or self._open(said)
        if said.identity is not None:
            draft.ids[said.identity] = None
        if opens and draft.added and draft.finished:
            draft.begin_again()
        draft.hear(said, frame)
        if fact.telling is not None:
            self._whole(draft, said, opens)
        if fact.run and self._for_good(draft, said):
            ((kind, _, part, _),) = said.texts
            self.running[fact.run] = draft.deltas[kind][part].append, draft.frames.append

    def _whole(self, draft: Draft, said: Said, opens: bool) -> None:
        """An item event: the item begins, or ends."""
        self.running.clear()
        draft.type = said.type if draft.type == "unknown" else draft.type
        draft.added |= opens
        draft.finished |= not opens
        draft.whole = draft.whole if opens else said
        if not opens and len(self._drafts) > 1 and any(other.repeats(draft) for other in self._drafts):
            self.ambiguous = True

    def snapshot(self, output: Sequence[Said], frame: int) -> None:
        """Join the items of a terminal."""
        for draft, said in self._paired(output):
            draft.in_snapshot = True
            draft.hear(said, frame)

    def ordered(self) -> list[Draft]:
        if self.key is not Identity.INDEX:
            return self._drafts
        return sorted(self._drafts, key=lambda d: (d.index is None, d.index or 0, d.order))

    def _paired(self, output: Sequence[Said]) -> Iterator[tuple[Draft, Said]]:
        """A snapshot's items with those of the stream: by id, else in order within their type."""
        free = list(self._drafts)
        pairs: list[tuple[Draft | None, Said]] = []
        for said in output:
            known = [d for d in free if said.identity in d.ids and d.type == said.type]
            named = _best_known(known)
            if named is not None:
                free.remove(named)
            pairs.append((named, said))
        for named, said in pairs:
            draft = named or _best_known([d for d in free if d.type == said.type]) or self._open(said)
            if draft in free:
                free.remove(draft)
            yield draft, said

    def _for_good(self, draft: Draft, said: Said) -> bool:
        """Whether the same key will find the same draft again, until an item opens."""
        return self.key is Identity.ID or (self.key is Identity.INDEX and draft.index == said.output_index)

    def _find(self, said: Said, opens: bool) -> Draft | None:
        kind, index, identity = said.type, said.output_index, said.identity
        first = self._first_at.get(index)
        if first is not None and self.key is Identity.INDEX and (identity is None or identity in first.ids):
            return first  # both keys agree, as they do nearly always
        by_index = [d for d in self._drafts if d.index == index] if index is not None else []
        by_id = [d for d in self._drafts if identity in d.ids] if identity is not None else []
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
        if not keyless:
            return None
        # Of several that are open, the last one is a guess.
        self.ambiguous |= len(self._waiting(kind, self._drafts)) > 1
        return self._latest(kind, self._drafts)

    def _latest(self, kind: str, among: list[Draft]) -> Draft | None:
        open_ones = self._waiting(kind, among or self._drafts)
        return open_ones[-1] if open_ones else None

    def _waiting(self, kind: str, among: list[Draft]) -> list[Draft]:
        return [d for d in among if not d.finished and d.type in {kind, "unknown"}]

    def _open(self, said: Said) -> Draft:
        draft = Draft(said.type, said.output_index, len(self._drafts))
        if said.identity is not None:
            draft.ids[said.identity] = None
        self._drafts.append(draft)
        if said.output_index is not None:
            self._first_at.setdefault(said.output_index, draft)
        self.running.clear()
        return draft


def _best_known(drafts: Sequence[Draft]) -> Draft | None:
    """The first that an item event told of; parts alone may have come under any number, and any id."""
    return next((draft for draft in drafts if draft.added or draft.finished), drafts[0] if drafts else None)
