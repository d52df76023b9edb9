"""Time as a dependency: the same code waits for real, or in a simulation that jumps from timer to timer.

A virtual clock runs due timers in the thread that sleeps, in order of their time (ties in order of arrival), and
never moves while somebody computes. A 900 s stall costs what its timers cost.
"""

from __future__ import annotations

import heapq
import itertools
import sys
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
        """Run ``callback`` once after ``seconds``: on the clock's own thread in real time, in the sleeper when virtual.

        A callback holds up the other timers of its clock, so it must not wait.
        """


@dataclass(order=True, slots=True)
class _Pending:
    due: float
    order: int
    callback: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class RealClock:
    """The machine's monotonic clock. Its timers share one thread, which lives while there are any."""

    def __init__(self) -> None:
        self._order = itertools.count()
        self._timers: list[_Pending] = []
        self._changed = threading.Condition()
        self._running = False

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        if wake is None:
            time.sleep(max(0.0, seconds))
            return False
        return wake.wait(max(0.0, seconds))

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        with self._changed:
            timer = _Pending(self.now() + max(0.0, seconds), next(self._order), callback)
            heapq.heappush(self._timers, timer)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="harness-timers", daemon=True).start()
            elif self._timers[0] is timer:
                self._changed.notify()
        return _Cancellable(self, timer)

    def _cancel(self, timer: _Pending) -> None:
        with self._changed:
            timer.cancel()
            if not self._due():
                self._changed.notify()

    def _due(self) -> _Pending | None:
        """The first timer that nobody cancelled; the cancelled ones before it are forgotten."""
        while self._timers and self._timers[0].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0] if self._timers else None

    def _run(self) -> None:
        while True:
            with self._changed:
                timer = self._due()
                if timer is None:
                    self._running = False
                    return
                left = timer.due - self.now()
                if left > 0:
                    self._changed.wait(min(left, threading.TIMEOUT_MAX))
                    continue
                callback, timer.callback = timer.callback, None
            if callback is not None:
                _run_apart(callback)


def _run_apart(callback: Callable[[], None]) -> None:
    """A timer that fails is reported like any other thread's failure, and takes no other timer with it."""
    try:
        callback()
    except Exception:  # noqa: BLE001 - reported, as a thread's own failure is
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))


@dataclass(frozen=True, slots=True)
class _Cancellable:
    clock: RealClock
    timer: _Pending

    def cancel(self) -> None:
        self.clock._cancel(self.timer)


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
        while not (wake and wake.is_set()):
            if not self.step(target):
                return False
        return True

    def step(self, until: float) -> bool:
        """Jump to the first timer and run it, or to ``until`` when none is due by then. Returns whether one ran."""
        while self._timers and self._timers[0].due <= until:
            timer = heapq.heappop(self._timers)
            if timer.callback is None:
                continue
            self._now = max(self._now, timer.due)
            callback, timer.callback = timer.callback, None
            callback()
            return True
        self._now = max(self._now, until)
        return False

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = _Pending(self._now + max(0.0, seconds), next(self._order), callback)
        heapq.heappush(self._timers, timer)
        return timer

    @property
    def due(self) -> float | None:
        """When the first timer is due, if there is any."""
        return min((timer.due for timer in self._timers if timer.callback is not None), default=None)

    @property
    def pending(self) -> int:
        """Timers that were neither run nor cancelled: what a call left behind."""
        return sum(timer.callback is not None for timer in self._timers)
