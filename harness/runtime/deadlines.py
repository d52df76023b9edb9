"""How long silence may last: a state machine that is told of events and of the time, and never waits itself.

Until the first event only ``first_byte_s`` counts, after it only ``idle_s``, always ``total_s``. A decoded event is
life, whatever it says: a turn that only reasons is no stall. Comments and parts of frames are not, so a stream of
keep-alives is one, unless a caller says that bytes are life. An event in the very instant of a deadline is in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
    life: Literal["events", "bytes"] = "events"
    """What ends a silence. ``bytes``: comments and parts of frames too, for a server whose keep-alives are to be
    trusted; a source that yields events, not bytes, has only events."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Deadlines:
        """The defaults, or what the environment says instead. Raises ValueError for a value that is no number."""
        first_byte_s, idle_s = (float(environment.get(key, default)) for key, default in _ENVIRONMENT)
        return cls(first_byte_s=first_byte_s, idle_s=idle_s)


_ENVIRONMENT = (
    ("HERMES_CODEX_TTFB_TIMEOUT_SECONDS", "45"),
    ("HERMES_CODEX_EVENT_STALE_TIMEOUT_SECONDS", "300"),
)

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
        self.expired: DeadlineExceeded | None = None
        """The deadline that ended the attempt."""

    def arrived(self, events: int, now: float) -> None:
        """So many events have arrived together; none, when all that came was bytes."""
        if events or self._deadlines.life == "bytes":
            self._last = now
        self.events += events

    @property
    def begun(self) -> bool:
        """Whether there was life."""
        return self._last is not None

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

    def expire(self, now: float) -> bool:
        """Note the deadline that is reached, if one is, as what ended the attempt."""
        self.expired = self.exceeded(now)
        return self.expired is not None

    def over_by(self, when: float) -> bool:
        """Whether the whole call will be past its deadline: no use in waiting until then."""
        limit = self._deadlines.total_s
        return limit is not None and limit > 0 and self._called + limit <= when

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
