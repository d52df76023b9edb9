"""The terminal's ``output``: the last witness, asked only about items that no other one has told anything of.

It is null on one backend, empty on another, and renumbered on a third, so nothing is ever rebuilt from it. An entry
is first matched to an item that is known (by id, by call id, then by its turn among items of its type, since ids may
differ here); it fills that item only when nothing else did, and it adds an item only when no match is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.runtime.draft import CALLS, Draft
from harness.runtime.identity import Drafts
from harness.runtime.view import mapping, sequence, text

Entry = tuple[int, Mapping[str, Any]]


def adopt(output: Any, drafts: Drafts) -> list[Draft]:
    """Take over what stands in ``output`` alone; returns the items that gained by it. Takes any value, never raises."""
    entries: list[Entry] = []
    for position, value in enumerate(sequence(output)):
        fields = mapping(value)
        if fields is not None and text(fields.get("type")):
            entries.append((position, fields))
    gained: list[Draft] = []
    for draft, (_, fields) in _matched(entries, drafts.in_order()):
        if draft.blank and _tells(fields):
            draft.close(fields)
            gained.append(draft)
    for position, fields in entries:
        if _tells(fields) and _complete(fields):
            draft = drafts.added_by_snapshot(position, fields)
            draft.close(fields)
            gained.append(draft)
    for draft in gained:
        drafts.settle(draft)
    return gained


def _matched(entries: list[Entry], known: list[Draft]) -> list[tuple[Draft, Entry]]:
    """Pairs of an item and its entry; they are taken out of both lists."""
    pairs: list[tuple[Draft, Entry]] = []
    for same in _CLUES:
        for entry in list(entries):
            draft = next((draft for draft in known if same(draft, entry[1])), None)
            if draft is not None:
                pairs.append((draft, entry))
                known.remove(draft)
                entries.remove(entry)
    return pairs


def _by_id(draft: Draft, entry: Mapping[str, Any]) -> bool:
    return bool(draft.id) and draft.id == entry.get("id") and _by_turn(draft, entry)


def _by_call_id(draft: Draft, entry: Mapping[str, Any]) -> bool:
    return bool(draft.call_id) and draft.call_id == entry.get("call_id")


def _by_turn(draft: Draft, entry: Mapping[str, Any]) -> bool:
    return (draft.type or draft.kind) == entry.get("type")


_CLUES: tuple[Callable[[Draft, Mapping[str, Any]], bool], ...] = (_by_id, _by_call_id, _by_turn)


def _tells(entry: Mapping[str, Any]) -> bool:
    """Whether an entry has content of its own."""
    probe = Draft(None, None, "")
    probe.close(entry)
    return not probe.blank or probe.kind == "other"


def _complete(entry: Mapping[str, Any]) -> bool:
    """Whether a call says which function it calls: one that does not cannot be made."""
    return entry.get("type") not in CALLS or bool(text(entry.get("name")))
