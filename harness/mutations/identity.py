"""Identity: the ids and numbers by which a consumer keeps items apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.lines import to_text
from harness.mutations.operator import AT, Layer, Operator, Unmatched, register, selected
from harness.mutations.selector import EVERY, Selector
from harness.mutations.take import Take


@register
@dataclass(frozen=True, slots=True)
class RotateIds(Operator):
    """Give every selected event another item id, so that only output_index still tells which item it belongs to."""

    at: Selector = EVERY

    name: ClassVar[str] = "rotate-ids"
    layer: ClassVar[Layer] = "identity"
    incident: ClassVar[str] = "A proxy encrypted item ids anew for every event; correlation by id lost the answer."
    parameters: ClassVar[dict[str, Any]] = {"at": AT}

    def apply(self, take: Take) -> Take:
        pieces = list(take.pieces)
        for number, position in enumerate(selected(take, self.at)):
            event = pieces[position].event
            payload = event.payload if event is not None else None
            renamed = _with_item_id(payload, f"rotated_{number:04d}") if payload is not None else None
            if renamed is not None:
                pieces[position] = pieces[position].with_data(to_text(renamed))
        if all(new is old for new, old in zip(pieces, take.pieces, strict=True)):
            raise Unmatched(f"no event that matches {self.at} has an item id")
        return take.with_pieces(pieces)


def _with_item_id(payload: dict[str, Any], fresh: str) -> dict[str, Any] | None:
    """The payload with its item's id replaced; None when it names no item."""
    item = payload.get("item")
    if isinstance(item, dict) and "id" in item:
        return {**payload, "item": {**item, "id": fresh}}
    if "item_id" in payload:
        return {**payload, "item_id": fresh}
    return None
