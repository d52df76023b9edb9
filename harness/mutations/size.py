"""Size: much of everything that is right. A reader whose cost or memory grows faster than the stream shows it here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.editing import Payload, repayloaded
from harness.mutations.fit import dispatches, has_payload, kinds, singles
from harness.mutations.operator import (
    AT,
    Layer,
    Operator,
    Unmatched,
    applies,
    insertion_points,
    register,
    selected,
)
from harness.mutations.order import inserted
from harness.mutations.piece import Piece
from harness.mutations.selector import EVERY, FIRST, TERMINAL, Selector
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

DELTAS = Selector("*.delta")

_MANY_EVENTS = 1_000
"""What a campaign calls many: all that grows faster than the stream shows by then, and a case still takes no second."""


def _is_delta(piece: Piece) -> bool:
    payload = piece.payload or {}
    return str(payload.get("type", "")).endswith(".delta") and bool(payload.get("delta"))


@register
@dataclass(frozen=True, slots=True)
class HugeDelta(Operator):
    """Let the selected deltas say their text over and over, up to so many characters each."""

    at: Selector
    chars: int

    name: ClassVar[str] = "huge-delta"
    layer: ClassVar[Layer] = "size"
    incident: ClassVar[str] = "Two decoders cost quadratic time in one event's size: 10 MB took 3 s against 31 ms."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "chars": {"type": "integer", "minimum": 1}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, list(singles(take, _is_delta)), [1_000, 10_000, 70_000])

    def apply(self, take: Take) -> Take:
        def grown(payload: Payload) -> Payload:
            text = payload.get("delta")
            if not isinstance(text, str) or not text or len(text) >= self.chars:
                return payload
            return {**payload, "delta": (text * (self.chars // len(text) + 1))[: self.chars]}

        return repayloaded(take, self.at, grown, "there is no shorter delta")


@register
@dataclass(frozen=True, slots=True)
class SplitDeltas(Operator):
    """Send the text of every selected delta as many deltas of so many characters: the same text, told more slowly."""

    chars: int = 1
    at: Selector = DELTAS

    name: ClassVar[str] = "split-deltas"
    layer: ClassVar[Layer] = "size"
    incident: ClassVar[str] = (
        "Models send a delta a token and some servers one a character: the same text in many times the events."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"chars": {"type": "integer", "minimum": 1}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        sizes = [each for each in (1, 2, 8, 40) if _characters(take) <= each * _MANY_EVENTS]
        return [each for each in Product(cls, sizes, list(kinds(take, _is_delta))) if applies(each, take)]

    def apply(self, take: Take) -> Take:
        chosen = set(selected(take, self.at))
        pieces: list[Piece] = []
        for position, piece in enumerate(take.pieces):
            pieces += self._parts(piece) if position in chosen else [piece]
        if len(pieces) == len(take.pieces):
            raise Unmatched(f"no delta that matches {self.at} has more than {self.chars} characters")
        return take.with_pieces(pieces)

    def _parts(self, piece: Piece) -> Iterator[Piece]:
        payload = piece.payload or {}
        text = payload.get("delta")
        if not isinstance(text, str) or len(text) <= self.chars or not _is_delta(piece):
            yield piece
            return
        for start in range(0, len(text), self.chars):
            # Each part is written from the part before it: the whole frame may be a thousand times as long.
            piece = piece.with_payload({**payload, "delta": text[start : start + self.chars]})
            yield piece


def _characters(take: Take) -> int:
    return sum(len(str((piece.payload or {})["delta"])) for piece in take.pieces if _is_delta(piece))


@register
@dataclass(frozen=True, slots=True)
class ManyItems(Operator):
    """Send one item of the stream so many times more before the terminal, each under an index and ids of its own."""

    times: int
    output_index: int = 0

    name: ClassVar[str] = "many-items"
    layer: ClassVar[Layer] = "size"
    incident: ClassVar[str] = (
        "A call was cloned for every chunk that told of it; what grows with the stream shows where there is much of it."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "times": {"type": "integer", "minimum": 1, "maximum": 10_000},
        "output_index": {"type": "integer"},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        owners = Counter((piece.payload or {}).get("output_index") for piece in take.pieces if piece.payload)
        known = sorted(index for index in owners if type(index) is int)
        return Shared([_up_to_many(cls, index, owners[index]) for index in known])

    def apply(self, take: Take) -> Take:
        own = [piece for piece in take.pieces if (piece.payload or {}).get("output_index") == self.output_index]
        if not own:
            raise Unmatched(f"no event belongs to output_index {self.output_index}")
        ends = take.index.named(TERMINAL)
        point = ends[0] if ends else len(take.pieces)
        more = [
            piece.with_payload(_copied(piece.payload or {}, number)) for number in range(self.times) for piece in own
        ]
        return take.with_pieces([*take.pieces[:point], *more, *take.pieces[point:]])


def _up_to_many(make: type[ManyItems], index: int, events: int) -> Sequence[Operator]:
    return [make(times, index) for times in (1, 10, 100) if times == 1 or times * events <= _MANY_EVENTS]


def _copied(payload: Payload, number: int) -> Payload:
    fresh = {**payload, "output_index": 1000 + number}
    if isinstance(payload.get("item"), dict):
        fresh["item"] = {
            name: f"{value}_{number}" if name in {"id", "call_id"} else value for name, value in payload["item"].items()
        }
    if "item_id" in payload:
        fresh["item_id"] = f"{payload['item_id']}_{number}"
    return fresh


@register
@dataclass(frozen=True, slots=True)
class Padding(Operator):
    """Give the selected events an ``obfuscation`` of so many characters: random padding that means nothing."""

    chars: int
    at: Selector = EVERY

    name: ClassVar[str] = "padding"
    layer: ClassVar[Layer] = "size"
    incident: ClassVar[str] = (
        "Providers pad deltas so that their length betrays nothing; the padding is no part of the text."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"chars": {"type": "integer", "minimum": 0}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, [64, 0, 5_000], list(kinds(take, has_payload)))

    def apply(self, take: Take) -> Take:
        padding = ("0123456789abcdef" * (self.chars // 16 + 1))[: self.chars]

        def padded(payload: Payload) -> Payload:
            return payload if payload.get("obfuscation") == padding else {**payload, "obfuscation": padding}

        return repayloaded(take, self.at, padded, "every event is padded like that already")


@register
@dataclass(frozen=True, slots=True)
class ManyComments(Operator):
    """Send so many comment frames in a row after each selected event, at once."""

    times: int
    at: Selector = FIRST

    name: ClassVar[str] = "many-comments"
    layer: ClassVar[Layer] = "size"
    incident: ClassVar[str] = (
        "OpenRouter fills the wait for a slow model with comment after comment before the first event."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "times": {"type": "integer", "minimum": 1, "maximum": 10_000},
        "at": AT,
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, [10, 1000], list(singles(take, dispatches)))

    def apply(self, take: Take) -> Take:
        comments = [{"comment": "OPENROUTER PROCESSING"}] * self.times
        return inserted(take, insertion_points(selected(take, self.at), "after"), comments)
