"""What the decoder hands out: one block of the stream, with its exact bytes.

A frame is everything up to and including the blank line that ends it, so concatenating ``raw`` of all frames
and the tail gives the stream back, byte for byte. Field meanings are those of the WHATWG HTML standard,
"Server-sent events", section 9.2.6 (Interpreting an event stream).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """One block of the stream, terminated by a blank line."""

    raw: bytes
    """Exact bytes, blank line included; the first frame also holds a byte order mark, if there was one."""
    start: int
    """Offset of ``raw`` in the stream."""
    event: str
    """Value of the last ``event`` field; empty when there was none."""
    data: str | None
    """The data buffer without its last line feed; None when the block had no ``data`` field (nothing is dispatched)."""
    id: str | None = None
    """Value of the last valid ``id`` field of this block."""
    retry: int | None = None
    """Reconnection time in ms, when a valid ``retry`` field was there."""
    comments: tuple[str, ...] = ()
    """Comment lines without their colon."""
    replaced: bool = False
    """Whether bytes that are not UTF-8 were replaced by U+FFFD."""

    @property
    def end(self) -> int:
        return self.start + len(self.raw)

    @property
    def dispatched(self) -> bool:
        """Whether the standard dispatches an event for this block (``data:`` alone does, with empty data)."""
        return self.data is not None


@dataclass(frozen=True, slots=True)
class Tail:
    """What was left when the stream ended: the standard discards it; here the caller is told."""

    raw: bytes
    start: int
    event: str
    data: str | None
    """What the unfinished block's data would have been; None when it had no data line."""
    id: str | None = None
    comments: tuple[str, ...] = ()

    @property
    def lost(self) -> bool:
        """Whether discarding it loses an event."""
        return self.data is not None
