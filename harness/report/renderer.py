"""What every renderer is: something that is told each event, and then that there will be no more."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from typing import Protocol

from harness.campaign.events import Event, FuzzFinished, Interrupted, RunFinished
from harness.report.interrupts import Interrupts

_CLOSING = Interrupted, RunFinished, FuzzFinished


class Renderer(Protocol):
    def handle(self, event: Event) -> None:
        """Take the next event."""

    def close(self) -> None:
        """Write what is still to be written; called once, also after an interrupt."""


def feed(events: Generator[Event, None, None], renderers: Iterable[Renderer]) -> None:
    """Tell every renderer every event, in order, then close them.

    An interrupt that falls between two events is handed to their source, which knows what closing events to send. So
    is one that a program in this process has swallowed; what came of the case it fell into is not told.
    """
    told = tuple(renderers)
    advance: Callable[[], Event] = partial(next, events)
    with Interrupts() as interrupts:
        while True:
            try:
                event = advance()
            except (StopIteration, KeyboardInterrupt):
                break
            advance = partial(next, events)
            if interrupts.pending and not isinstance(event, _CLOSING):
                advance = partial(events.throw, KeyboardInterrupt())
                interrupts.pending = False
                continue
            try:
                for renderer in told:
                    renderer.handle(event)
            except KeyboardInterrupt as interrupt:
                advance = partial(events.throw, interrupt)
            interrupts.pending = False
    for renderer in told:
        renderer.close()


def prove_writable(path: Path) -> None:
    """Empty the file a report will be written to. Raises OSError before the run and not after it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
