"""Who is who: an item keeps its id, its type, its call and its name from its first event to the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols.responses.lint.remark import Flaw, Rule, error
from harness.protocols.responses.lint.stream import (
    ITEM_ADDED,
    ITEM_DONE,
    Key,
    Life,
    Stream,
    array_at,
    item_id_of,
    item_of,
    response_of,
    text_at,
)

_KEPT = ("type", "call_id", "name", "role")


def _ids_kept(stream: Stream) -> Iterator[Flaw]:
    owners: dict[str, Key] = {}
    for life in stream.lives:
        first: str | None = None
        for event in life.events:
            name = item_id_of(event)
            if name is None:
                continue
            pointer = "/item/id" if event.type in {ITEM_ADDED, ITEM_DONE} else "/item_id"
            if first is not None and name != first:
                yield error(event.frame, pointer, "the item's id changes during its life")
            if first is None and owners.setdefault(name, life.key) != life.key:
                yield error(event.frame, pointer, "two items share one id")
            first = first or name


def _members_kept(stream: Stream) -> Iterator[Flaw]:
    for life in stream.lives:
        added, done = item_of(life.added), item_of(life.done)
        if added is None or done is None or life.done is None:
            continue
        for name in _KEPT:
            before, now = text_at(added, name), text_at(done, name)
            if before and now is not None and now != before:
                told = "changes" if now else "is blank"
                yield error(life.done.frame, f"/item/{name}", f"the item's {name} {told} when it is done")


def _snapshot_is_same(stream: Stream) -> Iterator[Flaw]:
    terminal = stream.terminal
    output = array_at(response_of(terminal), "output")
    if terminal is None or not output:
        return
    for place, (life, entry) in enumerate(zip(stream.lives, output, strict=False)):
        for name in ("id", "type", "call_id", "name"):
            known, told = _last_known(life, name), text_at(entry, name)
            if known and told is not None and told != known:
                pointer = f"/response/output/{place}/{name}"
                yield error(terminal.frame, pointer, f"the terminal tells another {name} than the item did")


def _last_known(life: Life, name: str) -> str | None:
    items = (item_of(life.done), item_of(life.added))
    return next((text for item in items if (text := text_at(item, name))), None)


RULES = (
    Rule("item-identity", "An item keeps one id, and no other item has it.", _ids_kept),
    Rule("item-members", "An item's type, call id, name and role do not change.", _members_kept),
    Rule("snapshot-identity", "The terminal's items are those that were streamed.", _snapshot_is_same),
)
