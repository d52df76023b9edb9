"""How long a server may keep silent, by what it is doing; told of messages and of the time, it never waits itself.

Only messages about our own turn are life: a server that chats about other things while our turn stands still is as
stuck as a mute one. After a tool has finished the model has all it needs, so silence there is judged more strictly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["handshake", "idle", "after_tool", "interrupt"]
"""Until the turn has begun; within it; since a tool finished and nothing came after it; since we asked it to stop."""


@dataclass(frozen=True, slots=True)
class TurnDeadlines:
    """Seconds; None or 0 sets no deadline."""

    handshake_s: float | None = 30.0
    """From one answer to the next, until the turn has begun."""
    idle_s: float | None = 300.0
    """From one message about the turn to the next."""
    after_tool_s: float | None = 90.0
    """From the end of a tool to the next message about the turn."""
    interrupt_s: float | None = 10.0
    """From our request to stop to the end of the turn."""
    total_s: float | None = 3600.0
    """The whole turn."""


class TurnWatch:
    """The deadlines of one turn, on any clock: times are seconds, from one arbitrary zero."""

    def __init__(self, deadlines: TurnDeadlines, now: float) -> None:
        self._deadlines = deadlines
        self._began = now
        self._since = now
        self._phase: Phase = "handshake"
        self.messages = 0

    def alive(self, phase: Phase, now: float) -> None:
        """A message about the turn came, and this is what is awaited now."""
        self.messages += 1
        if phase != "interrupt" or self._phase != "interrupt":
            self._since = now
        self._phase = phase

    def asked_to_stop(self, now: float) -> None:
        self._phase, self._since = "interrupt", now

    @property
    def due(self) -> float | None:
        """When the next deadline passes unless the turn goes on; None when there is none."""
        return min((when for when, _, _ in self._running()), default=None)

    def exceeded(self, now: float) -> tuple[str, float] | None:
        """Name and length of the deadline that is reached, if one is."""
        passed = [entry for entry in self._running() if entry[0] <= now]
        return min(passed)[1:] if passed else None

    def _running(self) -> list[tuple[float, str, float]]:
        # After a tool the ordinary patience ends too, where it is shorter still.
        silences = ("after_tool", "idle") if self._phase == "after_tool" else (self._phase,)
        running = [(self._since, name) for name in silences] + [(self._began, "total")]
        limits = [(since, name, getattr(self._deadlines, f"{name}_s")) for since, name in running]
        return [(since + limit, name, limit) for since, name, limit in limits if limit]
