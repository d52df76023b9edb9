"""Strangers: events, items and parts that a reader has never heard of, which must do no harm to those it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.editing import Payload, repayloaded
from harness.mutations.fit import dispatches, kinds, singles
from harness.mutations.identity import with_items
from harness.mutations.operator import (
    AT,
    PLACE,
    Layer,
    Operator,
    Place,
    applies,
    insertion_points,
    register,
    selected,
)
from harness.mutations.order import inserted
from harness.mutations.selector import EVERY, FIRST, TERMINAL, Selector
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

_EVENTS: Mapping[str, Mapping[str, Any]] = {
    "keepalive": {"payload": {"type": "keepalive", "sequence_number": 3}},
    "rate-limits": {
        "payload": {
            "type": "codex.rate_limits",
            "plan_type": "plus",
            "rate_limits": {"primary": {"used_percent": 7, "window_minutes": 300}, "secondary": None},
        }
    },
    "metadata": {"payload": {"type": "response.metadata", "metadata": {"moderation": None}}},
    "in-progress": {"payload": {"type": "response.in_progress", "response": {"status": "in_progress"}}},
    "queued": {"payload": {"type": "response.queued", "response": {"status": "queued"}}},
    "hosted": {"payload": {"type": "response.web_search_call.searching", "item_id": "ws_stranger", "output_index": 99}},
    "invented": {"payload": {"type": "response.something.new", "delta": "never shown", "output_index": 0}},
    "typeless": {"payload": {"note": "no type at all"}, "event": ""},
    "annotation": {
        "payload": {
            "type": "response.output_text.annotation.added",
            "item_id": "msg_stranger",
            "output_index": 0,
            "content_index": 0,
            "annotation_index": 0,
            "annotation": None,
        }
    },
}


@register
@dataclass(frozen=True, slots=True)
class Stranger(Operator):
    """Send an event that tells nothing of the answer: a vendor's, a hosted tool's, or one that is invented here."""

    kind: str
    at: Selector = FIRST
    place: Place = "after"

    name: ClassVar[str] = "stranger"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "An unknown variant keepalive aborted streams; codex.rate_limits before response.created was refused as first."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"kind": {"enum": list(_EVENTS)}, "at": AT, "place": PLACE}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        ats = [at for at in (FIRST, Selector(TERMINAL)) if applies(cls("keepalive", at), take)]
        return Shared(
            [
                Product(cls, list(_EVENTS), ats, ["before", "after"]),
                Product(cls, list(_EVENTS), list(singles(take, dispatches))),
            ]
        )

    def apply(self, take: Take) -> Take:
        return inserted(take, insertion_points(selected(take, self.at), self.place), [_EVENTS[self.kind]])


@register
@dataclass(frozen=True, slots=True)
class StrangeItem(Operator):
    """Send an item of a type that nobody knows, whole, before or after the selected event, at an index of its own."""

    type: str = "mystery_call"
    at: Selector = FIRST
    place: Place = "after"

    name: ClassVar[str] = "strange-item"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "An SDK's list of events grew from 53 to 59 types within a year; a decoder with a closed list fails on each."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"type": {"type": "string", "minLength": 1}, "at": AT, "place": PLACE}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        types = ["mystery_call", "web_search_call", "compaction"]
        return Product(cls, types, list(singles(take, dispatches)), ["before", "after"])

    def apply(self, take: Take) -> Take:
        item = {"id": "item_stranger", "type": self.type, "status": "completed"}
        frames = [
            {"payload": {"type": f"response.output_item.{stage}", "output_index": 99, "item": item}}
            for stage in ("added", "done")
        ]
        return inserted(take, insertion_points(selected(take, self.at), self.place), frames)


@register
@dataclass(frozen=True, slots=True)
class ItemType(Operator):
    """Call the items that the selected events carry by a type that nobody knows, or (null) by none."""

    of: str
    """Which items, by their own type."""
    to: str | None = "mystery_call"
    at: Selector = EVERY

    name: ClassVar[str] = "item-type"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "Routers that lacked an optional field, and items of new types, failed validation in an agent library."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "of": {"type": "string", "minLength": 1},
        "to": {"type": ["string", "null"]},
        "at": AT,
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        types = dict.fromkeys(take.index.items.values())
        return [
            each for each in Product(cls, list(types), ["mystery_call", None], list(kinds(take))) if applies(each, take)
        ]

    def apply(self, take: Take) -> Take:
        def renamed(item: dict[str, Any]) -> dict[str, Any]:
            return {**item, "type": self.to} if item.get("type") == self.of and self.to != self.of else item

        return repayloaded(
            take, self.at, lambda payload: with_items(payload, renamed), f"no item of type {self.of} is carried"
        )


@register
@dataclass(frozen=True, slots=True)
class PartType(Operator):
    """Call the content and summary parts in the selected events by a type that nobody knows, or (null) by none."""

    to: str | None = "mystery_part"
    at: Selector = EVERY

    name: ClassVar[str] = "part-type"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "DeepSeek and vLLM send content parts of type reasoning_text, which readers of output_text did not expect."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"to": {"type": ["string", "null"]}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        types = ["mystery_part", "reasoning_text", None]
        return [each for each in Product(cls, types, list(kinds(take))) if applies(each, take)]

    def apply(self, take: Take) -> Take:
        return repayloaded(take, self.at, self._renamed, "no part has another type")

    def _renamed(self, payload: Payload) -> Payload:
        part = self._part(payload.get("part"))
        if part is not payload.get("part"):
            return {**payload, "part": part}
        return with_items(payload, self._item)

    def _item(self, item: dict[str, Any]) -> dict[str, Any]:
        fresh = dict(item)
        for member in ("content", "summary"):
            if isinstance(item.get(member), list):
                fresh[member] = [self._part(part) for part in item[member]]
        return item if fresh == item else fresh

    def _part(self, part: Any) -> Any:
        if not isinstance(part, dict) or "type" not in part or part["type"] == self.to:
            return part
        return {**part, "type": self.to}
