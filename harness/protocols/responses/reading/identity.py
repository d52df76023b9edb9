"""Which key tells a stream's items apart, when streams number and name their items well, badly or not at all.

The output index is the stable key (ids rotate behind some proxies); where the stream's own item events show that
its indexes cannot be one (missing, all zero, negative, used twice), the id is. Where neither can be trusted, events
belong to the item opened last, and the reading says that it is ambiguous.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from harness.protocols.responses.reading.fact import Fact, Telling, id_of, index_of


class Identity(StrEnum):
    """The key that tells one stream's items apart."""

    INDEX = "index"
    ID = "id"
    RECENCY = "recency"


def trusted_identity(facts: Sequence[Fact]) -> Identity:
    """The key this stream's own item events support."""
    told = [telling for fact in facts if (telling := fact.telling) is not None]
    opening = [telling for telling in told if telling.opens] or told
    if opening and _index_tells_apart(opening) and not _reopened(told):
        return Identity.INDEX
    payloads = [fact.event.payload for fact in facts if fact.event.payload is not None]
    if opening:
        return Identity.ID if _id_tells_apart(opening, told, payloads) else Identity.RECENCY
    numbered = any(index_of(payload) is not None for payload in payloads)
    return Identity.INDEX if numbered or _one_key(payloads) else Identity.RECENCY


def _index_tells_apart(opening: Sequence[Telling]) -> bool:
    seen: defaultdict[int | None, list[Telling]] = defaultdict(list)
    for telling in opening:
        seen[telling.output_index].append(telling)
    return None not in seen and all(len(entries) == 1 or _same_item(entries) for entries in seen.values())


def _same_item(entries: Sequence[Telling]) -> bool:
    """Whether events under one number speak of one item, to all that they say of it."""
    ids = {telling.identity for telling in entries}
    return len({telling.type for telling in entries}) == 1 and len(ids) == 1 and None not in ids


def _reopened(told: Sequence[Telling]) -> bool:
    """Whether an index is opened, finished and opened again: two items under one number, not one told twice."""
    finished: dict[int | None, bool] = {}
    for telling in told:
        if telling.opens and finished.get(telling.output_index):
            return True
        if telling.opens or telling.output_index in finished:
            finished[telling.output_index] = not telling.opens
    return False


def _id_tells_apart(opening: Sequence[Telling], told: Sequence[Telling], payloads: Sequence[dict[str, Any]]) -> bool:
    opened = Counter(telling.identity for telling in opening)
    used = {telling.identity for telling in told if not telling.opens}
    used |= {id_of(payload) for payload in payloads if "item_id" in payload}
    return (
        None not in opened
        and used <= {*opened, None}
        and all(times == 1 or _told_again(identity, times, told) for identity, times in opened.items())
    )


def _told_again(identity: str | None, times: int, told: Sequence[Telling]) -> bool:
    """Whether one item was told several times, each time to its end and alike: not two items under one id."""
    ends = [telling.item for telling in told if telling.identity == identity and not telling.opens]
    return len(ends) >= times and all(item == ends[0] for item in ends)


def _one_key(payloads: Sequence[dict[str, Any]]) -> bool:
    return len({id_of(payload) for payload in payloads if "delta" in payload}) <= 1
