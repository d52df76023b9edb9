"""One process's part of a case: which turns it plays, what its client wrote in each, and how much of it was read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.delivery import Cut, Delivery, End, Ending, Request, Served, Stall

PROGRAM = Path(__file__).with_name("program.py")

FOREIGN = "the client's line is not numbered as in the script: {}"

_COMMAND = " ".join([Path(sys.executable).name, PROGRAM.name])


class NeverAnswers(Exception):
    """The play itself is broken: the program died unasked, or the client's lines are numbered unlike the script's."""


def upcoming(turns: Sequence[Delivery], begun: int) -> list[Delivery]:
    """The turns that the next process plays, after those that were begun: up to the first that ends it."""
    rest = turns[begun:]
    last = next((n for n, delivery in enumerate(rest) if not isinstance(delivery.ending, End)), len(rest) - 1)
    return list(rest[: last + 1])


class Talk:
    """Begins with the process. All times are in ms since the case began."""

    def __init__(self, turns: Sequence[Delivery], first: int, now_ms: float) -> None:
        self._turns, self._first = turns, first
        self._lines: list[list[bytes]] = [[]]
        self._rest = b""
        self._began_ms = [now_ms]
        self._ended_ms: float | None = None
        self.taken = 0
        """Bytes of the process's output that its client read."""

    @property
    def begun(self) -> int:
        """Turns that were begun; the first one is begun with the process."""
        return len(self._lines)

    def hear(self, data: bytes, now_ms: float) -> None:
        """What the client wrote; a second turn/start begins a turn."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            if b'"turn/start"' in line and any(b'"turn/start"' in said for said in self._lines[-1]):
                self._begin(now_ms)
            self._lines[-1].append(line + b"\n")

    def exit(self, now_ms: float) -> None:
        """The process ends itself, in the last of its turns: whoever asks for that one asks nobody."""
        while self.begun < len(self._turns):
            self._begin(now_ms)

    def end(self, now_ms: float) -> None:
        """Client and process have parted. Harmless when repeated."""
        if self._ended_ms is None:
            self._ended_ms = now_ms

    def served(self, now_ms: float) -> list[Served]:
        """The turns that were begun, each with what of it was read."""
        entries, before = [], 0
        for number, (lines, delivery) in enumerate(zip(self._lines, self._turns, strict=False)):
            taken = min(max(0, self.taken - before), len(delivery.body))
            before += len(delivery.body)
            ended_ms = self._ended_ms if self._ended_ms is not None else now_ms
            closed_ms = self._began_ms[number + 1] if number + 1 < len(self._began_ms) else ended_ms
            entries.append(
                Served(
                    turn=self._first + number,
                    attempt=0,
                    request=Request("STDIO", _COMMAND, (), b"".join(lines)),
                    delivery=delivery,
                    taken=taken,
                    head_taken=True,
                    ending=self._ending_of(delivery, taken),
                    opened_ms=self._began_ms[number],
                    closed_ms=closed_ms,
                )
            )
        return entries

    def _begin(self, now_ms: float) -> None:
        self._lines.append([])
        self._began_ms.append(now_ms)

    def _ending_of(self, delivery: Delivery, taken: int) -> Ending:
        if self._ended_ms is None:
            return Ending.OPEN
        if taken < len(delivery.body) or isinstance(delivery.ending, Stall):
            return Ending.LEFT
        return Ending.CUT if isinstance(delivery.ending, Cut) else Ending.COMPLETE
