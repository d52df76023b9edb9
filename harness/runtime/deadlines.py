"""How long silence may last: a state machine that is told of events and of the time, and never waits itself.

Until the first event only ``first_byte_s`` counts, after it only ``idle_s``, always ``total_s``. A decoded event is
life, whatever it says: a turn that only reasons is no stall. Comments and parts of frames are not, so a stream of
keep-alives is one, unless a caller says that bytes are life. An event in the very instant of a deadline is in time.
A caller's hook may take its time: the sender is not silent while nobody listens. The whole call goes on all the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan
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
        """The defaults, or what the environment says instead; nothing (``""``) says nothing.

        Raises ValueError for a value that is no number of seconds.
        """
        first_byte_s, idle_s = (_seconds(environment, key, default) for key, default in _ENVIRONMENT)
        return cls(first_byte_s=first_byte_s, idle_s=idle_s)


_ENVIRONMENT = (
    ("HERMES_CODEX_TTFB_TIMEOUT_SECONDS", 45.0),
    ("HERMES_CODEX_EVENT_STALE_TIMEOUT_SECONDS", 300.0),
)


def default_deadlines() -> Deadlines:
    """The deadlines of a caller who names none, as this process' environment has them now. Raises ValueError."""
    return Deadlines.from_environment(os.environ)


def _seconds(environment: Mapping[str, str], key: str, default: float) -> float:
    words = environment.get(key, "").strip()
    if not words:
        return default
    try:
        seconds = float(words)
    except ValueError:
        seconds = nan
    # Nothing compares with what is no number.
    if not seconds >= 0:
        raise ValueError(f"{key} is {words!r}: it must be a number of seconds, 0 or more; 0 sets no deadline")
    return seconds


DEFAULT = Deadlines.from_environment({})
"""Where neither the caller nor the environment says anything."""


class Watch:
    """One attempt's deadlines, on any clock: times are seconds, from one arbitrary zero."""

    def __init__(self, deadlines: Deadlines, *, called: float, opened: float) -> None:
        """``called``: when the call began; ``opened``: when this attempt's request was made."""
        self.last: float | None = None
        """When there was life; to be set, like ``events``, with every event that arrives."""
        self.events = 0
        self.taking = False
        """The caller's hooks have an event in hand. ``last`` is to be set again before they are said to be done."""
        self.bytes_are_life = deadlines.life == "bytes"
        self.expired: DeadlineExceeded | None = None
        """The deadline that ended the attempt."""
        self._deadlines = deadlines
        self._first_byte_ends = opened + (deadlines.first_byte_s or inf)
        self._idle_s = deadlines.idle_s or inf
        self._total_ends = called + (deadlines.total_s or inf)

    @property
    def due(self) -> float | None:
        """When the next deadline passes unless an event arrives; None when there is none."""
        due = min(self._silence_ends, self._total_ends)
        return due if due < inf else None

    def look_at(self, now: float) -> float | None:
        """When to look again, as far as ``now`` can tell: ``due``, or a silence that begins this instant."""
        if not self.taking:
            return self.due
        due = min(now + self._idle_s, self._total_ends)
        return due if due < inf else None

    @property
    def _silence_ends(self) -> float:
        # In this order: another thread may look, and ``last`` is set anew before ``taking`` is over.
        if self.taking:
            return inf
        return self._first_byte_ends if self.last is None else self.last + self._idle_s

    def exceeded(self, now: float) -> DeadlineExceeded | None:
        """The error of the deadline that is reached, if one is: of several, the one that was reached first.

        When a silence and the whole call are over in the same instant, it is ``total``: that says more, because no
        request can follow.
        """
        if min(self._silence_ends, self._total_ends) > now:
            return None
        limits = self._deadlines
        if self._total_ends <= self._silence_ends:
            return DeadlineExceeded("total", limits.total_s or 0.0, self.events)
        if self.last is None:
            return DeadlineExceeded("first_byte", limits.first_byte_s or 0.0, self.events)
        return DeadlineExceeded("idle", limits.idle_s or 0.0, self.events)

    def expire(self, now: float) -> bool:
        """Note the deadline that is reached, if one is, as what ended the attempt."""
        self.expired = self.exceeded(now)
        return self.expired is not None

    def over_by(self, when: float) -> bool:
        """Whether the whole call will be past its deadline: no use in waiting until then."""
        return self._total_ends <= when
