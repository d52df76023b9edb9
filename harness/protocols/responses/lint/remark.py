"""What a rule says about a stream, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.protocols.responses.lint.stream import Stream


class Level(StrEnum):
    """``error``: against the protocol. ``warning``: a known habit, or bad practice. ``info``: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Remark:
    """One deviation of a stream; equal ones are told once, with the frame of the first."""

    level: Level
    rule: str
    frame: int | None
    """Number of the frame, from 0; None when the stream as a whole is meant."""
    pointer: str
    """JSON pointer (RFC 6901) into the frame's payload; empty for the whole frame."""
    message: str
    habit: str = ""
    """Name of the known habit that explains it; then the level is the habit's, not the rule's."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Flaw:
    """A remark before its rule signs it."""

    level: Level
    frame: int | None
    pointer: str
    message: str


Teller = Callable[[int | None, str, str], Flaw]
"""Frame, pointer, message → flaw."""

error = partial(Flaw, Level.ERROR)
warning = partial(Flaw, Level.WARNING)
info = partial(Flaw, Level.INFO)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name, what it asks for in one sentence, and how it is checked."""

    name: str
    sentence: str
    check: Callable[[Stream], Iterator[Flaw]]
