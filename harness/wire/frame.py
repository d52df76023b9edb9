"""What the decoder hands out: one block of the stream, with its exact bytes.

Every blank line ends a frame, also one that follows another blank line: that frame has no fields and its ``raw`` is
the blank line alone. So concatenating ``raw`` of all frames and the tail gives the stream back, byte for byte. Field
meanings are those of the WHATWG HTML standard, "Server-sent events", section 9.2.6 (Interpreting an event stream).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


# A named tuple and no frozen dataclass: as immutable, but built four times as fast, and building frames is most of
# what decoding costs.
class Frame(NamedTuple):
    """One block of the stream, terminated by a blank line."""

    raw: bytes
    """Exact bytes, blank line included; the first frame also holds a byte order mark, if there was one. When the chunk
    before ended between CR and LF of a blank line, that late LF is the first byte of the next frame."""
    start: int
    """Offset of ``raw`` in the stream."""
    event: str
    """Value of the last ``event`` field; empty when there was none."""
    data: str | None
    """The data buffer without its last line feed; None when the block had no ``data`` field (nothing is dispatched)."""
    id: str | None = None
    """Value of the last valid ``id`` field of this block; carrying it over to later blocks is left to the reader."""
    retry: int | None = None
    """Reconnection time in ms, when a valid ``retry`` field was there."""
    comments: tuple[str, ...] = ()
    """Comment lines without their colon and, as with a field's value, without one space after it."""
    replaced: bool = False
    """Whether bytes of ``event``, ``data`` or ``id`` that are not UTF-8 were replaced by U+FFFD."""

    @property
    def end(self) -> int:
        return self.start + len(self.raw)

    @property
    def dispatched(self) -> bool:
        """Whether the standard dispatches an event for this block (``data:`` alone does, with empty data)."""
        return self.data is not None


Payload = tuple[bytes, bytes | None, bool]
"""What a frame dispatches: its ``event`` and its ``data``, both sound UTF-8, and ``replaced``. A frame that dispatches
nothing has no payload, unless bytes of it were replaced: nobody knows what it would have been. Its data is None."""


@dataclass(frozen=True, slots=True)
class Tail:
    """What was left when the stream ended: the standard discards it; here the caller is told.

    Its fields are read as if the last line and the block had been finished there. A tail need not be a loss: ask
    ``lost``. It may be a comment, or no more than the late LF of the last frame's blank line (see ``Frame.raw``).
    """

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
