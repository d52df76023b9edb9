"""One call, sans-IO: attempts, errors, callbacks and the result, with every wait left to whoever drives it.

A call is a generator that yields what it needs done (open the source, pour it out, close it, pause) as functions of a
line to the source, and is sent what came of it, error or value. The sync and the async driver differ in how they
wait, and decide nothing. The source is anything that yields events; while it is poured out, what a caller's hook
raises is kept aside, so an error that comes from there is the transport's. A call stops at the terminal event and
does not wait for the connection to end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import httpx

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
from harness.runtime.events import Damage, EventDecoder, Marker
from harness.runtime.http import Looking, is_response_object
from harness.runtime.result import Result
from harness.runtime.retry import Retry
from harness.runtime.transport import is_transport_error, translate

log = logging.getLogger("harness.runtime")

Source = Any
"""Events in an iterable (mappings, or objects with the same attributes), an httpx.Response opened as a stream, or a
concrete response object. Closed after use when it can be."""

Need = Callable[[], Any]
"""Something to do for the call: the driver calls it, awaits what it returns if it is async, and sends that back."""


Take = Callable[[Any], bool]
"""Takes what has just arrived: an event, or bytes of an HTTP answer. Returns whether that is enough."""

_NO_EVENTS = frozenset({Damage, Marker})


class Line(Protocol):
    """One attempt's way to its source; every method may wait, and may be a coroutine function."""

    def open(self) -> Any:
        """Open the source and return it."""

    def pour(self, take: Take) -> Any:
        """Pass on what arrives until ``take`` has enough or the source is at its end; goes on where it left off."""

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
            if not retry.allows(error, requests):
                raise
            wait_s = retry.wait_s(error, requests)
            if watch.over_by(means.now() + wait_s):
                raise
            if callbacks.interrupted is not None and callbacks.interrupted():
                raise _interrupted(assembler, requests) from error
            if not retry.affords(means.now()):
                log.warning("no retry is left in the budget that this call shares")
                raise
            teller.void(str(error))
            yield partial(means.pause, wait_s)
            # While it waited nobody was asked, and a request that nobody wants any more costs all the same.
            if wait_s and callbacks.interrupted is not None and callbacks.interrupted():
                raise _interrupted(assembler, requests) from error


@dataclass(slots=True)
class Attempt:
    """One request and its answer."""

    line: Line
    watch: Watch
    now: Callable[[], float]
    assembler: Assembler
    callbacks: Callbacks
    teller: Teller
    enough: bool = False
    """Nothing more is to be read."""
    raised: BaseException | None = None
    """By a hook, or by the caller's interruption."""

    def steps(self) -> Generator[Need, Any, Result]:
        try:
            source = yield from self._guarded(self.line.open)
            if is_http(source):
                yield from self._read_http(source)
            elif is_response_object(source):
                self.teller.tell(self.assembler.take_response(source))
            else:
                yield from self._pour(_alone)
            return conclude(self.assembler, self.teller)
        finally:
            yield self.line.close

    def _read_http(self, response: httpx.Response) -> Generator[Need, Any, None]:
        looking = Looking(response)
        try:
            yield from self._guarded(partial(self.line.pour, looking.take))
        except (TransportFailed, UndecodableStream, DeadlineExceeded) as error:
            looking.broken(error)
        found = looking.found()
        if not isinstance(found, bytes):
            self.teller.tell(self.assembler.take_response(found))
            return
        decoder = EventDecoder()
        if not self._taking(decoder.feed)(found):
            yield from self._pour(decoder.feed)
        if not self.enough:
            self._taking(_as_they_are)(decoder.close())
        self._raise_own()

    def _pour(self, events_of: Callable[[Any], Sequence[Any]]) -> Generator[Need, Any, None]:
        """Feed the source's events up to the terminal, or to the end."""
        try:
            yield from self._guarded(partial(self.line.pour, self._taking(events_of)))
        except (TransportFailed, DeadlineExceeded):
            # A connection that breaks or hangs after the sender's own end mark has lost nothing.
            if not self.assembler.marked_done:
                raise
        self._raise_own()

    def _taking(self, events_of: Callable[[Any], Sequence[Any]]) -> Take:
        """Feeds the events of what arrives; what is raised by that is kept aside."""
        # Everything is at hand in a variable, because this is run for each word that arrives.
        watch, now, assembler = self.watch, self.now, self.assembler
        feed, tell, on_event, interrupted = (
            assembler.feed,
            self.teller.tell,
            self.callbacks.on_event,
            self.callbacks.interrupted,
        )

        def take(arrival: Any) -> bool:
            try:
                at = now()
                if watch.bytes_are_life:
                    watch.last = at
                for event in events_of(arrival):
                    if type(event) not in _NO_EVENTS:
                        watch.last = at
                        watch.taking = True
                        watch.events += 1
                        if on_event is not None:
                            call(on_event, event)
                    if interrupted is not None and interrupted():
                        raise _interrupted(assembler)
                    signals = feed(event)
                    if signals:
                        tell(signals)
                    if assembler.ending is not None:
                        self.enough = True
                        return True
                if watch.taking:
                    watch.last = now()
                    watch.taking = False
            except BaseException as error:  # noqa: BLE001 - raised again where it is nobody else's
                self.raised = error
                self.enough = True
            return self.enough

        return take

    def _raise_own(self) -> None:
        try:
            if self.raised is not None:
                raise self.raised
        finally:
            # Its traceback leads back here.
            self.raised = None

    def _guarded(self, need: Need) -> Generator[Need, Any, Any]:
        """A need of the source, its errors as ours: the deadline that ended the wait, if one did."""
        try:
            value = yield need
        except Exception as error:
            ours: RuntimeStreamError | None = self.watch.expired
            if ours is None and is_transport_error(error):
                # A library's own timeout may come in the same instant.
                ours = self.watch.exceeded(self.now())
            ours = ours or translate(error)
            if ours is None or ours is error:
                raise
            raise ours from error
        if self.watch.expired is not None and not self.enough:
            raise self.watch.expired
        return value


def _alone(event: Any) -> Sequence[Any]:
    return (event,)


def _as_they_are(events: Sequence[Any]) -> Sequence[Any]:
    return events


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
