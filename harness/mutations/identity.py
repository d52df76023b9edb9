"""Identity: the ids by which a consumer keeps items, calls and responses apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.editing import Payload, repayloaded
from harness.mutations.fit import kinds
from harness.mutations.operator import AT, Layer, Operator, applies, register, selected
from harness.mutations.piece import Piece
from harness.mutations.selector import ENDS, EVERY, Selector
from harness.mutations.space import Product
from harness.mutations.take import Take

Items = Callable[[dict[str, Any]], dict[str, Any]]


def with_items(payload: Payload, change: Items) -> Payload:
    """The payload with every item that it carries changed: its own, and those of a snapshot."""
    item, response = payload.get("item"), payload.get("response")
    if isinstance(item, dict):
        fresh = change(item)
        return payload if fresh is item else {**payload, "item": fresh}
    if not isinstance(response, dict) or not isinstance(response.get("output"), list):
        return payload
    output = [change(entry) if isinstance(entry, dict) else entry for entry in response["output"]]
    same = all(new is old for new, old in zip(output, response["output"], strict=True))
    return payload if same else {**payload, "response": {**response, "output": output}}


def _with(item: dict[str, Any], name: str, value: str | None) -> dict[str, Any]:
    """The item with a member changed, or (None) without it; itself when it has no such member, or that value."""
    if name not in item or item[name] == value:
        return item
    if value is None:
        return {key: kept for key, kept in item.items() if key != name}
    return {**item, name: value}


def _streamed_id(payload: Payload, value: str | None) -> Payload:
    """The payload of a streamed event with its item's id changed, wherever it says it."""
    if isinstance(payload.get("item"), dict):
        return with_items(payload, lambda item: _with(item, "id", value))
    return _with(payload, "item_id", value)


def _names_item(piece: Piece) -> bool:
    payload = piece.payload or {}
    item = payload.get("item")
    return "item_id" in payload or (isinstance(item, dict) and "id" in item)


def _fitting(cls: Callable[..., Operator], take: Take, *axes: Sequence[Any]) -> Sequence[Operator]:
    return [each for each in Product(cls, *axes) if applies(each, take)]


@register
@dataclass(frozen=True, slots=True)
class RotateIds(Operator):
    """Give every selected event another item id, so that only output_index still tells which item it belongs to."""

    at: Selector = EVERY

    name: ClassVar[str] = "rotate-ids"
    layer: ClassVar[Layer] = "identity"
    incident: ClassVar[str] = "A proxy encrypted item ids anew for every event; correlation by id lost the answer."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [cls(at) for at in kinds(take, _names_item)]

    def apply(self, take: Take) -> Take:
        numbers = iter(range(len(selected(take, self.at))))
        return repayloaded(
            take,
            self.at,
            lambda payload: _streamed_id(payload, f"rotated_{next(numbers):04d}"),
            "no event has an item id",
        )


@register
@dataclass(frozen=True, slots=True)
class SameIds(Operator):
    """Give all items of the selected events one id, in the snapshot too."""

    id: str = "item_0"
    at: Selector = EVERY

    name: ClassVar[str] = "same-ids"
    layer: ClassVar[Layer] = "identity"
    incident: ClassVar[str] = (
        "Azure begins a stream with the id ; where ids collide, output_index alone tells parallel calls apart."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"id": {"type": "string"}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return _fitting(cls, take, ["item_0", ""], list(kinds(take)))

    def apply(self, take: Take) -> Take:
        def collided(payload: Payload) -> Payload:
            return with_items(_streamed_id(payload, self.id), lambda item: _with(item, "id", self.id))

        return repayloaded(take, self.at, collided, "no event has another item id")


@register
@dataclass(frozen=True, slots=True)
class NoIds(Operator):
    """Leave out the item ids of the selected events, in the snapshot too."""

    at: Selector = EVERY

    name: ClassVar[str] = "no-ids"
    layer: ClassVar[Layer] = "identity"
    incident: ClassVar[str] = (
        "vLLM sent items without ids; a reader that files items by id has nothing to file them under."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return _fitting(cls, take, list(kinds(take)))

    def apply(self, take: Take) -> Take:
        def anonymous(payload: Payload) -> Payload:
            return with_items(_streamed_id(payload, None), lambda item: _with(item, "id", None))

        return repayloaded(take, self.at, anonymous, "no event has an item id")


@register
@dataclass(frozen=True, slots=True)
class DoneIds(Operator):
    """Give the finished items, in item-done events or in the snapshot, ids that were never streamed."""

    at: Selector = ENDS

    name: ClassVar[str] = "done-ids"
    layer: ClassVar[Layer] = "identity"
    incident: ClassVar[str] = (
        "vLLM's final snapshot names its items otherwise than the stream did; a strict client ended in an error."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return _fitting(cls, take, [ENDS, Selector("response.output_item.done")])

    def apply(self, take: Take) -> Take:
        numbers = iter(range(1_000_000))

        def other(item: dict[str, Any]) -> dict[str, Any]:
            return _with(item, "id", f"final_{next(numbers):04d}") if "id" in item else item

        return repayloaded(take, self.at, lambda payload: with_items(payload, other), "no item has an id")


_CALLS: Mapping[str, Callable[[int], str | None]] = {
    "absent": lambda number: None,
    "empty": lambda number: "",
    "same": lambda number: "call_0",
    "rotated": lambda number: f"call_rotated_{number:04d}",
}


@register
@dataclass(frozen=True, slots=True)
class CallIds(Operator):
    """Send the calls of the selected events without call_id, with an empty one, all with one, or each time another."""

    how: str
    at: Selector = EVERY

    name: ClassVar[str] = "call-ids"
    layer: ClassVar[Layer] = "identity"
    incident: ClassVar[str] = "A gateway's calls without an id came out as no calls at all."
    parameters: ClassVar[Mapping[str, Any]] = {"how": {"enum": list(_CALLS)}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return _fitting(cls, take, list(_CALLS), list(kinds(take)))

    def apply(self, take: Take) -> Take:
        numbers = iter(range(1_000_000))

        def called(item: dict[str, Any]) -> dict[str, Any]:
            return _with(item, "call_id", _CALLS[self.how](next(numbers))) if "call_id" in item else item

        return repayloaded(take, self.at, lambda payload: with_items(payload, called), "no item has such a call_id")


@register
@dataclass(frozen=True, slots=True)
class ResponseId(Operator):
    """State another response id in the selected events, or (null) none."""

    to: str | None = "resp_other"
    at: Selector = ENDS

    name: ClassVar[str] = "response-id"
    layer: ClassVar[Layer] = "identity"
    incident: ClassVar[str] = (
        "Proxies give created and completed different ids; an SDK began to refuse that as 'lifecycle identity changed'."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"to": {"type": ["string", "null"]}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return _fitting(cls, take, ["resp_other", None, ""], list(kinds(take)))

    def apply(self, take: Take) -> Take:
        def other(payload: Payload) -> Payload:
            response = payload.get("response")
            if not isinstance(response, dict) or response.get("id") == self.to:
                return payload
            return {**payload, "response": {**response, "id": self.to}}

        return repayloaded(take, self.at, other, f"no response has an id other than {self.to}")
