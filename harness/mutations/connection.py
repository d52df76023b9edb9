"""Connection: how far the body gets, and how the connection ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from harness.delivery import Cut, End, Reset, Stall
from harness.delivery.actions import EndingAction
from harness.mutations.chunk import CONTINUATION
from harness.mutations.fit import dispatches, singles
from harness.mutations.operator import AT, Layer, Operator, Unmatched, applies, register, selected
from harness.mutations.piece import Stop
from harness.mutations.selector import EVERY, TERMINAL, Selector
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

Inside = Literal["before", "start", "middle", "character", "after"]
EndingName = Literal["end", "cut", "reset", "stall"]

_ENDINGS: dict[EndingName, EndingAction] = {"end": End(), "cut": Cut(), "reset": Reset(), "stall": Stall()}
_NO_END: dict[str, Any] = {"enum": [name for name in _ENDINGS if name != "end"]}


def _inside_character(raw: bytes) -> int | None:
    found = CONTINUATION.search(raw)
    return None if found is None else found.start()


_OFFSETS: dict[Inside, Callable[[bytes], int | None]] = {
    "before": lambda raw: 0,
    "start": lambda raw: 1,
    "middle": lambda raw: len(raw) // 2,
    "character": _inside_character,
    "after": len,
}


@register
@dataclass(frozen=True, slots=True)
class StopAt(Operator):
    """End the stream before, inside or after the first selected frame.

    ``end`` is an orderly end of the body there; ``cut`` a FIN although more was promised; ``stall`` sends no more
    and leaves the connection open. ``character`` means inside the first character of more than one byte.
    """

    at: Selector
    inside: Inside = "after"
    by: EndingName = "cut"

    name: ClassVar[str] = "stop"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = (
        "Backends end a stream without a terminal; proxies cut it; both were taken for a finished answer."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "at": AT,
        "inside": {"enum": list(_OFFSETS)},
        "by": {"enum": list(_ENDINGS)},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Shared(
            [
                [
                    each
                    for each in Product(cls, [Selector(TERMINAL)], list(_OFFSETS), list(_ENDINGS))
                    if applies(each, take)
                ],
                Product(cls, list(singles(take, dispatches)), ["after", "before", "start", "middle"], list(_ENDINGS)),
                [each for each in Product(cls, [EVERY], ["character"], list(_ENDINGS)) if applies(each, take)],
            ]
        )

    def apply(self, take: Take) -> Take:
        for position in selected(take, self.at):
            piece = take.pieces[position]
            offset = _OFFSETS[self.inside](piece.raw)
            if offset is not None:
                return _stopped(take, position, offset, self.by)
        raise Unmatched(f"no frame that matches {self.at} has a character of more than one byte")


@register
@dataclass(frozen=True, slots=True)
class StopAtByte(Operator):
    """End the stream after so many bytes of the body, negative from its end."""

    byte: int
    by: EndingName = "cut"

    name: ClassVar[str] = "stop-at-byte"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = "A connection can die at every byte; a truncated final frame completed normally."
    parameters: ClassVar[Mapping[str, Any]] = {"byte": {"type": "integer"}, "by": {"enum": list(_ENDINGS)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, range(sum(len(piece.raw) for piece in take.pieces)), list(_ENDINGS))

    def apply(self, take: Take) -> Take:
        left = self.byte if self.byte >= 0 else len(take.body) + self.byte
        for position, piece in enumerate(take.pieces):
            if 0 <= left <= len(piece.raw):
                return _stopped(take, position, left, self.by)
            left -= len(piece.raw)
        raise Unmatched(f"no frame has byte {self.byte} of the body")


@register
@dataclass(frozen=True, slots=True)
class Unanswered(Operator):
    """Send nothing at all: close, reset or hold the connection before the head."""

    by: Literal["cut", "reset", "stall"] = "cut"

    name: ClassVar[str] = "unanswered"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = "One in five requests of a bad hour was accepted and never answered."
    parameters: ClassVar[Mapping[str, Any]] = {"by": _NO_END}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, _NO_END["enum"])

    def apply(self, take: Take) -> Take:
        return Take((), b"", None, _ENDINGS[self.by], before_head_ms=take.before_head_ms)


@register
@dataclass(frozen=True, slots=True)
class Finish(Operator):
    """End the connection in another way once everything was sent: cut before the framing's end, reset, or held open."""

    by: Literal["cut", "reset", "stall"]

    name: ClassVar[str] = "finish"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = (
        "A server kept the socket open after the terminal; the answer came when the idle deadline did."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"by": _NO_END}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [each for each in Product(cls, _NO_END["enum"]) if applies(each, take)]

    def apply(self, take: Take) -> Take:
        if take.ending == _ENDINGS[self.by]:
            raise Unmatched(f"the recording ends by {self.by} already")
        return replace(take, ending=_ENDINGS[self.by])


def _stopped(take: Take, position: int, offset: int, by: EndingName) -> Take:
    piece, ending = take.pieces[position], _ENDINGS[by]
    at_end = position + 1 == len(take.pieces) and offset == len(piece.raw) and not take.rest
    if at_end and ending == take.ending:
        raise Unmatched(f"the stream ends there already, by {by}")
    return take.with_piece(position, replace(piece, stop=Stop(offset, ending)))
