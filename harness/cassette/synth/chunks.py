"""Chunk tables as networks make them: several frames in one chunk, a frame in several chunks, and pauses.

Times are whole tenths of a millisecond, so that they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random

Chunks = tuple[tuple[int, float], ...]


def cut(rng: Random, frames: Sequence[bytes]) -> Chunks:
    """``(offset, ms)`` of every chunk of the stream that ``frames`` make."""
    offsets = list(_offsets(rng, frames))
    ms10 = rng.randrange(3_000, 9_000)
    table: list[tuple[int, float]] = []
    for number, offset in enumerate(offsets):
        if number:
            # Most chunks follow at once or after a token's time; now and then the model thinks.
            ms10 += rng.randrange(5_000, 20_000) if rng.randrange(24) == 0 else rng.randrange(2, 600)
        table.append((offset, ms10 / 10))
    return tuple(table)


def _offsets(rng: Random, frames: Sequence[bytes]) -> Iterator[int]:
    """Where chunks start: at frames, some of them skipped, and inside about one frame in eight."""
    starts = list(accumulate((len(frame) for frame in frames), initial=0))
    together = 0
    for start, frame in zip(starts, frames, strict=False):
        if together:
            together -= 1
        else:
            yield start
            together = rng.randrange(1, 4) if rng.randrange(5) == 0 else 0
        if rng.randrange(8) == 0:
            yield start + _inside(rng, frame)


def _inside(rng: Random, frame: bytes) -> int:
    """An offset inside the frame; inside a character where the frame has one of several bytes."""
    continuations = [number for number, byte in enumerate(frame) if byte & 0xC0 == 0x80]
    if continuations:
        return continuations[rng.randrange(len(continuations))]
    return rng.randrange(1, len(frame))
