"""The async driver of a call, over anyio: the same call, awaited.

The event loop is the clock: simulated time is a matter of the loop the program runs on. Cancelling the task ends the
call as it ends any other: what was opened is closed, and the cancellation goes on to whoever asked for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from functools import partial
from inspect import isawaitable
from math import inf
from types import TracebackType
from typing import Any

import anyio
import httpx

from harness.runtime.call import Means, Need, Source, Take, is_http, log, no_events, steps
from harness.runtime.callbacks import Callbacks
from harness.runtime.client import Endpoint
from harness.runtime.deadlines import Deadlines, Watch, default_deadlines
from harness.runtime.errors import TransportFailed
from harness.runtime.http import async_chunks_of
from harness.runtime.result import Result
from harness.runtime.retry import Retry
from harness.runtime.watchdog import GRACE_S

CLOSE_S = 5.0
"""How long closing a connection may hold up a call that is over, cancelled ones too."""


async def run_stream(
    open_stream: Callable[[], Awaitable[Source]],
    *,
    callbacks: Callbacks | None = None,
    retry: Retry | None = None,
    deadlines: Deadlines | None = None,
) -> Result:
    """As ``runner.run_stream``, of an async source; the deadlines hold while it is opening, too.

    The hooks are plain functions; they run in the event loop, and must not hold it up.
    """
    means = Means(lambda watch: _Opened(open_stream, watch), anyio.sleep, _now())
    return await drive(steps(means, callbacks or Callbacks(), retry or Retry(), deadlines or default_deadlines()))


async def drive(call_steps: Generator[Need, Any, Result]) -> Result:
    """Do what a call needs, one thing after another, in this task."""
    try:
        need = next(call_steps)
        while True:
            try:
                value = await need()
            except BaseException as error:  # noqa: BLE001 - the call decides, cancellation included
                need = call_steps.throw(error)
            else:
                need = call_steps.send(value)
    except StopIteration as stop:
        result: Result = stop.value
        return result


def _now() -> Callable[[], float]:
    """``anyio.current_time``, without asking each time anew which loop is running."""
    try:
        return asyncio.get_running_loop().time
    except RuntimeError:
        return anyio.current_time


class _Opened:
    """The line to a source; each wait for it ends at the deadline."""

    def __init__(self, open_stream: Callable[[], Awaitable[Source]], watch: Watch) -> None:
        self._open_stream = open_stream
        self._watch = watch
        self._source: Source = None
        self._arrivals: AsyncGenerator[Any, None] | None = None
        self._scope = anyio.CancelScope()

    async def open(self) -> Source:
        return await self._in_time(self._open)

    async def pour(self, take: Take) -> None:
        await self._in_time(partial(self._pour, take))

    async def close(self) -> None:
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + CLOSE_S):
            try:
                await _close(self._source)
                if self._arrivals is not None:
                    # Left to the garbage collector it would be closed by a task of its own, after the call.
                    await self._arrivals.aclose()
            except Exception:  # noqa: BLE001 - logged; the call is over, and its result or error stands
                log.exception("a source could not be closed")

    async def _in_time(self, wait: Callable[[], Awaitable[Any]]) -> Any:
        with anyio.CancelScope() as self._scope:
            self._extend()
            return await wait()
        self._watch.expire(anyio.current_time())
        raise TransportFailed("the wait was given up at a deadline")

    def _extend(self) -> None:
        due = self._watch.due
        self._scope.deadline = inf if due is None else due + GRACE_S

    async def _open(self) -> Source:
        self._source = await self._open_stream()
        self._arrivals = async_chunks_of(self._source) if is_http(self._source) else _events_of(self._source)
        return self._source

    async def _pour(self, take: Take) -> None:
        if self._arrivals is None:
            return
        async for arrival in self._arrivals:
            if take(arrival):
                return
            self._extend()


async def _close(source: Source) -> None:
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    if callable(close):
        closing = close()
        if isawaitable(closing):
            await closing


async def _events_of(source: Source) -> AsyncGenerator[Any, None]:
    if not hasattr(source, "__aiter__"):
        raise no_events(source)
    async for event in source:
        yield event


class AsyncClient(Endpoint[httpx.AsyncClient, Awaitable[Result]]):
    """As ``Client``, over ``httpx.AsyncClient``, its answers to be awaited; the event loop is its clock."""

    library = httpx.AsyncClient

    async def run(
        self, body: Mapping[str, Any], callbacks: Callbacks | None, retry: Retry | None, deadlines: Deadlines
    ) -> Result:
        return await run_stream(self.opener(body), callbacks=callbacks, retry=retry, deadlines=deadlines)

    def opener(self, body: Mapping[str, Any]) -> Callable[[], Awaitable[httpx.Response]]:
        """A function that sends this request and returns the open response: a source for ``run_stream``."""

        async def open_stream() -> httpx.Response:
            return await self._http.send(self.request(body), stream=True)

        return open_stream

    async def aclose(self) -> None:
        if self._owned:
            await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
