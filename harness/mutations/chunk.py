"""Chunk: where one write ends and the next begins. No reader may care."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harness.mutations.operator import Layer, Operator, Unmatched, register
from harness.mutations.take import Take


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
    parameters: ClassVar[dict[str, Any]] = {"size": {"type": "integer", "minimum": 1}}

    def apply(self, take: Take) -> Take:
        return replace(take, chunking=self)

    def breaks(self, body: bytes) -> Iterable[int]:
        return range(0, len(body), self.size)


@register
@dataclass(frozen=True, slots=True)
class OneChunk(Operator):
    """Send the whole body at once."""

    name: ClassVar[str] = "one-chunk"
    layer: ClassVar[Layer] = "chunk"
    incident: ClassVar[str] = "Buffering proxies hold a stream back and deliver it in one piece."
    parameters: ClassVar[dict[str, Any]] = {}

    def apply(self, take: Take) -> Take:
        return replace(take, chunking=self)

    def breaks(self, body: bytes) -> Iterable[int]:
        return ()


@register
@dataclass(frozen=True, slots=True)
class SplitCharacters(Operator):
    """Begin a new chunk inside every character that takes more than one byte."""

    name: ClassVar[str] = "split-characters"
    layer: ClassVar[Layer] = "chunk"
    incident: ClassVar[str] = "Per-chunk decoding corrupted split UTF-8 in at least four programs in one year."
    parameters: ClassVar[dict[str, Any]] = {}

    def apply(self, take: Take) -> Take:
        if not tuple(self.breaks(take.body)):
            raise Unmatched("the body has no character of more than one byte")
        return replace(take, chunking=self)

    def breaks(self, body: bytes) -> Iterable[int]:
        return (offset for offset, byte in enumerate(body) if is_continuation(byte))


def is_continuation(byte: int) -> bool:
    """Whether this byte continues a UTF-8 character."""
    return byte & 0xC0 == 0x80
