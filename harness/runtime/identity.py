"""Which item an event is about, on streams whose ids and indexes cannot both be trusted.

``output_index`` comes first and ``item_id`` second, because proxies rotate ids while indexes hold. But some servers
leave indexes out, or say 0 (or -1) for all; then ids decide, and where both are missing, the one open item of the
kind. An ``added`` always means an item of its own when it brings an id that its index does not have yet: that is how
two items under one index are told apart from one item under two ids. But where the index is another item's, and the
id one item's that is known, the index is wrong: some servers tell an item again, at the place of the last one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from harness.runtime.draft import ITEM_KINDS, Draft
from harness.runtime.result import ItemKind
from harness.runtime.view import mapping, text


def usable_index(value: Any) -> int | None:
    """An ``output_index`` that says something; None for a missing, negative or foreign one."""
    return value if type(value) is int and value >= 0 else None


class Drafts:
    """All items of a response, found again by what their events say."""

    def __init__(self) -> None:
        self.all: list[Draft] = []
        self._ids_hold = False
        """An id came more than once: this stream's ids are no mere noise."""
        self._open: dict[int, Draft] = {}
        self._by_index: dict[int, list[Draft]] = {}
        self._by_id: dict[str, list[Draft]] = {}

    def __len__(self) -> int:
        return len(self.all)

    def in_order(self) -> list[Draft]:
        """By index; an item without one stays behind the item it arrived after."""
        place = -1
        keyed: list[tuple[int, int, Draft]] = []
        for arrival, draft in enumerate(self.all):
            place = place if draft.index is None else draft.index
            keyed.append((place, arrival, draft))
        return [draft for _, _, draft in sorted(keyed, key=lambda entry: entry[:2])]

    def real(self) -> list[Draft]:
        """In order, without echoes: parts that came under another name, of an item that is finished and has them;
        under another index, of an item of that very id that was never announced either; deltas of a text that somebody
        of that id tells to its end; and items that were left open and told a second time to their end, under their id
        or, word for word, under their index."""
        drafts = self.in_order()
        ended = {(draft.kind, key) for draft in drafts if draft.closed for key in (draft.id, draft.index)}
        finished: dict[tuple[ItemKind | None, str], str] = defaultdict(lambda: "\0")
        for draft in drafts:
            for kind in draft.text_kinds if draft.closed else ():
                finished[draft.kind, kind] += draft.best(kind) + "\0"
        whole: dict[str, str] = defaultdict(str)
        for draft in drafts:
            whole[draft.id] += "".join(f"{said}\0" for said in draft.final_texts())
        told: set[tuple[str, str]] = set()
        found: list[Draft] = []
        for draft in drafts:
            texts = {kind: draft.best(kind) for kind in draft.text_kinds}
            left_open = draft.announced and not draft.closed
            known_by_id = not draft.announced or (left_open and bool(draft.id) and (draft.kind, draft.id) in ended)
            # Its deltas may be those of several items at once.
            told_too = {kind: finished[draft.kind, kind].replace("\0", "") for kind in texts}
            if known_by_id and all(_stands_in(text, told_too[kind]) for kind, text in texts.items()):
                continue
            if not draft.announced and draft.id and draft.only_repeats(whole[draft.id]):
                continue
            known_by_index = (
                left_open and bool(texts) and draft.index is not None and (draft.kind, draft.index) in ended
            )
            if known_by_index and all(f"\0{text}\0" in finished[draft.kind, kind] for kind, text in texts.items()):
                continue
            if not draft.announced:
                if draft.id and {(draft.id, text) for text in texts.values()} <= told:
                    continue
                told |= {(draft.id, text) for text in texts.values()}
            found.append(draft)
        return found

    # -- the three questions ----------------------------------------------------------------------------------

    def announced(self, index: int | None, id: str, kind: ItemKind | None) -> Draft:
        """The item that an ``output_item.added`` is about: nearly always a new one."""
        again = self._by_id_alone(index, id, kind)
        if again is not None:
            return self._learn(again, index, "")
        named = [draft for draft in self._named(id) if draft.fits(kind)]
        named = [draft for draft in named if index is None or draft.index in {index, None}]
        # Its own early parts, or the same announcement again without an id.
        early = [
            draft
            for draft in self._at(index)
            if draft.fits(kind)
            and not draft.closed
            and not (draft.announced and id and draft.id)
            and not self._is_another(draft, id)
        ]
        # Or it comes late: behind the item's own done.
        late = [draft for draft in self._at(index) if draft.fits(kind) and draft.closed and not draft.opened]
        late = [draft for draft in late if not self._is_another(draft, id)]
        if not self._at(index):
            late += [draft for draft in self._named(id) if draft.fits(kind) and draft.closed and not draft.opened]
        known = _latest(named) or _latest(early) or _latest(late)
        return self._learn(known, index, "") if known else self.add(index, id, kind)

    def concerned(self, index: int | None, id: str, kind: ItemKind | None) -> Draft:
        """The item that a delta or a part's event is about; a new one when no known item can be meant."""
        found = self._find(index, id, kind)
        if found is None or (found.closed and self._is_another(found, id)):
            return self.add(index, id, kind)
        return self._learn(found, index, id)

    def known(self, index: int | None, id: str, kind: ItemKind | None) -> Draft | None:
        """As ``concerned``, but None instead of a new item."""
        found = self._find(index, id, kind)
        return found and self._learn(found, index, id)

    def finished(self, index: int | None, id: str, item: Any) -> Draft:
        """The item that an ``output_item.done`` is about."""
        fields = mapping(item) or {}
        stated = text(fields.get("type"))
        kind = ITEM_KINDS.get(stated, "other") if stated else None
        found = None
        if kind is None:
            # It states no type: the item that was announced here comes before parts that nobody announced.
            here = [draft for draft in self._named(id) if draft.index == index]
            found = _latest([draft for draft in here if draft.opened and not draft.closed])
        found = found or self._find(index, id, kind)
        if found is None and kind == "other":
            # Its type is one we do not know, but its place was announced under another.
            here = [draft for draft in self._at(index) if draft.opened and not draft.closed]
            found = _latest(here) or self._find(index, id, None)
            found = None if found is None or found.closed or self._is_another(found, id) else found
        if found is None:
            called = text(fields.get("call_id"))
            calls = (draft for draft in self._open.values() if called and draft.call_id == called)
            found = next((draft for draft in calls if draft.fits(kind)), None)
        if found is None and not any(draft.fits(kind) for draft in self._at(index)):
            # It names no open item, but it may tell one that is open, or that has its id, word for word.
            told = list(self._open.values()) if index is None else self._named(id) or list(self._open.values())
            told = [draft for draft in told if draft.fits(kind) and not draft.blank and _says_the_same(draft, item)]
            found = told[0] if len(told) == 1 else None
        if found is None and index is None and not id:
            found = next((draft for draft in self.all if draft.closed and draft.fits(kind)), None)
        if found is None or (found.closed and not _same(found, index, id, fields)):
            # Its number is another item's that is done: then it may be the one that was told to this very word.
            alike = [draft for draft in self._open.values() if draft.fits(kind) and not draft.blank]
            alike = [draft for draft in alike if _says_the_same(draft, item)] if found is not None else []
            return self._learn(alike[0], index, "") if len(alike) == 1 else self.add(index, id, kind)
        return self._learn(found, index, id)

    def parts_of(self, draft: Draft) -> list[Draft]:
        """What was only ever told in parts, under the number or the id of this item, which has a type of its own."""
        near = [part for part in self._at(draft.index) if part.id == draft.id or not (part.id and draft.id)]
        return [part for part in (*near, *self._named(draft.id)) if not part.announced]

    # -- changes ----------------------------------------------------------------------------------------------

    def add(self, index: int | None, id_: str, kind: ItemKind | None) -> Draft:
        """A new item, whatever else is known."""
        draft = Draft(kind, index, id_)
        self.all.append(draft)
        self._open[id(draft)] = draft
        if index is not None:
            self._by_index.setdefault(index, []).append(draft)
        self.settle(draft)
        return draft

    def settle(self, draft: Draft) -> None:
        """Keep the ways to find a draft true after it was described or closed."""
        if draft.id:
            named = self._by_id.setdefault(draft.id, [])
            if draft not in named:
                named.append(draft)
        if draft.closed:
            self._open.pop(id(draft), None)

    def _learn(self, draft: Draft, index: int | None, id: str) -> Draft:
        if draft.index is None and index is not None:
            draft.index = index
            self._by_index.setdefault(index, []).append(draft)
        self._ids_hold = self._ids_hold or bool(id and draft.id == id)
        if id and not draft.id:
            # Its own events name it where its announcement did not.
            draft.id = id
            self.settle(draft)
        return draft

    # -- looking ----------------------------------------------------------------------------------------------

    def _at(self, index: int | None) -> list[Draft]:
        return [] if index is None else self._by_index.get(index, [])

    def _named(self, id: str) -> list[Draft]:
        return self._by_id.get(id, []) if id else []

    def _find(self, index: int | None, id: str, kind: ItemKind | None) -> Draft | None:
        named = [draft for draft in self._named(id) if draft.fits(kind)]
        if index is None:
            return _latest(named) or self._one_open(id, kind, self._open.values())
        exact = _latest([draft for draft in named if draft.index == index])
        if exact is not None:
            return exact
        here = [draft for draft in self._at(index) if draft.fits(kind)]
        waiting = [draft for draft in here if not draft.closed]
        if waiting:
            return waiting[-1]
        again = self._by_id_alone(index, id, kind)
        if again is not None:
            return again
        # The index names nothing that is still open: an id that names exactly one announced item is the better clue.
        elsewhere = [
            draft for draft in named if draft.index is None or (draft.announced and (draft.retold or not draft.closed))
        ]
        if len(elsewhere) == 1:
            return elsewhere[0]
        unplaced = [draft for draft in self._open.values() if draft.index is None]
        return _latest(here) or self._one_open(id, kind, unplaced)

    def _by_id_alone(self, index: int | None, id: str, kind: ItemKind | None) -> Draft | None:
        """The one item that was announced under this id, where the index belongs to items with other ids."""
        named = [draft for draft in self._named(id) if draft.announced]
        here = self._at(index)
        foreign = bool(here) and all(draft.id not in {"", id} for draft in here)
        return named[0] if foreign and len(named) == 1 and named[0].fits(kind) else None

    def _is_another(self, draft: Draft, id: str) -> bool:
        """Whether this id cannot be another name of the draft: ids are stable here, and it is a different one."""
        return self._ids_hold and bool(id) and bool(draft.id) and draft.id != id and draft not in self._named(id)

    def _one_open(self, id: str, kind: ItemKind | None, among: Iterable[Draft]) -> Draft | None:
        """The one open item of the kind, for an event that names no item we know."""
        waiting = [draft for draft in among if draft.fits(kind) and not self._is_another(draft, id)]
        return waiting[-1] if len(waiting) == 1 or (waiting and not id) else None


def _stands_in(text: str, whole: str) -> bool:
    """Whether it is a part of the whole, or all of it in pieces that interleave."""
    return text in whole or (len(text) == len(whole) and sorted(text) == sorted(whole))


def _latest(drafts: list[Draft]) -> Draft | None:
    waiting = [draft for draft in drafts if not draft.closed]
    return waiting[-1] if waiting else drafts[-1] if drafts else None


def _same(draft: Draft, index: int | None, id: str, item: Any) -> bool:
    """Whether an item's ``done`` that comes after the draft's own is that same one again."""
    if draft.kind == "other" and draft.type != item.get("type"):
        return False
    call_id = text(item.get("call_id"))
    if call_id and draft.call_id and call_id != draft.call_id:
        # Where number, id and words are the same, the call id is what somebody writes anew.
        return bool(id) and draft.id == id and index == draft.index and _says_the_same(draft, item)
    if call_id and draft.call_id:
        return True
    if id and draft.id == id and (index == draft.index or None in {index, draft.index}):
        return True
    return _says_the_same(draft, item)


def _says_the_same(draft: Draft, item: Any) -> bool:
    again = Draft(draft.kind, None, "")
    again.close(item)
    return all(again.best(kind) == draft.best(kind) for kind in {*again.text_kinds, *draft.text_kinds})
