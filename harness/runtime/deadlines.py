"""How long silence may last: a state machine that is told of events and of the time, and never waits itself.

Until the first event only ``first_byte_s`` counts, after it only ``idle_s``, always ``total_s``. A decoded event is
life, whatever it says: a turn that only reasons is no stall. Comments and parts of frames are not, so a stream of
keep-alives is one. An event in the very instant of a deadline is in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.runtime.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds; None or 0 sets no deadline."""

    first_byte_s: float | None = None
    """From the request to the first event of an attempt."""
    idle_s: float | None = None
    """From one event to the next."""
    total_s: float | None = None
    """The whole call, retries included."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Deadlines:
        """The defaults, or what the environment says instead. Raises ValueError for a value that is no number."""
        return cls(**{name: float(environment.get(key, default)) for name, (key, default) in _ENVIRONMENT.items()})


_ENVIRONMENT = {
    "first_byte_s": ("HERMES_CODEX_TTFB_TIMEOUT_SECONDS", "45"),
    "idle_s": ("HERMES_CODEX_EVENT_STALE_TIMEOUT_SECONDS", "300"),
}

DEFAULT = Deadlines.from_environment({})


class Watch:
    """One attempt's deadlines, on any clock: times are seconds, from one arbitrary zero."""

    def __init__(self, deadlines: Deadlines, *, called: float, opened: float) -> None:
        """``called``: when the call began; ``opened``: when this attempt's request was made."""
        self._deadlines = deadlines
        self._called = called
        self._opened = opened
        self._last: float | None = None
        self.events = 0

    def event(self, now: float) -> None:
        """An event has arrived."""
        self._last = now
        self.events += 1

    @property
    def due(self) -> float | None:
        """When the next deadline passes unless an event arrives; None when there is none."""
        return min((when for when, _, _ in self._pending()), default=None)

    def exceeded(self, now: float) -> DeadlineExceeded | None:
        """The error of the deadline that is reached, if one is."""
        passed = [entry for entry in self._pending() if entry[0] <= now]
        if not passed:
            return None
        _, name, limit = min(passed)
        return DeadlineExceeded(name, limit, self.events)

    def _pending(self) -> list[tuple[float, str, float]]:
        """Deadlines that are running: when they pass, their name, their length."""
        limits = self._deadlines
        silence = (
            (self._opened, "first_byte", limits.first_byte_s)
            if self._last is None
            else (self._last, "idle", limits.idle_s)
        )
        running = (silence, (self._called, "total", limits.total_s))
        return [(since + limit, name, limit) for since, name, limit in running if limit]
