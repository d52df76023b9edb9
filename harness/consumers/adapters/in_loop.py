"""One async call on a simulated event loop of its own, cancelled when the case says so, and what it left running."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harness.clock import VirtualClock
from harness.consumers.adapters.conversation import Trace
from harness.replay import NeverEnds, Player
from harness.virtual_loop import NothingLeft, run

T = TypeVar("T")

_SETTLING_ROUNDS = 30
"""The HTTP library closes the generators that a cancelled call abandoned in the loop's next few turns."""


@dataclass(frozen=True, slots=True)
class Awaited(Generic[T]):
    """A call that is over, and what it left in its loop, which the end of the loop would clear away unseen."""

    task: asyncio.Task[T]
    tasks_left: int
    sockets_left: int
    """Deliveries that were open in the moment the call was over: closing them is not the garbage collector's work."""


def await_call(call: Callable[[], Awaitable[T]], clock: VirtualClock, trace: Trace, player: Player) -> Awaited[T]:
    """Make the call and wait for its end. Raises NeverEnds where it would hang."""

    async def program() -> Awaited[T]:
        sockets_left = 0

        async def calling() -> T:
            nonlocal sockets_left
            try:
                return await call()
            finally:
                sockets_left = player.open

        task: asyncio.Task[T] = asyncio.ensure_future(calling())
        loop = asyncio.get_running_loop()
        trace.on_cancel = task.cancel
        alarm = None if trace.cancel_at_s is None else loop.call_at(trace.cancel_at_s, task.cancel)
        await asyncio.wait([task])
        if alarm is not None:
            alarm.cancel()
        return Awaited(task, await _tasks_left(), sockets_left)

    try:
        awaited = run(program, clock)
    except NothingLeft as stuck:
        raise NeverEnds(str(stuck)) from None
    failure = None if awaited.task.cancelled() else awaited.task.exception()
    if isinstance(failure, NeverEnds):
        raise failure
    return awaited


async def _tasks_left() -> int:
    own: set[asyncio.Task[Any] | None] = {asyncio.current_task()}
    for _ in range(_SETTLING_ROUNDS):
        if asyncio.all_tasks() <= own:
            return 0
        await asyncio.sleep(0)
    return len(asyncio.all_tasks() - own)
