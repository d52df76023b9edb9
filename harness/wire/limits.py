"""How much of a stream may be held back in memory before it is refused."""

from __future__ import annotations

from dataclasses import dataclass, fields

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes; None means no limit. Line ends are never what passes a limit.

    Raises ValueError when a limit is less than one byte.
    """

    max_event_bytes: int | None = 64 * _MIB
    """From the first byte of a block to the last byte of its last line, comments and unknown fields included."""
    max_line_bytes: int | None = 32 * _MIB
    """One line, without its line end."""

    def __post_init__(self) -> None:
        for field in fields(self):
            limit = getattr(self, field.name)
            if limit is not None and limit < 1:
                raise ValueError(f"{field.name} is {limit}, but must be at least 1, or None for no limit")


DEFAULT = Limits()
UNLIMITED = Limits(max_event_bytes=None, max_line_bytes=None)


class LimitExceeded(ValueError):
    """A line or an event of the stream is larger than allowed."""

    def __init__(self, limit: str, allowed: int, offset: int) -> None:
        super().__init__(f"{limit} of {allowed} passed at byte {offset} of the stream")
        self.limit = limit
        """Name of the field of ``Limits``."""
        self.allowed = allowed
        """Its value, in bytes."""
        self.offset = offset
        """Offset in the stream of the first byte past the limit."""

    def __reduce__(self) -> tuple[type[LimitExceeded], tuple[str, int, int]]:
        # An exception that is built from other arguments than its message does not survive a process pool otherwise.
        return type(self), (self.limit, self.allowed, self.offset)
