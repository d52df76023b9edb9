"""Connection: how the body is framed, how far it gets, and how the connection ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from harness.delivery import Cut, End, Framing, Reset, Stall
from harness.delivery.actions import EndingAction
from harness.mutations.chunk import is_continuation
from harness.mutations.operator import AT, Layer, Operator, Unmatched, register, selected
from harness.mutations.selector import Selector
from harness.mutations.take import Piece, Stop, Take

Inside = Literal["before", "start", "middle", "character", "after"]
EndingName = Literal["end", "cut", "reset", "stall"]

_ENDINGS: dict[EndingName, EndingAction] = {"end": End(), "cut": Cut(), "reset": Reset(), "stall": Stall()}
_NO_END: dict[str, Any] = {"enum": [name for name in _ENDINGS if name != "end"]}


def _inside_character(raw: bytes) -> int | None:
    return next((offset for offset, byte in enumerate(raw) if is_continuation(byte)), None)


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
    parameters: ClassVar[dict[str, Any]] = {
        "at": AT,
        "inside": {"enum": list(_OFFSETS)},
        "by": {"enum": list(_ENDINGS)},
    }

    def apply(self, take: Take) -> Take:
        for position in selected(take, self.at):
            piece = take.pieces[position]
            offset = _OFFSETS[self.inside](piece.frame.raw)
            if offset is not None:
                return take.with_piece(position, _stopped(piece, offset, self.by))
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
    parameters: ClassVar[dict[str, Any]] = {"byte": {"type": "integer"}, "by": {"enum": list(_ENDINGS)}}

    def apply(self, take: Take) -> Take:
        left = self.byte if self.byte >= 0 else len(take.body) + self.byte
        for position, piece in enumerate(take.pieces):
            if 0 <= left <= len(piece.frame.raw):
                return take.with_piece(position, _stopped(piece, left, self.by))
            left -= len(piece.frame.raw)
        raise Unmatched(f"no frame has byte {self.byte} of the body")


@register
@dataclass(frozen=True, slots=True)
class Unanswered(Operator):
    """Send nothing at all: close, reset or hold the connection before the head."""

    by: Literal["cut", "reset", "stall"] = "cut"

    name: ClassVar[str] = "unanswered"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = "One in five requests of a bad hour was accepted and never answered."
    parameters: ClassVar[dict[str, Any]] = {"by": _NO_END}

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
    parameters: ClassVar[dict[str, Any]] = {"by": _NO_END}

    def apply(self, take: Take) -> Take:
        if take.ending == _ENDINGS[self.by]:
            raise Unmatched(f"the recording ends by {self.by} already")
        return replace(take, ending=_ENDINGS[self.by])


@register
@dataclass(frozen=True, slots=True)
class Frames(Operator):
    """Frame the body another way; with content-length, ``off_by`` states a length that is wrong by so many bytes."""

    to: Literal["chunked", "content-length", "close"]
    off_by: int = 0

    name: ClassVar[str] = "framing"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = "A close-delimited body hides truncation from the HTTP library below the reader."
    parameters: ClassVar[dict[str, Any]] = {
        "to": {"enum": [framing.value for framing in Framing]},
        "off_by": {"type": "integer"},
    }

    def apply(self, take: Take) -> Take:
        if take.head is None:
            raise Unmatched("the request gets no answer that could be framed")
        head = replace(take.head, framing=Framing(self.to), declared_length=None)
        return replace(take, head=head, length_error=self.off_by or None)


@register
@dataclass(frozen=True, slots=True)
class SetHeader(Operator):
    """Send a response header with this value, or (null) leave it out."""

    header: str
    value: str | None

    name: ClassVar[str] = "header"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = "Proxies answer a stream with content-type text/html or application/json, or with none."
    parameters: ClassVar[dict[str, Any]] = {
        "header": {"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"},
        "value": {"type": ["string", "null"]},
    }

    def apply(self, take: Take) -> Take:
        if take.head is None:
            raise Unmatched("the request gets no answer that could have a header")
        kept = [(name, value) for name, value in take.head.headers if name.lower() != self.header.lower()]
        fresh = [] if self.value is None else [(self.header, self.value)]
        return replace(take, head=replace(take.head, headers=(*kept, *fresh)))


def _stopped(piece: Piece, offset: int, by: EndingName) -> Piece:
    return replace(piece, stop=Stop(offset, _ENDINGS[by]))
