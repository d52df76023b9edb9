"""A primary runtime and those that stand in for it: when to change over, and when to come back.

A conversation that changed over because its provider was down must not stay away for good: every new turn asks
whether the primary has rested long enough, and goes back to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from harness.clock import Clock
from harness.runtime.summary import AUTH, BILLING, ENTITLEMENT, FORBIDDEN, MODEL, USAGE_LIMIT, summarize

T = TypeVar("T")

REST_S = 60.0
"""How long a runtime that failed in a way that may pass is left alone."""
STANDING = frozenset({AUTH.name, BILLING.name, ENTITLEMENT.name, FORBIDDEN.name, MODEL.name, USAGE_LIMIT.name})
"""Kinds of error that the same runtime will give again, but another one need not."""


@dataclass(slots=True)
class _Place(Generic[T]):
    runtime: T
    back_at: float = -inf


class Fallbacks(Generic[T]):
    """Runtimes in the order of preference: clients, or whatever describes one. The first is the primary."""

    def __init__(self, runtimes: Sequence[T], clock: Clock) -> None:
        if not runtimes:
            raise ValueError("there must be a primary runtime")
        self._places = [_Place(runtime) for runtime in runtimes]
        self._clock = clock
        self._at = 0

    @property
    def current(self) -> T:
        return self._places[self._at].runtime

    @property
    def is_primary(self) -> bool:
        return self._at == 0

    def change_over(self, error: Exception) -> bool:
        """Leave the current runtime because of this error; whether there was another to go to.

        An error that says that the request itself is wrong is everywhere the same, and changes nothing.
        """
        summary = summarize(error)
        if not (summary.retryable or summary.kind in STANDING):
            return False
        now = self._clock.now()
        rest_s = REST_S if summary.retry_after_s is None else summary.retry_after_s
        self._places[self._at].back_at = now + rest_s
        ready = (at for at, place in enumerate(self._places) if at != self._at and place.back_at <= now)
        another = next(ready, None)
        if another is not None:
            self._at = another
        return another is not None

    def restore_primary_runtime(self) -> bool:
        """To be called before a turn: go back to the primary if it has rested. Whether it is the current one now."""
        if self._places[0].back_at <= self._clock.now():
            self._at = 0
        return self.is_primary
