"""The sync driver of a call: it reads in the caller's thread; a watchdog on the clock ends waits that are too long."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

from harness.clock import Clock, RealClock
from harness.runtime.assembler import Assembler
from harness.runtime.call import Attempt, Means, Need, Source, Take, is_http, no_events, steps
from harness.runtime.callbacks import Callbacks, Teller, call
from harness.runtime.deadlines import Deadlines, Watch, default_deadlines
from harness.runtime.http import chunks_of
from harness.runtime.result import Result
from harness.runtime.retry import Retry
from harness.runtime.watchdog import Watchdog

REAL = RealClock()
"""Shared, so that all calls share its one thread."""


def consume(events: Source, *, callbacks: Callbacks | None = None) -> Result:
    """Assemble one response from its events; stops at the terminal one and leaves ``events`` open.

    Raises RuntimeStreamError (errors.py has its kinds), and what the hooks may raise.
    """
    callbacks = callbacks or Callbacks()
    watch = Watch(Deadlines(), called=0.0, opened=0.0)
    return drive(Attempt(_Given(events), watch, REAL.now, Assembler(), callbacks, Teller(callbacks)).steps())


def run_stream(
    open_stream: Callable[[], Source],
    *,
    callbacks: Callbacks | None = None,
    retry: Retry | None = None,
    deadlines: Deadlines | None = None,
    clock: Clock | None = None,
) -> Result:
    """Open a stream and assemble its response; opens it again as ``retry`` allows.

    ``open_stream`` makes one request; ``Result.requests`` and an error's ``requests`` say how often it was called.
    The deadlines end the wait for what it opened; while it is opening they can only where ``open_stream`` has
    ``extensions``, as an HTTP response has them, with the ``network_stream`` to sever. None is
    what the environment says (``default_deadlines``); ``Deadlines()`` sets none.
    Deltas told before a retry are taken back by ``on_reset``, so those that stand are the winning attempt's.
    Raises RuntimeStreamError (errors.py has its kinds), and what the hooks may raise.
    """
    clock = clock or REAL
    means = Means(lambda watch: _Opened(open_stream, Watchdog(watch, clock)), clock.sleep, clock.now)
    return drive(steps(means, callbacks or Callbacks(), retry or Retry(), deadlines or default_deadlines()))


def drive(call_steps: Generator[Need, Any, Result]) -> Result:
    """Do what a call needs, one thing after another, in this thread."""
    try:
        need = next(call_steps)
        while True:
            try:
                value = need()
            except BaseException as error:  # noqa: BLE001 - the call decides, cancellation included
                need = call_steps.throw(error)
            else:
                need = call_steps.send(value)
    except StopIteration as stop:
        result: Result = stop.value
        return result


class _Given:
    """The line to a source that its owner opened and will close."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def open(self) -> Source:
        return self._source

    def pour(self, take: Take) -> None:
        for event in _events_of(self._source):
            if take(event):
                return

    def close(self) -> None:
        """Its owner does."""


class _Opened:
    """The line to a source that is opened here, with a watchdog beside it."""

    def __init__(self, open_stream: Callable[[], Source], dog: Watchdog) -> None:
        self._open_stream = open_stream
        self._dog = dog
        self._source: Source = None
        self._arrivals: Iterator[Any] = iter(())

    def open(self) -> Source:
        if hasattr(self._open_stream, "extensions"):
            self._dog.guard(self._open_stream)
        self._dog.start()
        self._source = self._open_stream()
        self._dog.guard(self._source)
        self._arrivals = chunks_of(self._source) if is_http(self._source) else _events_of(self._source)
        return self._source

    def pour(self, take: Take) -> None:
        dog = self._dog
        dog.check()
        for arrival in self._arrivals:
            if take(arrival):
                return
            if not dog.checked:
                dog.check()

    def close(self) -> None:
        # The watchdog lets go first: a connection that is closed or given back is nobody's to sever.
        self._dog.release()
        close = getattr(self._source, "close", None)
        if callable(close):
            call(close)
        # An error's traceback keeps it alive, and the garbage collector would close it in the middle of anything.
        call(getattr(self._arrivals, "close", None))


def _events_of(source: Source) -> Iterator[Any]:
    if not hasattr(source, "__iter__"):
        raise no_events(source)
    yield from source
