"""A program's processes, looked at from outside: whether all of them sleep, and whether all of them keep its clock.

A thread that sleeps waits for something: data, time, or a lock whose holder does not sleep. One that is ready to run
is not asleep, however long the machine lets it wait for a processor, and neither is one that waits for its disk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_BUSY = (b"R", b"D")
_COUNT_AGAIN_S = 0.1
"""Real seconds after which children are looked for again."""


class Household:
    """The process ``first`` and all that descend from it; those that do not load ``library`` are strangers."""

    def __init__(self, first: int, library: Path) -> None:
        self.first = first
        self._library = os.fsencode(library)
        self._counted = float("-inf")
        self._members: tuple[int, ...] = (first,)
        self._kin: set[int] = set()
        """Those that are known to keep the clock."""
        self.strangers: set[str] = set()
        """Names of processes that live in the machine's time."""

    @property
    def asleep(self) -> bool:
        """Whether no thread of it has anything to do at this moment."""
        now = time.monotonic()
        if now - self._counted > _COUNT_AGAIN_S:
            self._count(now)
        return not any(state in _BUSY for pid in self._members for state in _states(pid))

    def _count(self, now: float) -> None:
        members = tuple(_descendants(self.first))
        for pid in members:
            # One that has just been started may not have loaded anything yet.
            if pid in self._members and pid not in self._kin:
                self._meet(pid)
        self._counted, self._members = now, members

    def _meet(self, pid: int) -> None:
        with suppress(OSError):
            mapped = Path(f"/proc/{pid}/maps").read_bytes()
            if self._library in mapped:
                self._kin.add(pid)
            elif mapped:  # a zombie has none
                self.strangers.add(Path(f"/proc/{pid}/comm").read_text(errors="replace").strip())


def _descendants(pid: int) -> Iterator[int]:
    yield pid
    for thread in _threads(pid):
        with suppress(OSError):
            for child in Path(f"{thread}/children").read_bytes().split():
                yield from _descendants(int(child))


def _states(pid: int) -> Iterator[bytes]:
    for thread in _threads(pid):
        with suppress(OSError):
            # The name before it, in brackets, may hold anything.
            yield Path(f"{thread}/stat").read_bytes().rpartition(b") ")[2][:1]


def _threads(pid: int) -> list[str]:
    folder = f"/proc/{pid}/task"
    try:
        return [f"{folder}/{thread}" for thread in os.listdir(folder)]
    except OSError:
        return []
