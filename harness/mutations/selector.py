"""Which frames an operator aims at, without naming a cassette: by event type, item and place among the matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from harness.mutations.index import TERMINAL, matches
from harness.mutations.take import Take

__all__ = ["ENDS", "EVERY", "FIRST", "SELECTOR_SCHEMA", "TERMINAL", "Selector"]


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

    def positions(self, take: Take) -> Sequence[int]:
        """Positions of the selected pieces, in order; empty when nothing matches."""
        found = take.index.named(self.type)
        if self.item is not None:
            items = take.index.items
            found = [position for position in found if matches(items.get(position, ""), self.item)]
        if self.output_index is not None:
            found = [p for p in found if (take.pieces[p].payload or {}).get("output_index") == self.output_index]
        return found if self.nth is None else _nth(found, self.nth)

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
FIRST = Selector(nth=0)
"""The first event."""
ENDS = Selector(TERMINAL)
"""Every event that ends the stream."""

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


def _nth(found: Sequence[int], nth: int) -> Sequence[int]:
    return [found[nth]] if -len(found) <= nth < len(found) else []
