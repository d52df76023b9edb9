"""How the silences of a delivery pass on a socket: in real time, at a steady rate, or on a clock that is driven."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Protocol


class Pace(Protocol):
    """What a server asks for whenever a delivery is silent."""

    async def silence(self, seconds: float, quiet: Callable[[], bool]) -> None:
        """Pass so many seconds of a delivery. An endless silence lasts until one side gives up, which cancels this.

        ``quiet`` tells whether the server owes nobody anything else at this moment.
        """


@dataclass(frozen=True, slots=True)
class Steady:
    """Real time: ``rate`` real seconds for one second of a delivery."""

    rate: float = 1.0

    async def silence(self, seconds: float, quiet: Callable[[], bool]) -> None:
        if seconds == inf:
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(seconds * self.rate)
