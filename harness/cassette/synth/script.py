"""The vocabulary of a synthesized conversation: what the model did, not how any provider frames it.

Sizes are counted in tokens; the words themselves come from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TurnEnding = Literal["completed", "incomplete", "failed"]


@dataclass(frozen=True, slots=True)
class Text:
    """One text part of a message."""

    tokens: int = 12
    citations: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal part of a message."""

    tokens: int = 10


@dataclass(frozen=True, slots=True)
class Message:
    """An assistant message."""

    parts: tuple[Text | Refusal, ...] = (Text(),)
    phase: str | None = None
    """None: what the profile writes by default."""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A reasoning item; one summary part for each size given."""

    summaries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a function tool."""

    streamed: bool = True
    """False: the arguments come in the done events only."""


@dataclass(frozen=True, slots=True)
class CustomCall:
    """A call of a custom tool: free text in place of JSON arguments."""

    tokens: int = 14


@dataclass(frozen=True, slots=True)
class WebSearch:
    """A hosted tool: the provider runs it by itself."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An item of a type no catalogue knows, with events of its own."""

    updates: int = 3


Item = Message | Reasoning | FunctionCall | CustomCall | WebSearch | Unknown


@dataclass(frozen=True, slots=True)
class Turn:
    """One response. The last item is the one an early ending strikes."""

    items: tuple[Item, ...]
    ending: TurnEnding = "completed"
    woven: tuple[int, ...] = ()
    """Output indexes whose events interleave; all others come one after another."""


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation; a turn that is followed by another one ends in function calls."""

    name: str
    description: str
    turns: tuple[Turn, ...]
