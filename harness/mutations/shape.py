"""Shape: what is inside an event. RFC 6902 says every such edit, so one operator is enough for most of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.jsonpatch import EDIT_SCHEMA, PatchError, apply_patch
from harness.mutations.lines import to_text, with_event
from harness.mutations.operator import AT, Layer, Operator, Unmatched, register, selected
from harness.mutations.selector import Selector
from harness.mutations.take import Take


@register
@dataclass(frozen=True, slots=True)
class Patch(Operator):
    """Edit the payload of the selected events by RFC 6902; an event that an edit does not fit is left alone.

    The ``event:`` line stays as it is, so that name and payload can be made to disagree.
    """

    at: Selector
    edit: tuple[dict[str, Any], ...]

    name: ClassVar[str] = "patch"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "The terminal frame's response.output turned null (May 2026); before that it was [] and missing."
    )
    parameters: ClassVar[dict[str, Any]] = {
        "at": AT,
        "edit": {"type": "array", "minItems": 1, "items": EDIT_SCHEMA},
    }

    def apply(self, take: Take) -> Take:
        pieces, misfit = list(take.pieces), ""
        for position in selected(take, self.at):
            event = pieces[position].event
            if event is None or event.payload is None:
                continue
            try:
                payload = apply_patch(event.payload, self.edit)
            except PatchError as error:
                misfit = str(error)
                continue
            pieces[position] = pieces[position].with_data(to_text(payload))
        if all(new is old for new, old in zip(pieces, take.pieces, strict=True)):
            raise Unmatched(f"no payload that matches {self.at} fits the edit: {misfit or 'none is an object'}")
        return take.with_pieces(pieces)


@register
@dataclass(frozen=True, slots=True)
class Rename(Operator):
    """Call the selected events something else, in the payload and on the ``event:`` line where there is one."""

    at: Selector
    to: str

    name: ClassVar[str] = "rename"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "Proxies end a stream with response.done, the websocket name, or with response.cancelled, which no schema has."
    )
    parameters: ClassVar[dict[str, Any]] = {"at": AT, "to": {"type": "string", "minLength": 1}}

    def apply(self, take: Take) -> Take:
        pieces = list(take.pieces)
        for position in selected(take, self.at):
            piece = pieces[position]
            event = piece.event
            if event is not None and event.payload is not None and "type" in event.payload:
                piece = piece.with_data(to_text({**event.payload, "type": self.to}))
            if piece.frame.event:
                piece = piece.rewritten(with_event(piece.frame.raw, self.to))
            pieces[position] = piece
        return take.with_pieces(pieces)


@register
@dataclass(frozen=True, slots=True)
class Data(Operator):
    """Replace the data of the selected events by a text that need not be JSON."""

    at: Selector
    text: str

    name: ClassVar[str] = "data"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "Unparsable lines were skipped by a gateway: a truncated shell command was still executed."
    )
    parameters: ClassVar[dict[str, Any]] = {"at": AT, "text": {"type": "string"}}

    def apply(self, take: Take) -> Take:
        pieces = list(take.pieces)
        for position in selected(take, self.at):
            pieces[position] = pieces[position].with_data(self.text)
        return take.with_pieces(pieces)
