"""Reshape: one change at every place a path leads to, which RFC 6902 cannot say without knowing the stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.lines import to_text
from harness.mutations.operator import AT, Layer, Operator, Unmatched, register, selected
from harness.mutations.places import MISSING, changed
from harness.mutations.selector import Selector
from harness.mutations.take import Take

_EMPTIES: Mapping[type, Any] = {str: "", list: [], dict: {}}


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) else value


_BECOMES: Mapping[str, Callable[[Any, Any], Any]] = {
    "value": lambda old, given: given,
    "absent": lambda old, given: MISSING,
    "empty": lambda old, given: _EMPTIES.get(type(old), old),
    "text": lambda old, given: old if isinstance(old, str) else json.dumps(old),
    "wrapped": lambda old, given: [old],
    "appended": lambda old, given: [*old, given] if isinstance(old, list) else old,
    "number": lambda old, given: _number(old),
    "integer": lambda old, given: _integer(old),
}
"""What a value that is there turns into, given the parameter ``value``."""


@register
@dataclass(frozen=True, slots=True)
class Reshape(Operator):
    """Change every place of a path (``*`` entries, ``<type>`` of objects) in the selected events.

    ``added`` puts ``value`` also where the member is missing; all others change only what is there.
    """

    at: Selector
    path: str
    becomes: str = "value"
    value: Any = None

    name: ClassVar[str] = "reshape"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "A backend changed one member of all items at once; an edit that names one place tests one item of one stream."
    )
    parameters: ClassVar[dict[str, Any]] = {
        "at": AT,
        "path": {"type": "string", "pattern": "^(/([^~]|~[0123])*)?$"},
        "becomes": {"enum": [*_BECOMES, "added"]},
        "value": {},
    }

    def apply(self, take: Take) -> Take:
        pieces = list(take.pieces)
        for position in selected(take, self.at):
            event = pieces[position].event
            if event is None or event.payload is None:
                continue
            payload = changed(event.payload, self.path, self._change)
            if payload is not event.payload and isinstance(payload, dict):
                pieces[position] = pieces[position].with_data(to_text(payload))
        if all(new is old for new, old in zip(pieces, take.pieces, strict=True)):
            raise Unmatched(f"nothing at {self.path} could be changed in what matches {self.at}")
        return take.with_pieces(pieces)

    def _change(self, old: Any) -> Any:
        if self.becomes == "added":
            return self.value
        return MISSING if old is MISSING else _BECOMES[self.becomes](old, self.value)
