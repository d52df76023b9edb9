"""A program's clock, as the harness sees it: the machine's, and a page that says how far it is ahead.

The page is shared with the preloaded library of every process of the program; only the harness writes it.
"""

from __future__ import annotations

import ctypes
import mmap
import threading
from collections.abc import Callable
from pathlib import Path

from harness.clock import RealClock, Timer

_LOOK_S = 0.004
"""The shortest look at the clock, in real time; as in ``preload.c``."""


class _Page(ctypes.Structure):
    """As in ``preload.c``."""

    _fields_ = (("ahead_ns", ctypes.c_int64), ("fastest", ctypes.c_int64))


class HurriedClock:
    """Runs with the machine's clock, and ahead of it by what it is told, but never ``fastest`` times as fast.

    Whoever waits on it sleeps no longer, in real time, than even the fastest clock takes, and looks again.
    """

    def __init__(self, page: Path, fastest: int) -> None:
        self.fastest = fastest
        self._real = RealClock()
        page.write_bytes(bytes(mmap.PAGESIZE))
        with page.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self._page = _Page.from_buffer(self._shared)
        self._page.fastest = fastest

    def now(self) -> float:
        return self._real.now() + float(self._page.ahead_ns) / 1e9

    def advance(self, seconds: float) -> None:
        """Put it ahead by so much more."""
        # One aligned store of eight bytes: no reader sees half of it.
        self._page.ahead_ns += round(max(0.0, seconds) * 1e9)

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        due = self.now() + max(0.0, seconds)
        while (look_s := self.look_s(due)) > 0:
            if self._real.sleep(look_s, wake):
                return True
        return wake is not None and wake.is_set()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return _Later(self, self._real, self.now() + max(0.0, seconds), callback)

    def look_s(self, due: float) -> float:
        """Real seconds until the clock must be looked at again, by who waits until ``due``; 0 once that is over."""
        left = due - self.now()
        return max(0.0, min(left, max(left / self.fastest, _LOOK_S)))

    def close(self) -> None:
        """Let go of the page. The clock must not be asked any more."""
        del self._page
        self._shared.close()


class _Later:
    """A timer of the machine's clock that is set again until its time has come on the hurried one."""

    def __init__(self, clock: HurriedClock, real: RealClock, due: float, callback: Callable[[], None]) -> None:
        self._clock, self._real, self._due, self._callback = clock, real, due, callback
        self._over = False
        self._timer = real.call_later(clock.look_s(due), self._look)

    def cancel(self) -> None:
        self._over = True
        self._timer.cancel()

    def _look(self) -> None:
        if self._over:
            return
        if look_s := self._clock.look_s(self._due):
            self._timer = self._real.call_later(look_s, self._look)
        else:
            self._callback()
