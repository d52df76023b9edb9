"""An asyncio event loop on a virtual clock: when nothing is ready, time jumps to what is due next.

Time moves nowhere else. While a thread works for the loop, or a socket is open on it, the loop waits for them as any
other loop does, and its clock stands still: what the outside takes is no part of the simulation.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from math import inf
from typing import Any, TypeVar, TypeVarTuple

import anyio.to_thread

from harness.clock import VirtualClock

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")
_OWN_FILES = 1
"""What a loop itself keeps in its selector: the end of the pipe by which other threads wake it."""


class NothingLeft(RuntimeError):
    """Tasks wait for something that no timer, thread or socket will bring: in real time the program would hang."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` is the clock's, and timers of either run in one order. Use it through ``run``."""

    def __init__(self, clock: VirtualClock, patience_s: float = 60.0) -> None:
        """``patience_s``: real seconds to wait for a thread or a socket, before the run is given up."""
        self.clock = clock
        self.workers: anyio.CapacityLimiter | None = None
        self._patience_s = patience_s
        self._executing: set[asyncio.Future[Any]] = set()
        self._pauses: dict[asyncio.Future[None], threading.Event] = {}
        super().__init__(_JumpingSelector(self._idle))

    def time(self) -> float:
        return self.clock.now()

    async def pause(self, seconds: float, wake: threading.Event) -> None:
        """Sleep, or until ``wake`` is set by another task; noticed once nothing is ready."""
        over = self.create_future()
        timer = self.call_later(seconds, _resolve, over)
        self._pauses[over] = wake
        try:
            await over
        finally:
            timer.cancel()
            del self._pauses[over]

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Args], _T], *args: *_Args
    ) -> asyncio.Future[_T]:
        future = super().run_in_executor(executor, func, *args)
        self._executing.add(future)
        future.add_done_callback(self._executing.discard)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        # A thread of asyncio's own does this, and wakes the loop when it is done.
        joining: asyncio.Future[Any] = self.create_future()
        self._executing.add(joining)
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._executing.discard(joining)

    def _idle(self, selector: selectors.BaseSelector, timeout_s: float | None) -> list[Any]:
        """What became ready, or nothing once time has been moved; ``timeout_s`` is None without a timer."""
        woken = [over for over, wake in self._pauses.items() if wake.is_set() and not over.done()]
        for over in woken:
            over.set_result(None)
        files = selector.select(0)
        if woken or files:
            return files
        if self._outside(selector):
            files = selector.select(self._patience_s)
            if not files:
                raise NothingLeft(f"a thread or a socket has brought nothing for {self._patience_s:g} s of real time")
        elif timeout_s is None and self.clock.due is None:
            raise NothingLeft("all tasks wait, and nothing is due")
        else:
            self.clock.step(inf if timeout_s is None else self.time() + timeout_s)
        return files

    def _outside(self, selector: selectors.BaseSelector) -> bool:
        busy = self.workers is not None and self.workers.borrowed_tokens > 0
        return busy or bool(self._executing) or len(selector.get_map()) > _OWN_FILES


class _JumpingSelector(selectors.DefaultSelector):
    """Looks at files without waiting, and asks the loop what to do about the rest of the wait."""

    def __init__(self, idle: Callable[[selectors.BaseSelector, float | None], list[Any]]) -> None:
        super().__init__()
        self._idle = idle
        self._asked = False

    def select(self, timeout: float | None = None) -> list[Any]:
        if self._asked or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        self._asked = True
        try:
            return self._idle(self, timeout)
        finally:
            self._asked = False


def run(program: Callable[[], Coroutine[Any, Any, _T]], clock: VirtualClock | None = None) -> _T:
    """As ``asyncio.run(program())``, in virtual time. Raises NothingLeft where that would hang.

    Threads that ``anyio.to_thread`` starts are seen when they use its default limiter.
    """
    clock = clock or VirtualClock()
    loops: list[VirtualLoop] = []

    def make() -> VirtualLoop:
        loops.append(VirtualLoop(clock))
        return loops[-1]

    async def main() -> _T:
        loops[-1].workers = anyio.to_thread.current_default_thread_limiter()
        return await program()

    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(main())


def driving(clock: VirtualClock) -> VirtualLoop | None:
    """The running loop, if this clock is its own."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    return loop if isinstance(loop, VirtualLoop) and loop.clock is clock else None


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
