"""Frame: how an event is written, with its meaning left as it is (unless the standard itself discards it)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harness.mutations import lines
from harness.mutations.operator import AT, Layer, Operator, Unmatched, register, selected
from harness.mutations.selector import EVERY, Selector
from harness.mutations.take import Piece, Take

_NEWLINES = {"lf": b"\n", "cr": b"\r", "crlf": b"\r\n"}


def _rewritten(take: Take, at: Selector, change: Callable[[bytes], bytes]) -> Take:
    pieces: list[Piece] = list(take.pieces)
    for position in selected(take, at):
        raw = change(pieces[position].frame.raw)
        if raw != pieces[position].frame.raw:
            pieces[position] = pieces[position].rewritten(raw)
    if all(new is old for new, old in zip(pieces, take.pieces, strict=True)):
        raise Unmatched(f"every frame that matches {at} is written like that already")
    return take.with_pieces(pieces)


@register
@dataclass(frozen=True, slots=True)
class Newline(Operator):
    """End the lines of the selected frames with LF, CR or CRLF; all three are right."""

    to: str
    at: Selector = EVERY

    name: ClassVar[str] = "newline"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = (
        "Readers that split at two line feeds never saw an event of a server that ends lines with CRLF."
    )
    parameters: ClassVar[dict[str, Any]] = {"to": {"enum": list(_NEWLINES)}, "at": AT}

    def apply(self, take: Take) -> Take:
        return _rewritten(take, self.at, lambda raw: lines.with_newline(raw, _NEWLINES[self.to]))


@register
@dataclass(frozen=True, slots=True)
class Nameless(Operator):
    """Write the selected frames without their ``event:`` line; the payload's type is all that names them."""

    at: Selector = EVERY

    name: ClassVar[str] = "nameless"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "litellm's bridge and transformers send no event lines at all."
    parameters: ClassVar[dict[str, Any]] = {"at": AT}

    def apply(self, take: Take) -> Take:
        return _rewritten(take, self.at, lambda raw: lines.with_event(raw, None))


@register
@dataclass(frozen=True, slots=True)
class Comment(Operator):
    """Put a comment line at the top of the selected frames."""

    text: str = "keep-alive"
    at: Selector = EVERY

    name: ClassVar[str] = "comment"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "OpenRouter sends ': OPENROUTER PROCESSING'; a reader took the colon line for an event."
    parameters: ClassVar[dict[str, Any]] = {"text": {"type": "string", "pattern": "^[^\\r\\n]*$"}, "at": AT}

    def apply(self, take: Take) -> Take:
        return _rewritten(take, self.at, lambda raw: lines.with_line(raw, f": {self.text}"))


@register
@dataclass(frozen=True, slots=True)
class ByteOrderMark(Operator):
    """Begin the stream with a byte order mark, which a decoder strips."""

    name: ClassVar[str] = "bom"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "Decoders that do not strip it ignore the first line, and so lose the first event."
    parameters: ClassVar[dict[str, Any]] = {}

    def apply(self, take: Take) -> Take:
        if not take.pieces or take.pieces[0].frame.raw.startswith(lines.BOM):
            raise Unmatched("there is no first frame without a byte order mark")
        return take.with_piece(0, take.pieces[0].rewritten(lines.BOM + take.pieces[0].frame.raw))


@register
@dataclass(frozen=True, slots=True)
class Unterminated(Operator):
    """Leave out the blank line after the last frame: the standard discards such a frame."""

    name: ClassVar[str] = "unterminated"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "A relay sends no final blank line; the terminal is lost, and with it usage and status."
    parameters: ClassVar[dict[str, Any]] = {}

    def apply(self, take: Take) -> Take:
        if not take.pieces or take.rest:
            raise Unmatched("the stream does not end with a whole frame")
        last = take.pieces[-1]
        rest = lines.without_blank_line(last.frame.raw)
        return replace(
            take.with_pieces(take.pieces[:-1]),
            rest=rest,
            rest_breaks=tuple(offset for offset in last.breaks if offset < len(rest)),
            rest_waits=tuple((offset, ms) for offset, ms in last.waits if offset < len(rest)),
        )
