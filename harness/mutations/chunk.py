"""Chunk: where one write ends and the next begins. No reader may care."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harness.mutations.operator import Layer, Operator, Unmatched, changes, register
from harness.mutations.space import Product
from harness.mutations.take import Chunking, Take


@register
@dataclass(frozen=True, slots=True)
class ChunkSize(Operator):
    """Send the body in chunks of so many bytes."""

    size: int

    name: ClassVar[str] = "chunk-size"
    layer: ClassVar[Layer] = "chunk"
    incident: ClassVar[str] = (
        "Readers that decode each chunk by itself broke every character that was split between two."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"size": {"type": "integer", "minimum": 1}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        sizes = [1, 2, 3, 7, 64, 1000, 1448, 4096, 16384]
        length = len(take.body)
        return [cls(size) for size in sizes if size < length <= size * _MOST_CHUNKS]

    def apply(self, take: Take) -> Take:
        return _chunked(take, self)

    def breaks(self, body: bytes) -> Iterable[int]:
        return range(0, len(body), self.size)


_MOST_CHUNKS = 3_000
"""What a campaign draws at most: a chunk costs its reader as much as an event, and shorter recordings have them all."""


@register
@dataclass(frozen=True, slots=True)
class OneChunk(Operator):
    """Send the whole body at once."""

    name: ClassVar[str] = "one-chunk"
    layer: ClassVar[Layer] = "chunk"
    incident: ClassVar[str] = "Buffering proxies hold a stream back and deliver it in one piece."
    parameters: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [cls()] if changes(cls(), take) else []

    def apply(self, take: Take) -> Take:
        return _chunked(take, self)

    def breaks(self, body: bytes) -> Iterable[int]:
        return ()


@register
@dataclass(frozen=True, slots=True)
class SplitCharacters(Operator):
    """Begin a new chunk inside every character that takes more than one byte."""

    name: ClassVar[str] = "split-characters"
    layer: ClassVar[Layer] = "chunk"
    incident: ClassVar[str] = "Per-chunk decoding corrupted split UTF-8 in at least four programs in one year."
    parameters: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [cls()] if changes(cls(), take) else []

    def apply(self, take: Take) -> Take:
        if not CONTINUATION.search(take.body):
            raise Unmatched("the body has no character of more than one byte")
        return replace(take, chunking=self)

    def breaks(self, body: bytes) -> Iterable[int]:
        return (found.start() for found in CONTINUATION.finditer(body))


CONTINUATION = re.compile(rb"[\x80-\xbf]")
"""A byte that continues a UTF-8 character."""


@register
@dataclass(frozen=True, slots=True)
class SplitLines(Operator):
    """Begin a new chunk inside every line end and every blank line: between CR and LF, and between two line ends."""

    name: ClassVar[str] = "split-lines"
    layer: ClassVar[Layer] = "chunk"
    incident: ClassVar[str] = "Readers that split each chunk at a blank line never see one that lies across two chunks."
    parameters: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [cls()] if changes(cls(), take) else []

    def apply(self, take: Take) -> Take:
        if not tuple(self.breaks(take.body)):
            raise Unmatched("the body has no blank line")
        return replace(take, chunking=self)

    def breaks(self, body: bytes) -> Iterable[int]:
        return (offset for run in _LINE_ENDS.finditer(body) for offset in range(run.start() + 1, run.end()))


_LINE_ENDS = re.compile(rb"[\r\n]{2,}")


@register
@dataclass(frozen=True, slots=True)
class ChunkFrames(Operator):
    """Send so many frames a chunk, each chunk ``shift`` bytes later (or earlier) than the frames' own borders."""

    frames: int = 1
    shift: int = 0

    name: ClassVar[str] = "chunk-frames"
    layer: ClassVar[Layer] = "chunk"
    incident: ClassVar[str] = (
        "Servers write one frame a chunk, and readers that count on it fail behind any proxy that does not."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "frames": {"type": "integer", "minimum": 1},
        "shift": {"type": "integer"},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [each for each in Product(cls, [1, 2, 5], [0, -1, 1, 6, 40]) if changes(each, take)]

    def apply(self, take: Take) -> Take:
        if not take.pieces:
            raise Unmatched("the body has no frames")
        return replace(take, chunking=self)

    def breaks(self, body: bytes) -> Iterable[int]:
        ends = [match.end() for match in _FRAME_ENDS.finditer(body)][self.frames - 1 :: self.frames]
        return (end + self.shift for end in ends if 0 < end + self.shift < len(body))


_FRAME_ENDS = re.compile(rb"\r\n\r\n|\n\n|\r\r(?!\n)")


def _chunked(take: Take, rule: Chunking) -> Take:
    if len(take.body) < _SPLITTABLE:
        raise Unmatched("the body has no two bytes to part")
    return replace(take, chunking=rule)


_SPLITTABLE = 2
