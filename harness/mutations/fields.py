"""Fields: the lines of a frame beside its data, frames without data, and marks that are no events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations import lines
from harness.mutations.editing import edited
from harness.mutations.fit import dispatches, kinds, singles
from harness.mutations.frame import applicable, rewritten
from harness.mutations.operator import AT, PLACE, Layer, Operator, Place, insertion_points, register, selected
from harness.mutations.order import inserted
from harness.mutations.piece import Piece
from harness.mutations.selector import ENDS, EVERY, FIRST, TERMINAL, Selector
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

_ONE_LINE = "^[^\\r\\n]*$"


@register
@dataclass(frozen=True, slots=True)
class Ids(Operator):
    """Give the selected frames an id line; without a text, each its number."""

    text: str | None = None
    at: Selector = EVERY

    name: ClassVar[str] = "ids"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = (
        "A gateway sends id:1 with every frame; an SDK then took comments for events and failed on them."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"text": {"type": ["string", "null"], "pattern": _ONE_LINE}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, ["1", None, "", "\x00"], list(kinds(take, dispatches)))

    def apply(self, take: Take) -> Take:
        numbers = iter(range(len(selected(take, self.at))))

        def marked(raw: bytes) -> bytes:
            return lines.with_line(raw, f"id: {next(numbers) if self.text is None else self.text}")

        return rewritten(take, self.at, marked)


@register
@dataclass(frozen=True, slots=True)
class Retry(Operator):
    """Give the selected frames a retry line, which asks for nothing that this kind of reader does."""

    ms: int = 3000
    at: Selector = EVERY

    name: ClassVar[str] = "retry"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "Frames with nothing but a retry line end in a JSONDecodeError of an SDK."
    parameters: ClassVar[Mapping[str, Any]] = {"ms": {"type": "integer", "minimum": 0}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, [3000, 0], list(kinds(take, dispatches)))

    def apply(self, take: Take) -> Take:
        return rewritten(take, self.at, lambda raw: lines.with_line(raw, f"retry: {self.ms}"))


@register
@dataclass(frozen=True, slots=True)
class EventLine(Operator):
    """Name another event on the ``event:`` line of the selected frames; the payload's own type stays."""

    text: str = "message"
    at: Selector = EVERY

    name: ClassVar[str] = "event-line"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = (
        "Servers write event lines of their own or none; a reader that goes by the line sees no terminal."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "text": {"type": "string", "minLength": 1, "pattern": _ONE_LINE},
        "at": AT,
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take, ["message", "unknown", "response.completed"], list(kinds(take, dispatches)))

    def apply(self, take: Take) -> Take:
        return rewritten(take, self.at, lambda raw: lines.with_event(raw, self.text))


_BARE: Mapping[str, Mapping[str, Any]] = {
    "comment": {"comment": "ping"},
    "empty-data": {"data": ""},
    "event-only": {"event": "ping"},
    "empty-ping": {"event": "ping", "data": ""},
    "id-only": {"id": "7"},
    "retry-only": {"retry": 3000},
}


@register
@dataclass(frozen=True, slots=True)
class BareFrame(Operator):
    """Send a frame without an event: a comment, empty data, an ``event:``, ``id:`` or ``retry:`` line alone."""

    kind: str
    at: Selector = FIRST
    place: Place = "after"

    name: ClassVar[str] = "bare-frame"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "A bare data: line, or event: ping alone, was fatal to an agent after all its retries."
    parameters: ClassVar[Mapping[str, Any]] = {"kind": {"enum": list(_BARE)}, "at": AT, "place": PLACE}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, list(_BARE), list(singles(take, dispatches)), ["after", "before"])

    def apply(self, take: Take) -> Take:
        return inserted(take, insertion_points(selected(take, self.at), self.place), [_BARE[self.kind]])


@register
@dataclass(frozen=True, slots=True)
class DoneMarker(Operator):
    """Send ``[DONE]`` before or after each selected event, or something that only begins with it."""

    at: Selector = ENDS
    place: Place = "after"
    text: str = "[DONE]"

    name: ClassVar[str] = "done-marker"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = (
        "Relays end with the chat protocol's [DONE]; before the terminal it ends two SDKs' streams, silently."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "place": PLACE, "text": {"type": "string", "minLength": 1}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        ends = [ENDS] if take.index.named(TERMINAL) else []
        texts = ["[DONE]", "[DONE]garbage"]
        return Shared(
            [
                Product(cls, ends, ["after", "before"], texts),
                Product(cls, list(singles(take, dispatches)), ["after"], texts),
            ]
        )

    def apply(self, take: Take) -> Take:
        return inserted(take, insertion_points(selected(take, self.at), self.place), [{"data": self.text, "event": ""}])


@register
@dataclass(frozen=True, slots=True)
class BadUtf8(Operator):
    """Break the first character of several bytes in the selected frames, or put a stray byte where there is none."""

    at: Selector

    name: ClassVar[str] = "bad-utf8"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "Bytes that are not UTF-8 kill an SDK's stream; the standard has them replaced."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take, list(singles(take, dispatches)))

    def apply(self, take: Take) -> Take:
        return edited(take, self.at, _broken, "no text could be broken")


def _broken(piece: Piece) -> Piece:
    raw = piece.raw
    at = next((offset for offset, byte in enumerate(raw) if byte >= 0xC0), None)
    if at is not None:
        return piece.rewritten(raw[:at] + raw[at + 1 :])
    at = raw.rfind(b'"')
    return piece if at < 0 else piece.rewritten(raw[:at] + b"\xff" + raw[at:])
