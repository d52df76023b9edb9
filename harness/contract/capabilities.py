"""What a consumer declares about itself: an invariant is judged only where the consumer makes the promise it checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
    opens: bool = True
    """Opens its streams itself. False for a lane below HTTP, which is handed the bytes of an answer: it can be asked
    only about streams that come whole, and knows nothing of connections."""
    items: bool = True
    """Gives the output as items, so that two messages can be told apart."""
    tool_calls: bool = True
    custom_tools: bool = True
    arguments_parsed: bool = False
    """Hands out arguments as the value that they stand for, so that their exact text is gone."""
    acts: bool = False
    """Carries out tool calls by itself, so a stream with calls makes it ask again, which no recording answers."""
    asks_on: bool = False
    """Asks on until an answer has something final in it, a message say; no recording answers that either."""
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
    app_server: bool = False
    """Drives a process that speaks JSON-RPC lines, in place of reading an HTTP stream: other cassettes are for it."""
    watchdog: bool = False
    """Keeps first-byte, idle and total deadlines apart, and takes decoded events alone for life."""
    chat: bool = False
    """Speaks chat completions to its user: a ``finish_reason`` in place of a status."""
    explains: bool = False
    """Its errors and flags say in the runtime's own words what ended a call: a deadline, an exit, damage."""
    classifies_errors: bool = False
    """Tells its user what kind of error one is, and whether asking again may help."""
    gates_reasoning: bool = False
    """Decides by itself which sealed reasoning goes back to whom."""
    timed_cancel: bool = False
    """Its driver can cancel at a moment, not only at a callback."""
    cancels_waiting: bool = False
    """A cancellation ends a wait at once; it is not only noticed at the next event."""
    simulated_time: bool = False
    """Waits cost nothing here: a stall of 900 s can be asked of it."""
    time_scale: int = 1
    """How many times as fast as the machine's its clock runs at most, while its server is silent; 1: in real time."""
    commentary_is_text: bool = True
    """Its answer text holds messages of phase ``commentary`` and ``analysis`` too, not the final answer alone."""
    requests_per_turn: int = 3
    """The retry budget: requests a turn may cost when the evidence does not owe completion."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    declared_errors: tuple[str, ...] = ()
    """Qualified names of the types its users are told to catch; subclasses count."""
    wire_errors: tuple[str, ...] = ()
    """Declared types of the HTTP library below, where the docs let them through (e.g. ``httpx.HTTPError``)."""

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Capabilities:
        """From a mapping that the consumer schema accepts."""
        plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in body.items()}
        return cls(**{**plain, "deadlines": Deadlines(**plain.get("deadlines", {}))})
