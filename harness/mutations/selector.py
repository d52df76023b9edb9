"""Which frames an operator aims at, without naming a cassette: by event type, item and place among the matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from harness.mutations.take import Take
from harness.protocols.responses.event import Event
from harness.protocols.responses.reading.terminal import terminal_of

TERMINAL = "terminal"
"""Stands for the type of every event that ends a stream, errors without a type included."""


@dataclass(frozen=True, slots=True)
class Selector:
    """All frames that meet every condition, or the ``nth`` of them."""

    type: str = "*"
    """Event type, with shell wildcards; ``terminal`` for whatever ends the stream."""
    item: str | None = None
    """Type of the item that the event carries or belongs to, with shell wildcards."""
    output_index: int | None = None
    nth: int | None = None
    """Which of the matches, from 0; negative from the end; None: all of them."""

    def positions(self, take: Take) -> list[int]:
        """Positions of the selected pieces, in order; empty when nothing matches."""
        items = _Items()
        found = []
        for position, piece in enumerate(take.pieces):
            event = piece.event
            if event is None:
                continue
            item = items.type_of(event) if self.item is not None else None
            if self._meets(event, item):
                found.append(position)
        return found if self.nth is None else _nth(found, self.nth)

    def _meets(self, event: Event, item: str | None) -> bool:
        payload = event.payload or {}
        return (
            self._names(event)
            and (self.item is None or (item is not None and fnmatchcase(item, self.item)))
            and (self.output_index is None or payload.get("output_index") == self.output_index)
        )

    def _names(self, event: Event) -> bool:
        return terminal_of(event) is not None if self.type == TERMINAL else fnmatchcase(event.type, self.type)

    def __str__(self) -> str:
        stated = ", ".join(f"{key} {value}" for key, value in self.to_json().items())
        return stated or "every event"

    def to_json(self) -> dict[str, Any]:
        """The mapping form, without what is at its default."""
        return {
            spec.name: getattr(self, spec.name) for spec in fields(self) if getattr(self, spec.name) != spec.default
        }

    @classmethod
    def from_json(cls, value: str | Mapping[str, Any]) -> Selector:
        """From a mapping, or from an event type alone."""
        return cls(type=value) if isinstance(value, str) else cls(**value)


EVERY = Selector()
"""Every event."""

SELECTOR_SCHEMA: dict[str, Any] = {
    "oneOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "type": {"type": "string", "minLength": 1},
                "item": {"type": "string", "minLength": 1},
                "output_index": {"type": "integer"},
                "nth": {"type": "integer"},
            },
        },
    ]
}


def _nth(found: list[int], nth: int) -> list[int]:
    return [found[nth]] if -len(found) <= nth < len(found) else []


class _Items:
    """Item types by output_index, as far as the stream has told them."""

    def __init__(self) -> None:
        self._types: dict[Any, str] = {}

    def type_of(self, event: Event) -> str | None:
        payload = event.payload or {}
        index, item = payload.get("output_index"), payload.get("item")
        kind = item.get("type") if isinstance(item, dict) else None
        if not isinstance(index, int):
            return kind if isinstance(kind, str) else None
        if isinstance(kind, str):
            self._types[index] = kind
        return self._types.get(index)
