"""Evidence from a process that speaks in lines: what reached the client, read, in the form all evidence has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from harness.delivery import Ending, Served, Stall
from harness.judge.silence import Patience
from harness.protocols.appserver import Lines, lines_of, read
from harness.protocols.responses.event import Event
from harness.protocols.responses.reading import Reading
from harness.wire import Frame


@dataclass(frozen=True)
class ToldLines:
    """A body of lines, read by the letter and otherwise."""

    body: bytes
    asked: bytes
    """What the client wrote."""

    @cached_property
    def _lines(self) -> Lines:
        return lines_of(self.body)

    @cached_property
    def reading(self) -> Reading:
        return read(self._lines.lines, lines_of(self.asked).lines)

    @property
    def others(self) -> tuple[tuple[str, Reading], ...]:
        """A last line that is whole but for its line feed may be taken."""
        tail = self._lines.tail
        if not tail.strip() or self.reading.terminal is not None or not _is_json(tail):
            return ()
        ended = ToldLines(self.body + b"\n", self.asked)
        return (("the last line is taken although no line feed ended it", ended.reading),)

    @property
    def frames(self) -> tuple[Frame, ...]:
        return self._lines.frames

    @property
    def total_frames(self) -> int:
        return len(self._lines.frames)

    @property
    def events(self) -> tuple[Event, ...]:
        """None of a Responses stream."""
        return ()


def owned(served: Served, patience: Patience, cancelled: bool) -> tuple[ToldLines, Ending]:
    """The lines a client answers for, and how they ended for it.

    One that left on its own owns what it declined to read: also what the process would have said had it been answered.
    """
    delivery, told = served.delivery, ToldLines(served.body, served.request.body)
    if served.ending is not Ending.LEFT or cancelled or told.reading.terminal is not None:
        return told, served.ending
    if delivery.longest_wait_ms >= patience.silence_ms:
        return told, served.ending
    ending = Ending.OPEN if isinstance(delivery.ending, Stall) else Ending.LEFT
    return ToldLines(delivery.body, served.request.body), ending


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
