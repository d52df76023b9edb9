"""Whether to ask again, and how long to wait before: a policy the caller injects, pure but for jitter and budget.

What an error is, ``summarize`` knows; the policy says which kinds are worth what another request costs.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from harness.runtime.budget import RetryBudget
from harness.runtime.errors import HTTPStatusError, RuntimeStreamError
from harness.runtime.summary import DEADLINE, TRANSPORT, summarize

TRANSPORT_KINDS = frozenset({TRANSPORT.name, DEADLINE.name})
"""The kinds of error that say nothing of the request: the connection failed (``TRANSPORT_ERRORS``), or was silent."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The default asks once more after a transport error or a stall, at once, and after nothing else.

    Nothing is asked again when the error's summary says that it is no use: a 429 may be a plan that is used up, and
    a deadline the one of the whole call.
    """

    retries: int = 1
    """Requests beyond the first; every one of them costs money."""
    base_s: float = 0.0
    """The first wait; each further one is twice as long."""
    longest_s: float = 60.0
    """No wait is longer: not the backoff's, and a provider that asks for more is not asked again."""
    kinds: frozenset[str] = TRANSPORT_KINDS
    """Kinds of error, as ``summarize`` names them, after which asking again is allowed."""
    statuses: frozenset[int] = frozenset()
    """HTTP statuses after which asking again is allowed as well."""
    jitter: Callable[[], float] = random.random
    """In [0, 1): which part of the wait is cut off, at most half of it."""
    budget: RetryBudget | None = None
    """What all calls that share it may ask again, together; None is no limit."""

    def allows(self, error: RuntimeStreamError, requests: int) -> bool:
        """Whether to ask again after this error, ``requests`` having been made. Takes nothing from the budget."""
        if requests > self.retries:
            return False
        summary = summarize(error)
        if (summary.retry_after_s or 0.0) > self.longest_s:
            # Asking sooner than the provider asks for costs a request, and gives the same answer.
            return False
        listed = isinstance(error, HTTPStatusError) and error.status in self.statuses
        return summary.retryable and (listed or summary.kind in self.kinds)

    def affords(self, now: float) -> bool:
        """Take a retry from the budget at ``now``, seconds on the call's clock. Returns whether there was one left."""
        return self.budget is None or self.budget.take(now)

    def wait_s(self, error: RuntimeStreamError, requests: int) -> float:
        """Seconds to wait before the next request; what the provider asks for wins over the backoff."""
        asked = summarize(error).retry_after_s
        if asked is not None:
            return asked
        backoff: float = min(self.base_s * 2 ** (requests - 1), self.longest_s)
        return backoff * (1 - self.jitter() / 2)
