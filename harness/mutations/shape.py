"""Shape: what an event's JSON says, and whether it is JSON at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.editing import edited, repayloaded
from harness.mutations.fit import aims, has_payload, kinds, places
from harness.mutations.jsonpatch import EDIT_SCHEMA, PatchError, apply_patch
from harness.mutations.lines import to_text, with_event
from harness.mutations.operator import AT, Layer, Operator, Unmatched, applies, register
from harness.mutations.piece import Piece
from harness.mutations.places import ENTRIES, is_variant, steps
from harness.mutations.selector import ENDS, Selector
from harness.mutations.space import Product, Shared
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
    parameters: ClassVar[Mapping[str, Any]] = {
        "at": AT,
        "edit": {"type": "array", "minItems": 1, "items": EDIT_SCHEMA},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        """A member that has moved to where its parent is: what the other operators of this layer do, they draw."""

        def moved(path: str) -> Iterator[dict[str, Any]]:
            parent, _, name = path.rpartition("/")
            yield {"op": "move", "from": path, "path": f"{parent.rpartition('/')[0]}/{name}"}

        return Shared(
            [
                Shared(
                    [
                        [cls(each.at, tuple(moved(each.path))) for each in group if _is_pointer(each.path)]
                        for group in groups
                    ]
                )
                for groups in places(take)
            ]
        )

    def apply(self, take: Take) -> Take:
        misfits: list[str] = []

        def patched(payload: dict[str, Any]) -> dict[str, Any]:
            try:
                fresh = apply_patch(payload, self.edit)
            except PatchError as error:
                misfits.append(str(error))
                return payload
            return fresh if isinstance(fresh, dict) else payload

        try:
            return repayloaded(take, self.at, patched, "no payload fits the edit")
        except Unmatched as unmatched:
            raise Unmatched(f"{unmatched}: {misfits[-1]}" if misfits else str(unmatched)) from None


def _is_pointer(path: str) -> bool:
    """Whether a path of several steps is a JSON pointer as well."""
    parts = steps(path)
    plain = not any(part == ENTRIES or is_variant(part) or "~2" in part or "~3" in part for part in parts)
    return len(parts) > 1 and plain


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
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "to": {"type": "string", "minLength": 1}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        ats = list(kinds(take))
        ends = [at for at in ats if at == ENDS]
        ended = Product(cls, ends, ["response.done", "response.cancelled", "response.unknown"])
        named = Product(cls, ats, ["response.unknown", "message"])
        return Shared([[each for each in group if applies(each, take)] for group in (ended, named)])

    def apply(self, take: Take) -> Take:
        def renamed(piece: Piece) -> Piece:
            event = piece.event
            fresh = piece
            if event is not None and event.payload is not None and event.payload.get("type", self.to) != self.to:
                fresh = fresh.with_payload({**event.payload, "type": self.to})
            if event is not None and event.name and event.name != self.to:
                fresh = fresh.rewritten(with_event(fresh.raw, self.to))
            return fresh

        return edited(take, self.at, renamed, f"everything is called {self.to} already")


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
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "text": {"type": "string"}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        texts = ["{}", "{", "", "null", "[]", '"text"', "7", "[DONE]", "upstream error"]
        return Product(cls, aims(take), texts)

    def apply(self, take: Take) -> Take:
        def replaced(piece: Piece) -> Piece:
            return piece if piece.frame.data == self.text else piece.with_data(self.text)

        return edited(take, self.at, replaced, "nothing says anything else")


_CUTS: Mapping[str, Any] = {
    "last": lambda data: data[:-1],
    "middle": lambda data: data[: len(data) // 2],
    "first": lambda data: data[1:],
}


@register
@dataclass(frozen=True, slots=True)
class CutData(Operator):
    """Send the selected events with part of their JSON missing: the last character, the second half, or the first."""

    at: Selector
    lost: str = "middle"

    name: ClassVar[str] = "cut-data"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = "A truncated final frame was skipped as unreadable, and the answer completed normally."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "lost": {"enum": list(_CUTS)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, aims(take), list(_CUTS))

    def apply(self, take: Take) -> Take:
        def cut(piece: Piece) -> Piece:
            event = piece.event
            return piece.with_data(_CUTS[self.lost](event.data)) if event and event.payload is not None else piece

        return edited(take, self.at, cut, "there is no JSON to cut")


_LAWLESS: Mapping[str, str] = {
    "nan": '"x_odd":NaN',
    "large-integer": '"x_odd":9007199254740993',
    "lone-surrogate": '"x_odd":"\\ud800"',
    "duplicate-key": '"x_odd":1,"x_odd":2',
}


@register
@dataclass(frozen=True, slots=True)
class Lawless(Operator):
    """Give the selected events a member on which JSON decoders lawfully differ."""

    at: Selector
    kind: str = "nan"

    name: ClassVar[str] = "lawless"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "Python's json reads NaN and lone surrogates that orjson refuses; JavaScript rounds integers past 2**53."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "kind": {"enum": list(_LAWLESS)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, aims(take, _has_members), list(_LAWLESS))

    def apply(self, take: Take) -> Take:
        def marked(piece: Piece) -> Piece:
            # Written into the text: none of this survives being read and written again.
            return piece.with_data(f"{{{_LAWLESS[self.kind]},{to_text(piece.payload)[1:]}") if piece.payload else piece

        return edited(take, self.at, marked, "there is no object to add to")


def _has_members(piece: Piece) -> bool:
    return has_payload(piece) and bool(piece.payload)
