"""The terminal's ``output``: the last witness, asked only about items that no other one has told anything of.

It is null on one backend, empty on another, and renumbered on a third, so nothing is ever rebuilt from it. An entry
is first matched to an item that is known (by id, by call id, then by its turn among items of its type, since ids may
differ here); it fills that item when nothing else did, or finishes it when it was left unfinished and the entry has
no less; and it adds an item only when no match is left.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harness.runtime.draft import CALLS, ITEM_KINDS, Draft
from harness.runtime.identity import Drafts
from harness.runtime.view import mapping, sequence, text


class _Face(NamedTuple):
    """What an item and an entry can be matched by."""

    sort: str
    id: str
    call_id: str


_CLUES: tuple[Callable[[_Face], tuple[str, str] | None], ...] = (
    lambda face: (face.sort, face.id) if face.id else None,
    lambda face: (face.sort, face.call_id) if face.call_id else None,
    lambda face: (face.sort, ""),
)


def adopt(output: Any, drafts: Drafts) -> list[Draft]:
    """Take over what stands in ``output`` alone; returns the items that gained by it. Takes any value, never raises."""
    entries: dict[int, Mapping[str, Any]] = {}
    for position, value in enumerate(sequence(output)):
        fields = mapping(value)
        if fields is not None and text(fields.get("type")):
            entries[position] = fields
    gained: list[Draft] = []
    known = drafts.real()
    known += _listed(entries, known, drafts)
    for position, draft in _matched(entries, known).items():
        fields = entries.pop(position)
        whole = _whole(fields)
        better = whole.length >= draft.length or (draft.garbled and not whole.garbled)
        if not whole.blank and (draft.blank or (not draft.closed and better)):
            if draft.blank or any(whole.best(kind) != draft.best(kind) for kind in whole.text_kinds):
                gained.append(draft)
            _fill(draft, fields, drafts)
    for position, fields in entries.items():
        whole = _whole(fields)
        if _says_something(whole):
            gained.append(drafts.add(position, whole.id, whole.kind))
            _fill(gained[-1], fields, drafts)
    return gained


def _listed(entries: Mapping[int, Mapping[str, Any]], known: list[Draft], drafts: Drafts) -> list[Draft]:
    """What was taken for the echo of another call, and is listed as a call of its own."""
    called = {draft.call_id for draft in known}
    own = {text(fields.get("id")) for fields in entries.values() if text(fields.get("call_id")) not in {"", *called}}
    return [draft for draft in drafts.all if draft.id in own - {""} and draft.kind in CALLS and draft not in known]


def _says_something(whole: Draft) -> bool:
    """A call that was named does, even where nobody can read its arguments; one without a name does not."""
    return bool(whole.name) if whole.kind in CALLS else not whole.blank


def _whole(entry: Mapping[str, Any]) -> Draft:
    """What an entry says by itself."""
    draft = Draft(None, None, "")
    draft.close(entry)
    return draft


def _fill(draft: Draft, entry: Mapping[str, Any], drafts: Drafts) -> None:
    draft.fill(entry)
    draft.closed = draft.closed or draft.kind == "other" or entry.get("status") == "completed"
    drafts.settle(draft)


def _matched(entries: Mapping[int, Mapping[str, Any]], known: list[Draft]) -> dict[int, Draft]:
    """The known item of each entry that has one, by the entry's position."""
    found: dict[int, Draft] = {}
    for clue in _CLUES:
        if len(found) == len(entries):
            break
        waiting: dict[tuple[str, str] | None, deque[Draft]] = defaultdict(deque)
        taken = {id(draft) for draft in found.values()}
        for draft in known:
            if id(draft) not in taken:
                waiting[clue(_face_of_draft(draft))].append(draft)
        for position, fields in entries.items():
            key = clue(_face(fields))
            if position not in found and key is not None and waiting[key]:
                found[position] = waiting[key].popleft()
    return found


def _face(fields: Mapping[str, Any]) -> _Face:
    stated = text(fields.get("type"))
    return _Face(ITEM_KINDS.get(stated, stated), text(fields.get("id")), text(fields.get("call_id")))


def _face_of_draft(draft: Draft) -> _Face:
    sort = draft.kind if draft.kind in ITEM_KINDS.values() else draft.type
    return _Face(sort or "", draft.id, draft.call_id)
