"""A payload made up from a shape: as small as the shape allows, and with nothing in it that anybody has said."""

from __future__ import annotations

from typing import Any

from harness.mutations.places import ENTRIES, plain, variant
from harness.shape.lattice import EventShape, Field, Shape

_SCALARS: dict[str, Any] = {
    "null": None,
    "boolean": False,
    "integer": 0,
    "number": 0.5,
    "string": "example",
    "string:empty": "",
}

BEYOND = 99
"""An output_index that no recorded item has, so that a made-up item takes none's place."""


def payload_of(shape: Shape, type_: str) -> dict[str, Any]:
    """A payload of this event type."""
    made = value_at(shape.event(type_), "") if "" in shape.event(type_).fields else {}
    return {"type": type_, **made}


def item_payload(shape: Shape, type_: str, item: str) -> dict[str, Any]:
    """A payload of this event type that carries an item of type ``item``, at an index of its own."""
    event = shape.event(type_)
    return {
        **payload_of(shape, type_),
        "item": value_at(event, "/item", f"object:{item}"),
        **({"output_index": BEYOND} if "/output_index" in event.fields else {}),
    }


def value_at(event: EventShape, path: str, type_: str = "") -> Any:
    """A value for a path; of the given type (lattice.py's word), or of the one seen most."""
    field = event.field(path)
    type_ = type_ or _usual(field)
    kind, _, stated = type_.partition(":")
    if kind == "object":
        return _object(event, f"{path}/{variant(stated)}" if stated else path, stated)
    if kind == "array":
        entries = field.length is not None and field.length[0] > 0 and f"{path}/{ENTRIES}" in event.fields
        return [value_at(event, f"{path}/{ENTRIES}")] if entries else []
    if type_ == "string" and field.words:
        return min(field.words)
    return _SCALARS[type_]


def _usual(field: Field) -> str:
    """The type seen most; null only where there was nothing else."""
    solid = {type_: times for type_, times in field.types.items() if type_ != "null"}
    return max(sorted(solid), key=lambda type_: solid[type_], default="null")


def _object(event: EventShape, path: str, stated: str) -> dict[str, Any]:
    depth = path.count("/") + 1
    members = [p for p in event.fields if p.startswith(f"{path}/") and p.count("/") == depth]
    made = {
        plain(member.rpartition("/")[2]): value_at(event, member)
        for member in members
        if event.fields[member].tally.always and not member.endswith((f"/{ENTRIES}", ">"))
    }
    return {**({"type": stated} if stated else {}), **made}
