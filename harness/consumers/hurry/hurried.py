"""A program in hurried time: its clock, the environment that shows it, and what drives it while a server is silent."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.consumers.hurry.clock import HurriedClock
from harness.consumers.hurry.household import Household
from harness.consumers.hurry.library import library

_TICK_S = 0.005
"""Real seconds from one push of the clock to the next: the program's waits are late by that much, hurried."""
_LATE = 2
"""Ticks that one push makes up for at most: what came later than that was the machine's doing."""


class Hurried:
    """A ``Pace`` for the server of a program, whose clock it drives. Raises Unavailable."""

    def __init__(self, fastest: int) -> None:
        self._library = library()
        self._scratch = tempfile.TemporaryDirectory(prefix="stream-harness-clock-", ignore_cleanup_errors=True)
        page = Path(self._scratch.name) / "clock"
        self.clock = HurriedClock(page, fastest)
        others = os.environ.get("LD_PRELOAD")
        preloaded = f"{self._library}:{others}" if others else str(self._library)
        self.variables: Mapping[str, str] = {"LD_PRELOAD": preloaded, "STREAM_HARNESS_CLOCK": str(page)}
        """Environment variables that put a process on this clock."""
        self.meant_ms = 0.0
        """How much silence its server meant, and it slept through, since ``begin``; of all answers together."""
        self.began = 0.0
        """When the case began, on the program's clock."""
        self._household: Household | None = None
        self._ends: list[float] = []
        """When the silences under way are over."""
        self._pushed = 0.0

    @property
    def strangers(self) -> tuple[str, ...]:
        """Processes of the program that do not keep its clock."""
        return tuple(sorted(self._household.strangers)) if self._household is not None else ()

    def begin(self, pid: int) -> None:
        """A case begins, for the program whose first process this is."""
        if self._household is None or self._household.first != pid:
            self._household = Household(pid, self._library)
        self._household.strangers.clear()
        self.began, self.meant_ms = self.clock.now(), 0.0

    def close(self) -> None:
        self.clock.close()
        self._scratch.cleanup()

    async def silence(self, seconds: float, quiet: Callable[[], bool]) -> None:
        end = self.clock.now() + seconds
        self._ends.append(end)
        try:
            self._pushed = time.monotonic()
            while (left_s := end - (before := self.clock.now())) > 0:
                await asyncio.sleep(min(_TICK_S, left_s))
                asleep = self._household is not None and self._household.asleep
                if asleep and quiet():
                    self._push()
                if asleep:
                    self.meant_ms += (min(self.clock.now(), end) - before) * 1000
        finally:
            self._ends.remove(end)

    def _push(self) -> None:
        """Make the time since the last push as long as the fastest clock has it, but end no silence too late."""
        now = time.monotonic()
        passed_s, self._pushed = min(now - self._pushed, _LATE * _TICK_S), now
        self.clock.advance(min(passed_s * (self.clock.fastest - 1), min(self._ends) - self.clock.now()))
