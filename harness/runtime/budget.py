"""How many retries all calls of a program may make together, whatever each call's own policy would allow.

When a provider fails, it fails for every call at once, and each retry is one request more that it has to refuse. A
budget lets through those of a passing fault, and ends those of an outage soon.
"""

from __future__ import annotations

import threading
from collections import deque


class RetryBudget:
    """At most so many retries in any so many seconds. One budget is shared by calls on one clock, of any thread."""

    def __init__(self, retries: int, window_s: float) -> None:
        """Raises ValueError for a number of retries below 0, or a window that is no time at all."""
        if retries < 0 or not window_s > 0:
            raise ValueError(f"a budget of {retries} retries in {window_s} s: it needs 0 or more, in more than 0 s")
        self.retries = retries
        self.window_s = window_s
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        """Take a retry at ``now``, seconds on the calls' clock. Returns whether there was one left."""
        with self._lock:
            while self._taken and self._taken[0] <= now - self.window_s:
                self._taken.popleft()
            if len(self._taken) >= self.retries:
                return False
            self._taken.append(now)
            return True
