"""A request on its way to a response: the wait that a watchdog can end though there is no response to sever yet.

The HTTP library tells of its connection as soon as it has one, and a watchdog severs that as it would a response's.
Of a connection that was kept from an earlier call the library does not tell. There, and where there is no connection
yet, each single wait is held to what is left until the deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

import httpx

from harness.clock import Clock
from harness.runtime.deadlines import Deadlines
from harness.runtime.watchdog import GRACE_S


class Opening:
    """A source for ``run_stream``: each call sends the request anew, and returns the open response.

    The total deadline runs from the making of it, however often the request is sent.
    """

    def __init__(
        self,
        request: Callable[[], httpx.Request],
        send: Callable[[httpx.Request], httpx.Response],
        deadlines: Deadlines,
        clock: Clock,
    ) -> None:
        self.extensions: dict[str, Any] = {}
        """As a response has them, of the request that is being sent."""
        self._request = request
        self._send = send
        self._clock = clock
        self._first_byte_s = deadlines.first_byte_s or inf
        self._over_at = clock.now() + (deadlines.total_s or inf)

    def __call__(self) -> httpx.Response:
        request = self._request()
        timeouts: dict[str, float | None] = request.extensions["timeout"]
        configured = dict(timeouts)
        ends_at = min(self._clock.now() + self._first_byte_s, self._over_at)

        def bound() -> None:
            timeouts.update(_within(configured, max(ends_at - self._clock.now(), 0.0) + GRACE_S))

        def trace(name: str, info: Mapping[str, Any]) -> None:
            connection = info.get("return_value")
            if hasattr(connection, "get_extra_info"):
                self.extensions["network_stream"] = connection
            # The library reads its timeouts anew for each thing it does, and so late a connection is nobody's to sever.
            bound()

        bound()
        request.extensions["trace"] = trace
        try:
            return self._send(request)
        finally:
            request.extensions.pop("trace", None)
            timeouts.update(configured)
            self.extensions.clear()


def _within(timeouts: Mapping[str, float | None], left_s: float) -> Mapping[str, float | None]:
    """These timeouts, none of them longer than what is left; None is no timeout."""
    if left_s == inf:
        return timeouts
    return {name: left_s if seconds is None else min(seconds, left_s) for name, seconds in timeouts.items()}
