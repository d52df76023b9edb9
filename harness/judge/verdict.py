"""What the judge says: one verdict an invariant and turn, with what it compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """Only ``fail`` accuses the consumer; ``error`` accuses the harness or a driver."""

    PASS = "pass"
    LENIENT = "lenient"
    """Right by the letter or by common practice, not by both; counted apart."""
    SKIPPED = "skipped"
    ERROR = "error"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The mark of one invariant on one case."""

    invariant: str
    mark: Mark
    reason: str = ""
    """One sentence: what was broken, why it is lenient, or why it was skipped."""
    turn: int | None = None
    evidenced: str = ""
    """What the bytes said, for people."""
    assembled: str = ""
    """What the consumer made of it, for people."""
    frames: tuple[int, ...] = ()
    """Frames of the last attempt that the reason points at."""
    cause: str = ""
    """The normalised cause: equal for equal bugs, free of ids, offsets and texts of this one case."""
