"""One call, sans-IO: attempts, errors, callbacks and the result, with every wait left to whoever drives it.

A call is a generator that yields what it needs done (open the source, more events, close it, pause) as functions of a
line to the source, and is sent what came of it, error or value. The sync and the async driver differ in how they
wait, and decide nothing. The source is anything that yields events; only asking it for more is guarded, so an error
raised there is the transport's, and one raised by a caller's hook is the caller's. A call stops at the terminal event
and does not wait for the connection to end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from harness.runtime.assembler import Assembler
from harness.runtime.callbacks import Callbacks, Teller, call
from harness.runtime.deadlines import Deadlines, Watch
from harness.runtime.errors import (
    DeadlineExceeded,
    RuntimeStreamError,
    StreamInterrupted,
    TransportFailed,
    UndecodableStream,
)
from harness.runtime.events import Damage, Marker
from harness.runtime.http import is_response_object
from harness.runtime.result import Result
from harness.runtime.retry import Retry
from harness.runtime.transport import is_transport_error, translate

log = logging.getLogger("harness.runtime")

Source = Any
"""Events in an iterable (mappings, or objects with the same attributes), an httpx.Response opened as a stream, or a
concrete response object. Closed after use when it can be."""

Need = Callable[[], Any]
"""Something to do for the call: the driver calls it, awaits what it returns if it is async, and sends that back."""


_NO_EVENTS = (Damage, Marker)


class Line(Protocol):
    """One attempt's way to its source; every method may wait, and may be a coroutine function."""

    def open(self) -> Any:
        """Open the source and return it, or the response object that it turned out to be."""

    def more(self) -> Any:
        """The events that came next, as a sequence, empty when they are still unfinished; None at the end."""

    def close(self) -> Any:
        """Give up whatever was opened; called once, whatever happened. Must not raise for the source's sake."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a driver brings to a call."""

    line: Callable[[Watch], Line]
    """A new line for an attempt with these deadlines."""
    pause: Callable[[float], Any]
    """Waits so many seconds before a retry."""
    now: Callable[[], float]
    """Seconds, monotonic."""


def steps(means: Means, callbacks: Callbacks, retry: Retry, deadlines: Deadlines) -> Generator[Need, Any, Result]:
    """The whole call: yields needs, returns the result. Raises RuntimeStreamError, and what hooks may raise."""
    teller = Teller(callbacks)
    called = means.now()
    requests = 0
    while True:
        requests += 1
        assembler = Assembler()
        watch = Watch(deadlines, called=called, opened=means.now())
        try:
            attempt = Attempt(means.line(watch), watch, means.now, assembler, callbacks, teller)
            result = yield from attempt.steps()
            return replace(result, requests=requests)
        except RuntimeStreamError as error:
            error.requests = requests
            error.partial = error.partial or assembler.partial()
            log.warning("request %d failed: %s", requests, error)
            wait_s = retry.wait_s(error, requests)
            if not retry.allows(error, requests) or watch.over_by(means.now() + wait_s):
                raise
            if callbacks.interrupted is not None and callbacks.interrupted():
                raise _interrupted(assembler, requests) from error
            teller.void(str(error))
            yield partial(means.pause, wait_s)


@dataclass(slots=True)
class Attempt:
    """One request and its answer."""

    line: Line
    watch: Watch
    now: Callable[[], float]
    assembler: Assembler
    callbacks: Callbacks
    teller: Teller

    def steps(self) -> Generator[Need, Any, Result]:
        try:
            source = yield from self._guarded(self.line.open)
            if self.watch.expired is not None:
                raise self.watch.expired
            if is_response_object(source):
                self.teller.tell(self.assembler.take_response(source))
            else:
                yield from self._read()
            return conclude(self.assembler, self.teller)
        finally:
            yield self.line.close

    def _read(self) -> Generator[Need, Any, None]:
        """Feed the source's events up to the terminal, or to the end."""
        try:
            while True:
                events = yield from self._guarded(self.line.more)
                if events is None:
                    if self.watch.expired is not None:
                        raise self.watch.expired
                    return
                self.watch.arrived(len([event for event in events if not isinstance(event, _NO_EVENTS)]), self.now())
                if take(events, self.assembler, self.callbacks, self.teller):
                    return
        except (TransportFailed, DeadlineExceeded):
            # A connection that breaks or hangs after the sender's own end mark has lost nothing.
            if not self.assembler.marked_done:
                raise

    def _guarded(self, need: Need) -> Generator[Need, Any, Any]:
        """A need of the source, its errors as ours: the deadline that ended the wait, if one did."""
        try:
            return (yield need)
        except Exception as error:
            ours: RuntimeStreamError | None = self.watch.expired
            if ours is None and is_transport_error(error):
                # A library's own timeout may come in the same instant.
                ours = self.watch.exceeded(self.now())
            ours = ours or translate(error)
            if ours is None or ours is error:
                raise
            raise ours from error


def take(events: Sequence[Any], assembler: Assembler, callbacks: Callbacks, teller: Teller) -> bool:
    """Feed events that arrived together. Returns whether the response is over; raises StreamInterrupted."""
    on_event, interrupted = callbacks.on_event, callbacks.interrupted
    for event in events:
        if on_event is not None and not isinstance(event, _NO_EVENTS):
            call(on_event, event)
        if interrupted is not None and interrupted():
            raise _interrupted(assembler)
        signals = assembler.feed(event)
        if signals:
            teller.tell(signals)
        if assembler.ending is not None:
            return True
    return False


def conclude(assembler: Assembler, teller: Teller) -> Result:
    """The result of what was fed. Raises as ``Assembler.finish`` does."""
    teller.tell(assembler.amend())
    result = assembler.finish()
    if result.status != "completed":
        log.warning("response %s ended as %s: %s", result.id, result.status, result.incomplete_details)
    return result


def is_http(source: Source) -> bool:
    """Whether a source is an HTTP response whose body is still to be read."""
    return hasattr(source, "iter_bytes") and hasattr(source, "status_code")


def no_events(source: Source) -> UndecodableStream:
    """The error for a source that nobody can read events from."""
    return UndecodableStream(f"the source is no iterable of events, but {type(source).__name__}")


def _interrupted(assembler: Assembler, requests: int = 0) -> StreamInterrupted:
    error = StreamInterrupted("the caller interrupted the stream", partial=assembler.partial())
    error.requests = requests
    return error
