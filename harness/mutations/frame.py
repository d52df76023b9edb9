"""Frame: how an event is written, with its meaning left as it is (unless the standard itself discards it)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harness.mutations import lines
from harness.mutations.editing import edited
from harness.mutations.fit import dispatches, kinds
from harness.mutations.operator import AT, Layer, Operator, Unmatched, applies, register
from harness.mutations.piece import Piece
from harness.mutations.selector import EVERY, Selector
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

_NEWLINES = {"lf": b"\n", "cr": b"\r", "crlf": b"\r\n"}


def rewritten(take: Take, at: Selector, change: Callable[[bytes], bytes]) -> Take:
    """The take with the bytes of every selected frame changed. Raises Unmatched."""

    def rewrite(piece: Piece) -> Piece:
        raw = change(piece.raw)
        return piece if raw == piece.raw else piece.rewritten(raw)

    return edited(take, at, rewrite, "every frame is written like that already")


def applicable(make: Callable[..., Operator], take: Take, *axes: Sequence[Any]) -> Sequence[Operator]:
    """The operators of all combinations that find something to rewrite; half of them do it to every frame, as servers
    do that write that way."""
    fitting = [each for each in Product(make, *axes) if applies(each, take)]
    whole = [each for each in fitting if getattr(each, "at", EVERY) == EVERY]
    return Shared([whole, [each for each in fitting if each not in whole]])


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
    parameters: ClassVar[Mapping[str, Any]] = {"to": {"enum": list(_NEWLINES)}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take, list(_NEWLINES), list(kinds(take, dispatches)))

    def apply(self, take: Take) -> Take:
        return rewritten(take, self.at, lambda raw: lines.with_newline(raw, _NEWLINES[self.to]))


@register
@dataclass(frozen=True, slots=True)
class Nameless(Operator):
    """Write the selected frames without their ``event:`` line; the payload's type is all that names them."""

    at: Selector = EVERY

    name: ClassVar[str] = "nameless"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "litellm's bridge and transformers send no event lines at all."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take, list(kinds(take, dispatches)))

    def apply(self, take: Take) -> Take:
        return rewritten(take, self.at, lambda raw: lines.with_event(raw, None))


@register
@dataclass(frozen=True, slots=True)
class Comment(Operator):
    """Put a comment line at the top of the selected frames."""

    text: str = "keep-alive"
    at: Selector = EVERY

    name: ClassVar[str] = "comment"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "OpenRouter sends ': OPENROUTER PROCESSING'; a reader took the colon line for an event."
    parameters: ClassVar[Mapping[str, Any]] = {"text": {"type": "string", "pattern": "^[^\\r\\n]*$"}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take, ["keep-alive", "OPENROUTER PROCESSING", ""], list(kinds(take, dispatches)))

    def apply(self, take: Take) -> Take:
        return rewritten(take, self.at, lambda raw: lines.with_line(raw, f": {self.text}"))


@register
@dataclass(frozen=True, slots=True)
class Spaces(Operator):
    """Write the fields of the selected frames with a space after the colon, or without: both mean the same."""

    after_colon: bool = False
    at: Selector = EVERY

    name: ClassVar[str] = "spaces"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = (
        "Alibaba's gateway writes event: lines without the space; a gateway skipped data: lines like that."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"after_colon": {"type": "boolean"}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take, [False, True], list(kinds(take, dispatches)))

    def apply(self, take: Take) -> Take:
        return rewritten(take, self.at, lambda raw: lines.with_spaces(raw, after_colon=self.after_colon))


@register
@dataclass(frozen=True, slots=True)
class ManyLines(Operator):
    """Write the JSON of the selected events over many data lines, as a pretty printer would."""

    at: Selector = EVERY

    name: ClassVar[str] = "many-lines"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "A reference parser kept only the last of several data lines of one event."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take, list(kinds(take)))

    def apply(self, take: Take) -> Take:
        def spread(piece: Piece) -> Piece:
            return piece if not piece.payload else piece.with_data(lines.to_text(piece.payload, indent=1))

        return edited(take, self.at, spread, "there is no JSON with members")


@register
@dataclass(frozen=True, slots=True)
class ByteOrderMark(Operator):
    """Begin the stream with a byte order mark, which a decoder strips."""

    name: ClassVar[str] = "bom"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "Decoders that do not strip it ignore the first line, and so lose the first event."
    parameters: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take)

    def apply(self, take: Take) -> Take:
        if not take.pieces or take.pieces[0].raw.startswith(lines.BOM):
            raise Unmatched("there is no first frame without a byte order mark")
        return take.with_piece(0, take.pieces[0].rewritten(lines.BOM + take.pieces[0].raw))


@register
@dataclass(frozen=True, slots=True)
class Unterminated(Operator):
    """Leave out the blank line after the last frame: the standard discards such a frame."""

    name: ClassVar[str] = "unterminated"
    layer: ClassVar[Layer] = "frame"
    incident: ClassVar[str] = "A relay sends no final blank line; the terminal is lost, and with it usage and status."
    parameters: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return applicable(cls, take)

    def apply(self, take: Take) -> Take:
        if not take.pieces or take.rest:
            raise Unmatched("the stream does not end with a whole frame")
        last = take.pieces[-1]
        rest = lines.without_blank_line(last.raw)
        return replace(
            take.with_pieces(take.pieces[:-1]),
            rest=rest,
            rest_breaks=tuple(offset for offset in last.breaks if offset < len(rest)),
            rest_waits=tuple((offset, ms) for offset, ms in last.waits if offset < len(rest)),
        )
