"""One call, from opening the stream to its result: attempts, callbacks, and everything closed behind it.

The source is anything that yields events; only asking it for one more is guarded, so an error raised there is the
transport's, and one raised by a caller's hook is the caller's. The runner stops at the terminal event and does not
wait for the connection to end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from harness.clock import Clock, RealClock
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
from harness.runtime.http import events_of, is_response_object
from harness.runtime.result import Result
from harness.runtime.retry import Retry
from harness.runtime.watchdog import Watchdog

log = logging.getLogger("harness.runtime")

Source = Any
"""Events in an iterable (mappings, or objects with the same attributes), an httpx.Response opened as a stream, or a
concrete response object. Closed after use when it can be."""


def consume(events: Source, *, callbacks: Callbacks | None = None) -> Result:
    """Assemble one response from its events; stops at the terminal one and leaves ``events`` open.

    Raises RuntimeStreamError (errors.py has its kinds), and what the hooks may raise.
    """
    callbacks = callbacks or Callbacks()
    with Watchdog(Watch(Deadlines(), called=0.0, opened=0.0), RealClock()) as dog:
        return _fold(events, Assembler(), callbacks, Teller(callbacks), dog)


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
    While it is opening, only its own timeouts can end the wait; from then on the deadlines do. None sets none.
    Deltas told before a retry are taken back by ``on_reset``, so those that stand are the winning attempt's.
    Raises RuntimeStreamError (errors.py has its kinds), and what the hooks may raise.
    """
    callbacks, retry, clock = callbacks or Callbacks(), retry or Retry(), clock or RealClock()
    teller = Teller(callbacks)
    called = clock.now()
    requests = 0
    while True:
        requests += 1
        assembler = Assembler()
        watch = Watch(deadlines or Deadlines(), called=called, opened=clock.now())
        try:
            with _opened(open_stream, watch, clock) as (source, dog):
                return replace(_fold(source, assembler, callbacks, teller, dog), requests=requests)
        except RuntimeStreamError as error:
            error.requests = requests
            error.partial = error.partial or assembler.partial()
            log.warning("request %d failed: %s", requests, error)
            if not retry.allows(error, requests):
                raise
            if callbacks.interrupted is not None and callbacks.interrupted():
                raise _interrupted(assembler, requests) from error
            teller.void(str(error))
            clock.sleep(retry.wait_s(error, requests))


def _fold(source: Source, assembler: Assembler, callbacks: Callbacks, teller: Teller, dog: Watchdog) -> Result:
    if is_response_object(source):
        teller.tell(assembler.take_response(source))
    else:
        _read(source, assembler, callbacks, teller, dog)
    teller.tell(assembler.amend())
    result = assembler.finish()
    if result.status != "completed":
        log.warning("response %s ended as %s: %s", result.id, result.status, result.incomplete_details)
    return result


def _read(source: Source, assembler: Assembler, callbacks: Callbacks, teller: Teller, dog: Watchdog) -> None:
    """Feed the source's events up to the terminal, or to the end."""
    on_event, interrupted = callbacks.on_event, callbacks.interrupted
    try:
        for event in _guarded(source, dog):
            if on_event is not None and not isinstance(event, Damage | Marker):
                call(on_event, event)
            if interrupted is not None and interrupted():
                raise _interrupted(assembler)
            signals = assembler.feed(event)
            if signals:
                teller.tell(signals)
            if assembler.ending is not None:
                return
    except (TransportFailed, DeadlineExceeded):
        # A connection that breaks or hangs after the sender's own end mark has lost nothing.
        if not assembler.marked_done:
            raise


@contextmanager
def _opened(open_stream: Callable[[], Source], watch: Watch, clock: Clock) -> Iterator[tuple[Source, Watchdog]]:
    source = None
    with Watchdog(watch, clock) as dog:
        try:
            try:
                source = open_stream()
                dog.guard(source)
                if hasattr(source, "iter_bytes") and hasattr(source, "status_code"):
                    source = events_of(source)
            except Exception as error:
                ours = dog.explain(error)
                if ours is None:
                    raise
                raise ours from error
            if dog.bitten is not None:
                raise dog.bitten
            yield source, dog
        finally:
            # The watchdog lets go first: a connection that is closed or given back is nobody's to sever.
            dog.release()
            close = getattr(source, "close", None)
            if callable(close):
                call(close)


def _guarded(source: Iterable[Any], dog: Watchdog) -> Iterator[Any]:
    """The source's events, its errors translated. Leaves the source open: who opened it closes it."""
    if not hasattr(source, "__iter__"):
        raise UndecodableStream(f"the source is no iterable of events, but {type(source).__name__}")
    events = iter(source)
    while True:
        try:
            event = next(events)
        except StopIteration:
            if dog.bitten is not None:
                raise dog.bitten from None
            return
        except Exception as error:
            ours = dog.explain(error)
            if ours is None:
                raise
            raise ours from error
        if not isinstance(event, Damage | Marker):
            dog.event()
        yield event


def _interrupted(assembler: Assembler, requests: int = 0) -> StreamInterrupted:
    error = StreamInterrupted("the caller interrupted the stream", partial=assembler.partial())
    error.requests = requests
    return error
