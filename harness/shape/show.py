"""A shape for people: what streams are made of, in columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from harness.shape.framing import MEANINGS
from harness.shape.lattice import END, START, EventShape, Field, Shape, Tally


def show(shape: Shape, console: Console) -> None:
    """Everything but the fields: those are shown event by event."""
    providers = ", ".join(sorted(shape.providers)) or "unknown"
    console.print(Text(f"{shape.streams} streams of {providers}"))
    for rows in (_events(shape), _items(shape), _framing(shape)):
        console.print()
        _print(console, list(rows))


def show_event(type_: str, event: EventShape, console: Console) -> None:
    """One event type, path by path."""
    console.print(Text(f"{type_}: in {event.streams} streams, {event.times} times"))
    rows = [
        (path or "(payload)", _presence(field.tally), _counted(field.types), _more(field))
        for path, field in event.fields.items()
    ]
    _print(console, [("path", "presence", "types", "values or length"), *rows])


def _events(shape: Shape) -> Iterator[tuple[str, ...]]:
    yield "event", "streams", "times", "followed by"
    yield START, "", "", ", ".join(shape.after(START))
    for type_ in _in_order(shape):
        event = shape.event(type_)
        yield type_, _presence(event.streams), str(event.times), ", ".join(shape.after(type_))


def _in_order(shape: Shape) -> Iterator[str]:
    """Event types roughly as they come: breadth first from the start."""
    seen, row = {START, END}, [START]
    while row:
        row = [n for type_ in row for n in sorted(shape.after(type_), key=lambda n: -shape.event(n).streams.seen)]
        row = [type_ for type_ in dict.fromkeys(row) if type_ not in seen]
        seen.update(row)
        yield from row
    yield from sorted({*shape.events} - seen)


def _items(shape: Shape) -> Iterator[tuple[str, ...]]:
    yield "item", "times", "events"
    for type_, item in shape.items.items():
        events = [event if tally.always else f"{event} ({tally.seen})" for event, tally in item.events.items()]
        yield type_, str(item.times), ", ".join(events)


def _framing(shape: Shape) -> Iterator[tuple[str, ...]]:
    yield "framing", "presence"
    for name, meaning in MEANINGS.items():
        yield meaning, _presence(shape.habit(name))


def _presence(tally: Tally) -> str:
    if tally.always:
        return f"always ({tally.seen})"
    return f"sometimes ({tally})" if tally.seen else "never"


def _counted(types: Mapping[str, int]) -> str:
    return ", ".join(type_ if len(types) == 1 else f"{type_} {times}" for type_, times in types.items())


def _more(field: Field) -> str:
    length = "" if field.length is None else f"{field.length[0]} to {field.length[1]}"
    return ", ".join(sorted(field.words)) if field.words else length


def _print(console: Console, rows: Sequence[tuple[str, ...]]) -> None:
    """Rows in columns, each on one line however narrow the terminal: paths are searched for, and copied."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print(Text(cells.rstrip()), soft_wrap=True)
