"""The event loop under a driver of an asynchronous consumer: one for all its cases, as a program has one for all its
requests. A loop a case would be closed over what the consumer left on it, and its own sockets be taken for a leak.

Standard library only, like the rest of a driver.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

if __package__:
    from harness.consumers.drivers import _machine
else:
    import _machine  # type: ignore[import-not-found, no-redef]

T = TypeVar("T")

SETTLE_S = 2.0
"""How long a task may take to end after the call before it counts as left behind: on a busy machine what merely ends
takes its time."""


class Loop:
    """Runs one coroutine after another, and counts what each case leaves behind."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        # Its pair of sockets and the thread in which clients look for their platform are there from now on.
        self.run(asyncio.to_thread(int))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def leftovers(self) -> Leftovers:
        """To be counted from now on."""
        return Leftovers(self)

    def tasks(self) -> set[asyncio.Task[Any]]:
        return asyncio.all_tasks(self._runner.get_loop())


class Leftovers:
    """Those of the machine, and the tasks that are still pending when a case is over."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._tasks = loop.tasks()
        self._machine = _machine.Leftovers()

    def count(self) -> dict[str, int]:
        """What is there beyond the start, after as long as the machine is given too: a connection that was closed is
        gone only when the loop has come round."""
        self._loop.run(_settled(self._loop.tasks() - self._tasks))
        return {**self._machine.count(), "tasks": len(self._loop.tasks() - self._tasks)}


async def _settled(tasks: set[asyncio.Task[Any]]) -> None:
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
    if tasks:
        await asyncio.wait(tasks, timeout=SETTLE_S)


_ROUNDS = 5
"""Closing a transport takes two, and what a client does after it a few."""
