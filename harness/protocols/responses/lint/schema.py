"""Every event against the catalogue: members missing or of a wrong type, and words the catalogue does not know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.protocols.responses.catalogue import (
    COMMON_OPTIONAL,
    EVENTS,
    ITEM_STATUSES,
    ITEM_TYPES,
    PART_TEXTS,
    PHASES,
    Field,
    json_type,
)
from harness.protocols.responses.event import Event
from harness.protocols.responses.lint.remark import Flaw, Rule, Teller, error, info, warning
from harness.protocols.responses.lint.stream import (
    ITEM_ADDED,
    ITEM_DONE,
    PART_ADDED,
    PART_DONE,
    Stream,
    array_at,
    object_at,
    text_at,
)

_RESPONSE_FIELDS = (
    Field("id", "string"),
    Field("object", "string"),
    Field("created_at", "number"),
    Field("model", "string"),
    Field("status", "string"),
    Field("output", "array"),
)
_FLAT_ERROR_FIELDS = ("code", "message", "param")


def _types(stream: Stream) -> Iterator[Flaw]:
    for event in stream.events:
        if event.payload is None:
            continue
        if not isinstance(event.payload.get("type"), str):
            yield error(event.frame, "/type", "no type" if "type" not in event.payload else "the type is no text")
        spec = EVENTS.get(event.type)
        if spec is None and event.type:
            yield info(event.frame, "/type", f"an event of unknown type {event.type[:80]!r}")
        elif spec is not None and spec.alias_of is not None:
            yield warning(event.frame, "/type", f"{spec.type} is another name of {spec.alias_of}")
        elif spec is not None and spec.origin == "observed":
            yield info(event.frame, "/type", f"{spec.type} is in no schema")


def _event_fields(stream: Stream) -> Iterator[Flaw]:
    for event in stream.events:
        spec = EVENTS.get(event.type)
        if event.payload is None or spec is None:
            continue
        yield from _members(event.frame, "", event.payload, spec.fields)
        for name in sorted(event.payload.keys() - COMMON_OPTIONAL):
            if spec.field(name) is None:
                yield info(event.frame, f"/{_escaped(name)}", f"an unknown member of {spec.type}")
        if event.type == "error" and not event.payload.get("error"):
            for name in _FLAT_ERROR_FIELDS:
                if name not in event.payload:
                    yield warning(event.frame, f"/{name}", "a member that the schema asks for, maybe with null")


def _response_fields(stream: Stream) -> Iterator[Flaw]:
    for event in stream.events:
        spec = EVENTS.get(event.type)
        response = object_at(event.payload, "response")
        if spec is None or spec.group != "lifecycle" or response is None:
            continue
        yield from _members(event.frame, "/response", response, _RESPONSE_FIELDS)
        for place, item in enumerate(array_at(response, "output") or ()):
            yield from _item(event, f"/response/output/{place}", item, error)


def _item_fields(stream: Stream) -> Iterator[Flaw]:
    for event in stream.events:
        if event.type in {ITEM_ADDED, ITEM_DONE} and event.payload is not None:
            item = object_at(event.payload, "item")
            if item is not None:
                # An item that was only just begun may still lack what its type owes.
                begun = event.type == ITEM_ADDED
                yield from _item(event, "/item", item, warning if begun else error)
        if event.type in PART_ADDED or event.type in PART_DONE:
            part = object_at(event.payload, "part")
            if part is not None:
                yield from _part(event.frame, "/part", part)


def _item(event: Event, pointer: str, item: Any, missing: Teller) -> Iterator[Flaw]:
    if not isinstance(item, dict):
        yield error(event.frame, pointer, f"an item that is {json_type(item)}")
        return
    kind = text_at(item, "type")
    spec = ITEM_TYPES.get(kind) if kind is not None else None
    if kind is None:
        yield error(event.frame, f"{pointer}/type", "an item without a type")
    elif spec is None:
        yield info(event.frame, f"{pointer}/type", f"an item of unknown type {kind[:80]!r}")
    else:
        yield from _members(event.frame, pointer, item, spec.fields, missing)
    status, phase = text_at(item, "status"), text_at(item, "phase")
    if status is not None and status not in ITEM_STATUSES:
        yield info(event.frame, f"{pointer}/status", f"an unknown item status {status[:80]!r}")
    if phase is not None and phase not in PHASES:
        yield info(event.frame, f"{pointer}/phase", f"an unknown phase {phase[:80]!r}")
    for name in ("content", "summary"):
        for place, part in enumerate(array_at(item, name) or ()):
            yield from _part(event.frame, f"{pointer}/{name}/{place}", part)


def _part(frame: int, pointer: str, part: Any) -> Iterator[Flaw]:
    kind = text_at(part, "type")
    if not isinstance(part, dict):
        yield error(frame, pointer, f"a part that is {json_type(part)}")
    elif kind is None:
        yield error(frame, f"{pointer}/type", "a part without a type")
    elif kind not in PART_TEXTS:
        yield info(frame, f"{pointer}/type", f"a part of unknown type {kind[:80]!r}")
    else:
        yield from _members(frame, pointer, part, (Field(PART_TEXTS[kind], "string"),))


def _members(
    frame: int, pointer: str, body: Mapping[str, Any], fields: Iterable[Field], missing: Teller = error
) -> Iterator[Flaw]:
    for field in fields:
        at = f"{pointer}/{field.name}"
        if field.name in body:
            value = body[field.name]
            if not field.accepts(value):
                yield error(frame, at, f"{json_type(value)} where {field.json} belongs")
        elif field.required:
            yield (warning if field.often_absent else missing)(frame, at, "a required member is missing")


def _escaped(name: str) -> str:
    # A lone surrogate is lawful in JSON and cannot be written anywhere.
    writable = name[:80].encode("utf-8", "backslashreplace").decode("utf-8")
    return writable.replace("~", "~0").replace("/", "~1")


RULES = (
    Rule("known-type", "Every payload states a type, one of the catalogue's.", _types),
    Rule("event-schema", "Every event has the members its type requires, of the right JSON types.", _event_fields),
    Rule("response-schema", "Every response object has its members, output a list of items.", _response_fields),
    Rule("item-schema", "Every item and part has the members its type requires.", _item_fields),
)
