"""A shape as a file that people review: one path a line, sorted, so that a change of shape is a change of lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from harness.cassette.yamlsource import CORE_NUMBER, Source, SourceError, check, read_yaml
from harness.shape.lattice import EventShape, Field, ItemShape, Shape, Tally

FORMAT_VERSION = 1


class ShapeError(SourceError):
    """A shape file that cannot be used, or a path that has no streams to infer one from."""


def load(path: Path) -> Shape:
    """The shape in a file. Raises ShapeError."""
    source = read_yaml(path, ShapeError)
    _check_version(source)
    check(source, schema())
    body = source.data
    return Shape(
        frozenset(body["providers"]),
        body["streams"],
        {type_: _event(row) for type_, row in sorted(body["events"].items())},
        {type_: _item(row) for type_, row in sorted(body["items"].items())},
        body["order"],
        {name: _tally(row) for name, row in body["framing"].items()},
    )


def dump(shape: Shape) -> str:
    """The text of a shape file: the same for equal shapes, always."""
    document = {
        "shape": FORMAT_VERSION,
        "providers": _Row(sorted(shape.providers)),
        "streams": shape.streams,
        "framing": {name: _Line(_counts(tally)) for name, tally in sorted(shape.framing.items())},
        "order": {type_: _Line(sorted(following.items())) for type_, following in sorted(shape.order.items())},
        "items": {
            type_: {
                "times": item.times,
                "events": {event: _Line(_counts(tally)) for event, tally in sorted(item.events.items())},
            }
            for type_, item in sorted(shape.items.items())
        },
        "events": {type_: _event_row(event) for type_, event in sorted(shape.events.items())},
    }
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ONE_LINE))


@cache
def schema() -> Draft202012Validator:
    """The published schema of a shape file, ready to use."""
    text = resources.files("harness.shape").joinpath("schemas", "shape.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def _check_version(source: Source) -> None:
    stated = source.data.get("shape") if isinstance(source.data, dict) else None
    if isinstance(stated, int) and stated != FORMAT_VERSION:
        hint = f"known: {FORMAT_VERSION}; a newer stream-harness may read it"
        raise source.error("/shape", f"format version {stated} is not known", hint)


def _event_row(event: EventShape) -> dict[str, Any]:
    fields = {path: _Line(_field_row(field)) for path, field in sorted(event.fields.items())}
    return {"streams": _Line(_counts(event.streams)), **({"fields": fields} if fields else {})}


def _field_row(field: Field) -> dict[str, Any]:
    row: dict[str, Any] = {**_counts(field.tally), "types": _Line(sorted(field.types.items()))}
    # Texts that are no enumeration are the rule, so the exception is what is written.
    if field.words:
        row["values"] = _Row(sorted(field.words))
    if field.length is not None:
        row["length"] = _Row(field.length)
    return row


def _counts(tally: Tally) -> dict[str, int]:
    return {"seen": tally.seen, **({"missing": tally.missing} if tally.missing else {})}


def _event(row: Mapping[str, Any]) -> EventShape:
    fields = {path: _field(entry) for path, entry in sorted(row.get("fields", {}).items())}
    return EventShape(_tally(row["streams"]), fields)


def _field(row: Mapping[str, Any]) -> Field:
    values, length = row.get("values", ()), row.get("length")
    enumerated = values or "string" not in row["types"]
    return Field(
        _tally(row),
        row["types"],
        frozenset(values) if enumerated else None,
        None if length is None else (length[0], length[1]),
    )


def _item(row: Mapping[str, Any]) -> ItemShape:
    return ItemShape(row["times"], {type_: _tally(entry) for type_, entry in sorted(row["events"].items())})


def _tally(row: Mapping[str, Any]) -> Tally:
    return Tally(row["seen"], row.get("missing", 0))


class _Row(tuple[Any, ...]):
    """A list written on one line."""

    __slots__ = ()


class _Line(dict[str, Any]):
    """A mapping written on one line."""


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes also what only a YAML 1.2 reader would take for a number, such as ``1e3``."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


_Dumper.add_representer(
    _Row, lambda dumper, row: dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True)
)
_Dumper.add_representer(
    _Line, lambda dumper, line: dumper.represent_mapping("tag:yaml.org,2002:map", line, flow_style=True)
)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", CORE_NUMBER, None)
_ONE_LINE = 100_000
