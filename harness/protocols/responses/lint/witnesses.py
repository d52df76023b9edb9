"""Every text is told up to five times, and must be the same each time.

In order: its deltas joined, its done event, its done part, its done item, the terminal's snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.protocols.responses.catalogue import DELTAS, DONES, STRANDS, Strand, canonical
from harness.protocols.responses.event import Event
from harness.protocols.responses.lint.remark import Flaw, Rule, error, warning
from harness.protocols.responses.lint.stream import (
    PART_DONE,
    Key,
    Life,
    Stream,
    array_at,
    index_at,
    item_of,
    object_at,
    response_of,
    text_at,
)

Place = tuple[str, int | None]
"""A strand's name, and which part it is in; None where an item has only one such text."""

_BY_PART: Mapping[str | None, Strand] = {strand.part_type: strand for strand in STRANDS if strand.part_type is not None}


@dataclass(frozen=True, slots=True)
class _Witness:
    name: str
    frame: int
    pointer: str
    text: str | None
    """None: the place where the text belongs does not have it."""


@dataclass(slots=True)
class _Told:
    """What the events of an item told of one text."""

    strand: Strand
    deltas: list[Event] = field(default_factory=list)
    done: Event | None = None
    part: Event | None = None


def _texts_agree(stream: Stream) -> Iterator[Flaw]:
    snapshots = _snapshots(stream)
    for life in stream.lives:
        for (_, place), told in _told(life).items():
            witnesses = [*_streamed(told), *_stated(stream, life, told.strand, place, snapshots.get(life.key))]
            yield from _compare(told.strand, witnesses)


def _compare(strand: Strand, witnesses: Sequence[_Witness]) -> Iterator[Flaw]:
    told = next((witness for witness in witnesses if witness.text), None)
    if told is None:
        return
    for other in witnesses:
        if not other.text:
            # Servers may keep reasoning to themselves; an answer or a call that vanishes is another matter.
            tell = warning if strand.name in {"reasoning", "summary"} else error
            yield tell(other.frame, other.pointer, f"{strand.name}: {other.name} lacks what {told.name} told")
        elif other.text != told.text:
            yield error(other.frame, other.pointer, f"{strand.name}: {other.name} disagrees with {told.name}")


def _told(life: Life) -> Mapping[Place, _Told]:
    known: dict[Place, _Told] = {}
    for event in life.events:
        kind = canonical(event.type)
        part_type = text_at(object_at(event.payload, "part"), "type") if kind in PART_DONE else None
        strand = DELTAS.get(kind) or DONES.get(kind) or _BY_PART.get(part_type)
        if strand is None:
            continue
        place = index_at(event.payload, strand.keys[-1]) if None in strand.path else None
        told = known.setdefault((strand.name, place), _Told(strand))
        if kind in DELTAS:
            told.deltas.append(event)
        elif kind in DONES:
            told.done = told.done or event
        else:
            told.part = told.part or event
    for strand in STRANDS:
        # A text that only the done item and the terminal tell still has two witnesses.
        if life.type in strand.item_types and None not in strand.path:
            known.setdefault((strand.name, None), _Told(strand))
    return known


def _streamed(told: _Told) -> Iterator[_Witness]:
    texts = [text for event in told.deltas if (text := text_at(event.payload, "delta")) is not None]
    # A delta that is no text is the schema's to tell; what is left of the others would only repeat it.
    if told.deltas and len(texts) == len(told.deltas):
        yield _Witness("the deltas", told.deltas[-1].frame, "/delta", "".join(texts))
    if told.done is not None:
        name = told.strand.payload
        yield _Witness("the done event", told.done.frame, f"/{name}", text_at(told.done.payload, name))
    if told.part is not None:
        name = told.strand.path[-1] or ""
        text = text_at(object_at(told.part.payload, "part"), name)
        yield _Witness("the done part", told.part.frame, f"/part/{name}", text)


def _stated(
    stream: Stream, life: Life, strand: Strand, place: int | None, snapshot: tuple[int, Any] | None
) -> Iterator[_Witness]:
    path = "".join(f"/{place if step is None else step}" for step in strand.path)
    if life.done is not None and (item := item_of(life.done)) is not None:
        text = _reach(item, strand, place)
        yield _Witness("the done item", life.done.frame, f"/item{path}", text)
    if snapshot is not None and stream.terminal is not None:
        number, entry = snapshot
        pointer = f"/response/output/{number}{path}"
        yield _Witness("the terminal", stream.terminal.frame, pointer, _reach(entry, strand, place))


def _reach(value: Any, strand: Strand, place: int | None) -> str | None:
    for step in strand.path:
        if step is not None:
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list) and place is None and len(value) == 1:
            # Where no index is told, the only part there is is meant.
            value = value[0]
        elif isinstance(value, list) and place is not None and 0 <= place < len(value):
            value = value[place]
        else:
            value = None
    return value if isinstance(value, str) else None


def _snapshots(stream: Stream) -> Mapping[Key, tuple[int, Any]]:
    """The terminal's entry of each item, by place; only where the terminal lists as many items as were streamed."""
    output = array_at(response_of(stream.terminal), "output") or ()
    if len(output) != len(stream.lives):
        return {}
    return {life.key: (number, entry) for number, (life, entry) in enumerate(zip(stream.lives, output, strict=True))}


def _snapshot_whole(stream: Stream) -> Iterator[Flaw]:
    terminal, output = stream.terminal, array_at(response_of(stream.terminal), "output")
    if terminal is None or output is None or terminal.type not in {"response.completed", "response.done"}:
        return
    if stream.lives and not output:
        yield error(terminal.frame, "/response/output", "the terminal lists none of the items")
    elif len(output) != len(stream.lives):
        yield error(terminal.frame, "/response/output", "the terminal lists another number of items than were streamed")


RULES = (
    Rule("text-agrees", "Deltas, done event, done part, done item and terminal tell the same text.", _texts_agree),
    Rule("snapshot-whole", "The terminal lists every item that was streamed.", _snapshot_whole),
)
