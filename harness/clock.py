"""Time as a dependency: the same code waits for real, or in a simulation that jumps from timer to timer.

A virtual clock runs due timers in the thread that sleeps, in order of their time (ties in order of arrival), and
never moves while somebody computes. A 900 s stall costs what its timers cost.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Timer(Protocol):
    """A callback that waits for its time."""

    def cancel(self) -> None:
        """Forget the callback; harmless when it already ran."""


class Clock(Protocol):
    """What code that waits may ask for. Seconds throughout; ``now`` is monotonic with an arbitrary zero."""

    def now(self) -> float: ...

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Wait, or until ``wake`` is set. Returns whether it was woken early."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run ``callback`` once after ``seconds``: on its own thread in real time, in the sleeper when virtual."""


class RealClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        if wake is None:
            time.sleep(max(0.0, seconds))
            return False
        return wake.wait(max(0.0, seconds))

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = threading.Timer(max(0.0, seconds), callback)
        timer.daemon = True
        timer.start()
        return timer


@dataclass(order=True, slots=True)
class _Pending:
    due: float
    order: int
    callback: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """Simulated time for code that runs in one thread at a time."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._order = itertools.count()
        self._timers: list[_Pending] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        target = self._now + max(0.0, seconds)
        while self._timers and self._timers[0].due <= target and not (wake and wake.is_set()):
            timer = heapq.heappop(self._timers)
            if timer.callback is None:
                continue
            self._now = max(self._now, timer.due)
            callback, timer.callback = timer.callback, None
            callback()
        if wake is not None and wake.is_set():
            return True
        self._now = target
        return False

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = _Pending(self._now + max(0.0, seconds), next(self._order), callback)
        heapq.heappush(self._timers, timer)
        return timer

    @property
    def pending(self) -> int:
        """Timers that were neither run nor cancelled: what a call left behind."""
        return sum(timer.callback is not None for timer in self._timers)
