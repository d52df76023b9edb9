"""Which item an event belongs to, when streams number and name their items well, badly or not at all.

The output index is the stable key (ids rotate behind some proxies); where the stream's own item events show that
its indexes cannot be one (missing, all zero, negative), the id is. Where neither can be trusted, events belong to
the item opened last, and the reading says that it is ambiguous.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from harness.protocols.responses.event import Event

ITEM_ADDED = "response.output_item.added"
ITEM_DONE = "response.output_item.done"


class Identity(StrEnum):
    """The key that tells one stream's items apart."""

    INDEX = "index"
    ID = "id"
    RECENCY = "recency"


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


def trusted_identity(events: Sequence[Event]) -> Identity:
    """The key this stream's own item events support."""
    payloads = [(event.type, event.payload) for event in events if event.payload is not None]
    added = [payload for kind, payload in payloads if kind == ITEM_ADDED]
    done = [payload for kind, payload in payloads if kind == ITEM_DONE]
    opening = added or done
    numbered = _index_tells_apart(opening) and not _reopened(payloads)
    if numbered and (opening or any(index_of(payload) is not None for _, payload in payloads)):
        return Identity.INDEX
    if opening and _id_tells_apart(opening, payloads):
        return Identity.ID
    return Identity.INDEX if not opening and _one_key(payloads) else Identity.RECENCY


def _index_tells_apart(opening: Iterable[dict[str, Any]]) -> bool:
    seen: defaultdict[int, list[tuple[str | None, str | None]]] = defaultdict(list)
    for payload in opening:
        index = index_of(payload)
        if index is None:
            return False
        seen[index].append((id_of(payload), _item_type(payload)))
    return all(len({kind for _, kind in entries}) == 1 and _same_item(entries) for entries in seen.values())


def _reopened(payloads: Iterable[tuple[str, dict[str, Any]]]) -> bool:
    """Whether an index is opened, finished and opened again: two items under one number, not one told twice."""
    stage: dict[int | None, str] = {}
    for kind, payload in payloads:
        index = index_of(payload)
        if kind == ITEM_ADDED and stage.get(index) == ITEM_DONE:
            return True
        if kind == ITEM_ADDED or (kind == ITEM_DONE and index in stage):
            stage[index] = kind
    return False


def _same_item(entries: list[tuple[str | None, str | None]]) -> bool:
    ids = {identity for identity, _ in entries}
    return len(entries) == 1 or (len(ids) == 1 and None not in ids)


def _id_tells_apart(opening: Sequence[dict[str, Any]], payloads: Iterable[tuple[str, dict[str, Any]]]) -> bool:
    opened = [id_of(payload) for payload in opening]
    used = {id_of(payload) for kind, payload in payloads if kind == ITEM_DONE or "item_id" in payload}
    return None not in opened and len(set(opened)) == len(opened) and used <= {*opened, None}


def _one_key(payloads: Iterable[tuple[str, dict[str, Any]]]) -> bool:
    return len({id_of(payload) for _, payload in payloads if "delta" in payload}) <= 1


def _item_type(payload: dict[str, Any]) -> str | None:
    item = payload.get("item")
    kind = item.get("type") if isinstance(item, dict) else None
    return kind if isinstance(kind, str) else None
