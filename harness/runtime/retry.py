"""Whether to ask again, and how long to wait before: a policy the caller injects, pure but for its jitter."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from harness.runtime.errors import DeadlineExceeded, HTTPStatusError, RuntimeStreamError, TransportFailed


@dataclass(frozen=True, slots=True)
class Retry:
    """The default asks once more after a transport error or a stall, at once, and after nothing else."""

    retries: int = 1
    """Requests beyond the first; every one of them costs money."""
    base_s: float = 0.0
    """The first wait; each further one is twice as long."""
    longest_s: float = 60.0
    statuses: frozenset[int] = frozenset()
    """HTTP statuses after which asking again is allowed."""
    jitter: Callable[[], float] = random.random
    """In [0, 1): which part of the wait is cut off, at most half of it."""

    def allows(self, error: RuntimeStreamError, requests: int) -> bool:
        """Whether to ask again after this error, ``requests`` having been made."""
        return requests <= self.retries and self._curable(error)

    def _curable(self, error: RuntimeStreamError) -> bool:
        match error:
            case TransportFailed():
                return True
            case DeadlineExceeded():
                return error.deadline != "total"
            case HTTPStatusError():
                return error.status in self.statuses
            case _:
                return False

    def wait_s(self, error: RuntimeStreamError, requests: int) -> float:
        """Seconds to wait before the next request; what the provider asks for wins over the backoff."""
        asked = error.retry_after_s if isinstance(error, HTTPStatusError) else None
        if asked is not None:
            return min(asked, self.longest_s)
        backoff: float = min(self.base_s * 2 ** (requests - 1), self.longest_s)
        return backoff * (1 - self.jitter() / 2)
