"""The words the catalogue is written in: fields, events, items, parts, and what a row of deltas builds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

JsonType = Literal["string", "integer", "number", "boolean", "object", "array", "null", "any"]

Group = Literal[
    "lifecycle", "error", "items", "parts", "text", "annotations", "refusal", "function", "custom",
    "reasoning", "mcp", "hosted", "shell", "patch", "compaction", "audio", "vendor",
]  # fmt: skip

Origin = Literal["openapi", "sdk", "open-responses", "observed"]
"""Who says so: the OpenAPI document (2.3.0), the SDKs alone, the Open Responses specification, or only the wire."""

ItemKind = Literal["message", "function_call", "custom_tool_call", "reasoning", "other"]


@dataclass(frozen=True, slots=True)
class Field:
    """One member of an event, an item or a part."""

    name: str
    json: JsonType
    required: bool = True
    """By the schema. ``type`` and ``sequence_number``, which every event has, are not listed."""
    often_absent: bool = False
    """Required by the schema, yet left out by so many servers that no consumer can rely on it."""

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value has this field's type; null is right for a field that is not required."""
        kind = json_type(value)
        if self.json in {"any", kind}:
            return True
        return (self.json == "number" and kind == "integer") or (kind == "null" and not self.required)


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One event type."""

    type: str
    group: Group
    fields: tuple[Field, ...] = ()
    item_types: tuple[str, ...] = ()
    """Types of the items it belongs to; empty when it belongs to none, or to items of any type."""
    terminal: str | None = None
    """For a terminal: the response status that the event's name states."""
    prelude: bool = False
    """Whether it may come before ``response.created``."""
    alias_of: str | None = None
    """The catalogue's event that servers mean by this name."""
    origin: Origin = "openapi"

    @property
    def index_keys(self) -> tuple[str, ...]:
        """Fields that say where in the output it belongs, outermost first."""
        return tuple(field.name for field in self.fields if field.name.endswith("_index") and field.required)

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Strand:
    """One text that deltas build up and a done event states in full.

    ``delta`` and ``done`` are event types; the concatenation of ``delta`` over equal ``keys`` is the done event's
    ``payload`` field, and the value found at ``path`` in the finished item. In ``path`` a text is a member and
    ``None`` stands for the last of the keys.
    """

    name: str
    delta: str
    done: str
    payload: str
    keys: tuple[str, ...]
    item_types: tuple[str, ...]
    path: tuple[str | None, ...]
    part_type: str | None = None
    """Type of the part that holds it, for texts that live in parts."""


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One type of output item."""

    type: str
    kind: ItemKind
    fields: tuple[Field, ...]
    """Members the finished item has, without ``type``."""


def json_type(value: Any) -> JsonType:
    """The JSON type of a decoded value; booleans are no integers, and ``5.0`` is a number."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case float():
            return "number"
        case dict():
            return "object"
        case _:
            return "array"
