"""One async call on a simulated event loop of its own, cancelled when the case says so, and what it left running."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from harness.clock import VirtualClock
from harness.consumers.adapters.conversation import Trace
from harness.replay import NeverEnds
from harness.virtual_loop import NothingLeft, run

T = TypeVar("T")

_SETTLING_ROUNDS = 30
"""The HTTP library closes the generators that a cancelled call abandoned in the loop's next few turns."""


def await_call(call: Callable[[], Awaitable[T]], clock: VirtualClock, trace: Trace) -> tuple[asyncio.Task[T], int]:
    """The finished task of the call, and how many tasks outlived it. Raises NeverEnds where it would hang."""

    async def program() -> tuple[asyncio.Task[T], int]:
        task: asyncio.Task[T] = asyncio.ensure_future(_as_coroutine(call))
        loop = asyncio.get_running_loop()
        trace.on_cancel = task.cancel
        alarm = None if trace.cancel_at_s is None else loop.call_at(trace.cancel_at_s, task.cancel)
        await asyncio.wait([task])
        if alarm is not None:
            alarm.cancel()
        return task, await _tasks_left()

    try:
        task, left = run(program, clock)
    except NothingLeft as stuck:
        raise NeverEnds(str(stuck)) from None
    failure = None if task.cancelled() else task.exception()
    if isinstance(failure, NeverEnds):
        raise failure
    return task, left


async def _as_coroutine(call: Callable[[], Awaitable[T]]) -> T:
    return await call()


async def _tasks_left() -> int:
    own: set[asyncio.Task[Any] | None] = {asyncio.current_task()}
    for _ in range(_SETTLING_ROUNDS):
        if asyncio.all_tasks() <= own:
            return 0
        await asyncio.sleep(0)
    return len(asyncio.all_tasks() - own)
