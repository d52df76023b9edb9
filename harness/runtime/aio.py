"""The async driver of a call, over anyio: the same call, awaited.

The event loop is the clock: simulated time is a matter of the loop the program runs on. Cancelling the task ends the
call as it ends any other: what was opened is closed, and the cancellation goes on to whoever asked for it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import aclosing
from inspect import isawaitable
from types import TracebackType
from typing import Any

import anyio
import httpx

from harness.runtime.call import Means, Need, Source, is_http, log, no_events, steps
from harness.runtime.callbacks import Callbacks
from harness.runtime.client import CONNECT_S, Endpoint
from harness.runtime.deadlines import DEFAULT, Deadlines, Watch
from harness.runtime.errors import TransportFailed
from harness.runtime.events import EventDecoder
from harness.runtime.http import recognise
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
    means = Means(lambda watch: _Opened(open_stream, watch), anyio.sleep, anyio.current_time)
    return await drive(steps(means, callbacks or Callbacks(), retry or Retry(), deadlines or Deadlines()))


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


class _Opened:
    """The line to a source; each wait for it ends at the deadline."""

    def __init__(self, open_stream: Callable[[], Awaitable[Source]], watch: Watch) -> None:
        self._open_stream = open_stream
        self._watch = watch
        self._source: Source = None
        self._batches: AsyncGenerator[Sequence[Any], None] | None = None

    async def open(self) -> Source:
        return await self._in_time(self._open)

    async def more(self) -> Sequence[Any] | None:
        events: Sequence[Any] | None = await self._in_time(self._more)
        return events

    async def close(self) -> None:
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + CLOSE_S):
            try:
                await _close(self._source)
                if self._batches is not None:
                    # Left to the garbage collector it would be closed by a task of its own, after the call.
                    await self._batches.aclose()
            except Exception:  # noqa: BLE001 - logged; the call is over, and its result or error stands
                log.exception("a source could not be closed")

    async def _in_time(self, wait: Callable[[], Awaitable[Any]]) -> Any:
        due = self._watch.due
        if due is None:
            return await wait()
        with anyio.CancelScope(deadline=due + GRACE_S):
            return await wait()
        self._watch.expire(anyio.current_time())
        raise TransportFailed("the wait was given up at a deadline")

    async def _open(self) -> Source:
        self._source = await self._open_stream()
        if not is_http(self._source):
            self._batches = _one_by_one(self._source)
            return self._source
        chunks = self._source.aiter_bytes()
        found = await _recognised(self._source, chunks)
        if isinstance(found, bytes):
            self._batches = _decoded(found, chunks)
        return found

    async def _more(self) -> Sequence[Any] | None:
        return None if self._batches is None else await anext(self._batches, None)


async def _close(source: Source) -> None:
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    if callable(close):
        closing = close()
        if isawaitable(closing):
            await closing


async def _one_by_one(source: Source) -> AsyncGenerator[Sequence[Any], None]:
    if not hasattr(source, "__aiter__"):
        raise no_events(source)
    async for event in source:
        yield (event,)


async def _decoded(head: bytes, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[Sequence[Any], None]:
    async with aclosing(chunks):
        decoder = EventDecoder()
        yield decoder.feed(head)
        async for chunk in chunks:
            yield decoder.feed(chunk)
        yield decoder.close()


async def _recognised(response: httpx.Response, chunks: AsyncGenerator[bytes, None]) -> bytes | Mapping[str, Any]:
    recognition = recognise(response)
    try:
        next(recognition)
        while True:
            try:
                chunk = await anext(chunks, None)
            except httpx.HTTPError as error:
                recognition.throw(error)
            else:
                recognition.send(chunk)
    except StopIteration as stop:
        found: bytes | Mapping[str, Any] = stop.value
        return found


class AsyncClient(Endpoint):
    """As ``Client``, over ``httpx.AsyncClient``; the event loop is its clock."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None = None,
        http_client: httpx.AsyncClient | None = None,
        retry: Retry | None = None,
        deadlines: Deadlines = DEFAULT,
    ) -> None:
        super().__init__(base_url, api_key)
        self._http = http_client or httpx.AsyncClient(timeout=httpx.Timeout(None, connect=CONNECT_S))
        self._owned = http_client is None
        self._retry = retry
        self._deadlines = deadlines

    async def respond(
        self,
        *,
        input: str | Sequence[Mapping[str, Any]],
        model: str | None = None,
        instructions: str | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
        callbacks: Callbacks | None = None,
        **more: Any,
    ) -> Result:
        """Ask for one response and assemble it; ``more`` are further fields of the request.

        Raises RuntimeStreamError (errors.py has its kinds), and what the hooks may raise.
        """
        body = self.body(input=input, model=model, instructions=instructions, tools=tools, **more)
        return await run_stream(self.opener(body), callbacks=callbacks, retry=self._retry, deadlines=self._deadlines)

    def opener(self, body: Mapping[str, Any]) -> Callable[[], Awaitable[httpx.Response]]:
        """A function that sends this request and returns the open response: a source for ``run_stream``."""

        async def open_stream() -> httpx.Response:
            return await self._http.send(self.request(self._http, body), stream=True)

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
