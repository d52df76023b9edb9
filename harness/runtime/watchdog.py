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

GRACE_S = 0.001
"""A deadline is enforced this much later: what arrives in the same instant goes first."""


class Watchdog:
    """Guards one attempt from ``start`` to ``release``. It keeps one timer, which may ring early: later events move
    the deadline away, and an early ring sets the timer anew."""

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self._watch = watch
        self._clock = clock
        self._timer: Timer | None = None
        self._rings: float | None = None
        self._source: Any = None
        self._over = False
        self.checked = False
        """``check`` has nothing more to do."""
        # A timer that runs on a thread of its own must not sever a connection that somebody else has by now.
        self._lock = threading.RLock()

    def start(self) -> None:
        with self._lock:
            self._arm()

    def release(self) -> None:
        """Let go of the source; nothing is severed after this. May be called again."""
        with self._lock:
            self._over = True
            self._disarm()

    def guard(self, source: Any) -> None:
        """From now on this is what the reader waits for."""
        with self._lock:
            self._source = source

    def check(self) -> None:
        """To be called before each wait, until ``checked``: with its first event, and with no other, a deadline may
        come nearer than the timer rings."""
        if self._watch.last is None:
            return
        self.checked = True
        with self._lock:
            due = self._watch.due
            if due is not None and (self._rings is None or due < self._rings):
                self._disarm()
                self._arm()

    def _arm(self) -> None:
        now = self._clock.now()
        self._rings = self._watch.look_at(now)
        if self._rings is not None:
            self._timer = self._clock.call_later(self._rings - now + GRACE_S, self._look)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        with self._lock:
            if self._over:
                return
            if self._watch.expire(self._clock.now()):
                call(sever, self._source)
            else:
                self._arm()


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
