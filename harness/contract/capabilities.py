"""What a consumer declares about itself: an invariant is judged only where the consumer makes the promise it checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

UsageScope = Literal["none", "response", "run"]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The deadlines a consumer keeps by itself, in ms; None: it has none."""

    first_byte_ms: float | None = None
    idle_ms: float | None = None
    total_ms: float | None = None

    @property
    def smallest_ms(self) -> float:
        set_ones = [ms for ms in (self.first_byte_ms, self.idle_ms, self.total_ms) if ms]
        return min(set_ones, default=float("inf"))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Promises. The defaults are those of a full consumer; a lane that gives its user less says so."""

    assembles: bool = True
    """False for a raw event loop: only errors, time and release are judged."""
    items: bool = True
    """Gives the output as items, so that two messages can be told apart."""
    tool_calls: bool = True
    custom_tools: bool = True
    reasoning: bool = True
    encrypted_reasoning: bool = True
    """Hands out the encrypted form too, so that the next turn can send it back."""
    refusals: bool = True
    phases: bool = True
    status: bool = True
    """Reports the response's status."""
    usage: UsageScope = "response"
    usage_absent_is_zero: bool = False
    streams: bool = True
    """Tells deltas while they arrive."""
    announces_resets: bool = True
    """Tells its user when a retry voids earlier deltas."""
    commentary_is_text: bool = True
    """Its answer text holds messages of phase ``commentary`` and ``analysis`` too, not the final answer alone."""
    requests_per_turn: int = 3
    """The retry budget: requests a turn may cost when the evidence does not owe completion."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    declared_errors: tuple[str, ...] = ()
    """Qualified names of the types its users are told to catch; subclasses count."""
    wire_errors: tuple[str, ...] = ()
    """Declared types of the HTTP library below, where the docs let them through (e.g. ``httpx.HTTPError``)."""
