"""Aftermath: what comes after the end, a second end, and streams that begin again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.fit import dispatches, singles
from harness.mutations.operator import AT, Layer, Operator, Unmatched, applies, register, selected
from harness.mutations.piece import new_piece
from harness.mutations.selector import TERMINAL, Selector
from harness.mutations.space import Product
from harness.mutations.take import Take


def first_end(take: Take) -> int:
    """The position of the event that ends the stream. Raises Unmatched."""
    return selected(take, Selector(TERMINAL, nth=0))[0]


_OTHERS: Mapping[str, Mapping[str, Any]] = {
    "failed": {"status": "failed", "error": {"code": "server_error", "message": "Too late to be true."}},
    "incomplete": {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
    "completed": {"status": "completed", "error": None},
}


@register
@dataclass(frozen=True, slots=True)
class SecondTerminal(Operator):
    """Send another terminal right after the first: the same again, or one that contradicts it."""

    kind: str = "same"

    name: ClassVar[str] = "second-terminal"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "Streamed usage was counted twice by an agent library; a terminal that comes twice states it twice."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"kind": {"enum": ["same", *_OTHERS, "error"]}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [each for each in Product(cls, ["same", *_OTHERS, "error"]) if applies(each, take)]

    def apply(self, take: Take) -> Take:
        at = first_end(take)
        end = take.pieces[at]
        if self.kind == "same":
            another = end
        elif self.kind == "error":
            message = "An error after the end."
            another = new_piece({"payload": {"type": "error", "code": "server_error", "message": message}}, end)
        else:
            response = (end.payload or {}).get("response")
            known = response if isinstance(response, dict) else {"id": "resp_again", "output": []}
            type_ = f"response.{self.kind}"
            another = new_piece({"payload": {"type": type_, "response": {**known, **_OTHERS[self.kind]}}}, end)
        return take.with_pieces([*take.pieces[: at + 1], another, *take.pieces[at + 1 :]])


@register
@dataclass(frozen=True, slots=True)
class Late(Operator):
    """Send the selected events once more after the terminal."""

    at: Selector

    name: ClassVar[str] = "late"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "Codex long acted on the terminal only when the stream ended, and so read on through whatever followed it."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [each for each in (cls(at) for at in singles(take, dispatches)) if applies(each, take)]

    def apply(self, take: Take) -> Take:
        end = first_end(take)
        again = [take.pieces[position] for position in selected(take, self.at) if position < end]
        if not again:
            raise Unmatched(f"what matches {self.at} does not come before the terminal")
        return take.with_pieces([*take.pieces[: end + 1], *again, *take.pieces[end + 1 :]])


_LATE: Mapping[str, Mapping[str, Any]] = {
    "message": {"role": "assistant", "content": [{"type": "output_text", "text": "too late", "annotations": []}]},
    "function_call": {"call_id": "call_late", "name": "too_late", "arguments": "{}"},
}


@register
@dataclass(frozen=True, slots=True)
class LateItem(Operator):
    """Send a new item, whole, after the terminal: a message, or a call that nobody may execute."""

    type: str = "message"

    name: ClassVar[str] = "late-item"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = (
        "An agent library took what came with a failed terminal for a usable answer; a call after the end is no better."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"type": {"enum": list(_LATE)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [each for each in Product(cls, list(_LATE)) if applies(each, take)]

    def apply(self, take: Take) -> Take:
        end = first_end(take)
        item = {"id": "item_late", "type": self.type, "status": "completed", **_LATE[self.type]}
        late = [
            new_piece({"payload": {"type": f"response.output_item.{stage}", "output_index": 98, "item": item}}, piece)
            for stage, piece in zip(("added", "done"), [take.pieces[end]] * 2, strict=True)
        ]
        return take.with_pieces([*take.pieces[: end + 1], *late, *take.pieces[end + 1 :]])


@register
@dataclass(frozen=True, slots=True)
class BeginAgain(Operator):
    """After the first selected event, send the whole stream from its beginning: two generations spliced into one."""

    at: Selector

    name: ClassVar[str] = "begin-again"
    layer: ClassVar[Layer] = "order"
    incident: ClassVar[str] = "Two overlapping generations were spliced into one message by a widely used SDK."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [each for each in (cls(at) for at in singles(take, dispatches)) if applies(each, take)]

    def apply(self, take: Take) -> Take:
        position = selected(take, self.at)[0]
        return take.with_pieces([*take.pieces[: position + 1], *take.pieces])
