"""Keeps a watch on a clock, and ends the wait of a reader that is past its deadline.

A read that is under way does not notice that its response was closed elsewhere; it does notice that its socket was
shut down. The watchdog does only that; the reader, now awake, closes what is its own.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

from harness.clock import Clock, Timer
from harness.runtime.callbacks import call
from harness.runtime.deadlines import Watch
from harness.runtime.errors import DeadlineExceeded, RuntimeStreamError
from harness.runtime.transport import is_transport_error, translate

_GRACE_S = 0.001
"""The timer comes this much later than its deadline: what arrives in the same instant goes first."""


class Watchdog:
    """Guards one attempt; use it as a context, so that no timer outlives the attempt."""

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self.bitten: DeadlineExceeded | None = None
        """The deadline that ended the attempt."""
        self._watch = watch
        self._clock = clock
        self._timer: Timer | None = None
        self._source: Any = None
        self._over = False
        # A timer that runs on a thread of its own must not sever a connection that somebody else has by now.
        self._lock = threading.RLock()

    def __enter__(self) -> Watchdog:
        self._arm()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let go of the source; nothing is severed after this. May be called again."""
        with self._lock:
            self._over = True
            self._disarm()

    def guard(self, source: Any) -> None:
        """From now on this is what the reader waits for."""
        with self._lock:
            self._source = source

    def event(self) -> None:
        """An event has arrived."""
        self._watch.event(self._clock.now())
        if self._watch.events == 1:
            # Only now may a deadline come nearer than the one the timer waits for; later events move it away.
            with self._lock:
                self._disarm()
                self._arm()

    def explain(self, error: Exception) -> RuntimeStreamError | None:
        """A source's error as one of ours: the deadline that ended the wait, if one did; None as ``translate``."""
        deadline = self.bitten
        if deadline is None and is_transport_error(error):
            # A library's own timeout may come in the same instant.
            deadline = self._watch.exceeded(self._clock.now())
        return deadline or translate(error)

    def _arm(self) -> None:
        due = self._watch.due
        if due is not None:
            self._timer = self._clock.call_later(due - self._clock.now() + _GRACE_S, self._look)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        with self._lock:
            if self._over:
                return
            self.bitten = self._watch.exceeded(self._clock.now())
            if self.bitten is None:
                self._arm()
            else:
                call(sever, self._source)


def sever(source: Any) -> None:
    """End the wait of whoever reads from this source: an HTTP response, an SDK's stream over one, or anything that
    can be closed."""
    response = source if hasattr(source, "extensions") else getattr(source, "response", None)
    stream = getattr(response, "extensions", {}).get("network_stream")
    connection = stream.get_extra_info("socket") if stream is not None else None
    if connection is not None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The other side was faster: there is nothing left to wait for.
            return
    elif hasattr(source, "close"):
        source.close()
