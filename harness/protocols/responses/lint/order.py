"""The life of an item: added, then part by part, each with its deltas and its done event, then done; once each.

Items may interleave, so every item is followed on its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols.responses.catalogue import DELTAS, DONES, canonical
from harness.protocols.responses.lint.remark import Flaw, Rule, error, info, warning
from harness.protocols.responses.lint.stream import (
    ITEM_ADDED,
    ITEM_DONE,
    PART_ADDED,
    PART_DONE,
    Life,
    Stream,
    index_at,
    item_of,
    text_at,
)


def _items(stream: Stream) -> Iterator[Flaw]:
    for life in stream.lives:
        added = done = False
        for event in life.events:
            if event.type == ITEM_ADDED:
                if added:
                    yield error(event.frame, "/output_index", "an item is added twice")
                added = True
            elif event.type == ITEM_DONE:
                if done:
                    yield error(event.frame, "/output_index", "an item is done twice")
                elif not added:
                    yield error(event.frame, "/output_index", "an item is done that was not added")
                done = True
            elif done:
                yield error(event.frame, "/output_index", "an event of an item that is done")
            elif not added:
                yield error(event.frame, "/output_index", "an event of an item that was not added")


def _finished(stream: Stream) -> Iterator[Flaw]:
    completed = stream.terminal is not None and stream.terminal.type == "response.completed"
    for life in stream.lives:
        if life.done is None and completed:
            yield error(life.events[-1].frame, "/output_index", "an item is never done, yet the response completes")
        status = text_at(item_of(life.done), "status")
        if life.done is not None and status == "in_progress":
            yield warning(life.done.frame, "/item/status", "an item is done with status in_progress")


def _parts(stream: Stream) -> Iterator[Flaw]:
    for life in stream.lives:
        yield from _parts_of(life)


def _parts_of(life: Life) -> Iterator[Flaw]:
    open_: dict[tuple[str, int | None], bool] = {}
    for event in life.events:
        kind = canonical(event.type)
        if (key := PART_ADDED.get(kind)) is not None:
            place = (key, index_at(event.payload, key))
            if place in open_:
                yield error(event.frame, f"/{key}", "a part is added twice")
            open_[place] = True
        elif (key := PART_DONE.get(kind)) is not None:
            place = (key, index_at(event.payload, key))
            if not open_.get(place):
                yield error(event.frame, f"/{key}", "a part is done that is not open")
            open_[place] = False
        elif (strand := DELTAS.get(kind) or DONES.get(kind)) is not None and strand.part_type is not None:
            key = strand.keys[-1]
            place = (key, index_at(event.payload, key))
            if place not in open_:
                yield error(event.frame, f"/{key}", f"{kind} for a part that was not added")
            elif not open_[place]:
                yield error(event.frame, f"/{key}", f"{kind} for a part that is done")
    if life.done is not None and any(open_.values()):
        yield error(life.done.frame, "/item", "an item is done while a part of it is open")


def _strands(stream: Stream) -> Iterator[Flaw]:
    for life in stream.lives:
        begun: dict[tuple[str, int | None], bool] = {}
        for event in life.events:
            kind = canonical(event.type)
            strand = DELTAS.get(kind) or DONES.get(kind)
            if strand is None:
                continue
            place = (strand.name, index_at(event.payload, strand.keys[-1]) if len(strand.keys) > 1 else None)
            if begun.get(place):
                told = "a delta after its done event" if kind in DELTAS else "a second done event"
                yield error(event.frame, "/type", f"{strand.name}: {told}")
            begun[place] = begun.get(place, False) or kind in DONES
        for (name, _), ended in begun.items():
            if not ended and life.done is not None:
                yield error(life.done.frame, "", f"{name}: deltas without a done event")


def _indexes(stream: Stream) -> Iterator[Flaw]:
    top = -1
    for event in stream.messages:
        index = index_at(event.payload, "output_index")
        if index is not None and index < 0:
            yield error(event.frame, "/output_index", "a negative output index")
        if index is None or index < 0 or event.type != ITEM_ADDED:
            continue
        if index > top + 1:
            yield warning(event.frame, "/output_index", "a gap in the output indexes")
        elif index < top:
            yield info(event.frame, "/output_index", "items are not added in the order of their indexes")
        top = max(top, index)
    for life in stream.lives:
        yield from _part_indexes(life)


def _part_indexes(life: Life) -> Iterator[Flaw]:
    tops: dict[str, int] = {}
    for event in life.events:
        key = PART_ADDED.get(event.type)
        index = index_at(event.payload, key) if key is not None else None
        if key is None or index is None:
            continue
        if index != tops.get(key, -1) + 1:
            yield warning(event.frame, f"/{key}", "the part indexes of an item do not count up from 0")
        tops[key] = index


RULES = (
    Rule("item-order", "An item is added once, then its events come, then it is done once.", _items),
    Rule("items-finished", "Every item is done before the response completes.", _finished),
    Rule("part-order", "A part is added, filled and done, in this order, once, while its item is open.", _parts),
    Rule("strand-order", "Deltas are followed by exactly one done event.", _strands),
    Rule("index-order", "Output and part indexes count up from 0.", _indexes),
)
