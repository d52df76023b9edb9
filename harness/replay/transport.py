"""In-process transports for any client of httpx's shape: no socket, and a clock instead of waiting.

httpx and httpx2 are one API under two names: ``transports`` marries this one implementation to the base classes
that each of them checks for.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import AsyncIterator, Generator, Iterator
from types import ModuleType
from typing import Any, ClassVar

import anyio
import anyio.to_thread

from harness.clock import Clock, VirtualClock
from harness.delivery import Head, Request
from harness.replay.framing import headers_of, reason_phrase
from harness.replay.playback import ASYNC, BLOCKING, Playback, Socket, WireEnd
from harness.replay.player import Player
from harness.virtual_loop import driving


class Body:
    """A response body for sync clients."""

    def __init__(self, playback: Playback, clock: Clock) -> None:
        self._playback = playback
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        try:
            for step in self._playback.parts():
                if isinstance(step, bytes):
                    yield step
                else:
                    self._clock.sleep(step, self._playback.wake)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._playback.close()


class AsyncBody:
    """A response body for async clients."""

    def __init__(self, playback: Playback, clock: Clock) -> None:
        self._playback = playback
        self._clock = clock

    async def __aiter__(self) -> AsyncIterator[bytes]:
        steps = self._playback.parts()
        try:
            while True:
                # A real read lets other tasks run, and a cancellation in, before it takes anything.
                await anyio.sleep(0)
                step = next(steps, None)
                if step is None:
                    return
                if isinstance(step, bytes):
                    yield step
                else:
                    await sleep_aside(self._clock, step, self._playback)
        except BaseException:
            self._playback.close()
            raise

    async def aclose(self) -> None:
        self._playback.close()


class Transport:
    """What the sync and the async transport have in common.

    ``player`` may be replaced between cases: a client costs far more to make than a case does to play.
    """

    library: ClassVar[ModuleType]
    body: ClassVar[type[Any]]
    socket: ClassVar[Socket]

    def __init__(self, player: Player) -> None:
        self.player = player
        self._playing: weakref.WeakSet[Playback] = weakref.WeakSet()

    def _admit(self, request: Any) -> Playback:
        serving = self.player.admit(to_request(request))
        timeouts = request.extensions.get("timeout", {})
        playback = Playback(serving, self.library, self.socket, timeouts)
        self._playing.add(playback)
        return playback

    def _response(self, playback: Playback, head: Head) -> Any:
        return self.library.Response(
            head.status,
            headers=[(name.encode(), value.encode()) for name, value in headers_of(playback.serving.delivery)],
            stream=self.body(playback, self.player.clock),
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": reason_phrase(head.status).encode(),
                "network_stream": WireEnd(playback),
            },
        )

    def _close_all(self) -> None:
        """Closing a client closes its connections, finished or not."""
        for playback in list(self._playing):
            playback.close()


class SyncTransport(Transport):
    """For ``Client``."""

    socket = BLOCKING

    def handle_request(self, request: Any) -> Any:
        request.read()
        playback = self._admit(request)
        return self._response(playback, self._head(playback))

    def _head(self, playback: Playback) -> Head:
        waiting = playback.head()
        try:
            while True:
                self.player.clock.sleep(next(waiting), playback.wake)
        except StopIteration as stop:
            return _returned(stop)
        except BaseException:
            playback.close()
            raise

    def close(self) -> None:
        self._close_all()


class AsyncTransport(Transport):
    """For ``AsyncClient``."""

    socket = ASYNC

    async def handle_async_request(self, request: Any) -> Any:
        await request.aread()
        playback = self._admit(request)
        return self._response(playback, await self._head(playback))

    async def _head(self, playback: Playback) -> Head:
        waiting: Generator[float, None, Head] = playback.head()
        try:
            while True:
                await sleep_aside(self.player.clock, next(waiting), playback)
        except StopIteration as stop:
            return _returned(stop)
        except BaseException:
            playback.close()
            raise

    async def aclose(self) -> None:
        self._close_all()


def to_request(request: Any) -> Request:
    """A library's request, already read, as plain data."""
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    return Request(request.method, request.url.raw_path.decode("ascii"), headers, request.content)


async def sleep_aside(clock: Clock, seconds: float, playback: Playback) -> None:
    """Sleep on the clock without holding up the event loop: in a thread, or at once when time is virtual."""
    if isinstance(clock, VirtualClock):
        loop = driving(clock)
        await (_sleep_virtually(clock, seconds, playback) if loop is None else loop.pause(seconds, playback.wake))
        return
    # A cancellation abandons the thread; the body or the transport then closes the playback, which wakes it.
    await anyio.to_thread.run_sync(clock.sleep, seconds, playback.wake, abandon_on_cancel=True)


async def _sleep_virtually(clock: VirtualClock, seconds: float, playback: Playback) -> None:
    """Jump from timer to timer, and after each let the tasks run that it woke or cancelled."""
    until = clock.now() + seconds
    while clock.sleep(until - clock.now(), _AfterOneTimer()):
        await anyio.sleep(0)
        if playback.wake.is_set():
            return
    await anyio.sleep(0)


class _AfterOneTimer(threading.Event):
    """Wakes a virtual sleep as soon as it has run one timer: the clock asks before each."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = False

    def is_set(self) -> bool:
        asked, self._asked = self._asked, True
        return asked


def _returned(stop: StopIteration) -> Head:
    head: Head = stop.value
    return head


def transports(library: ModuleType) -> tuple[type[Any], type[Any]]:
    """The transport classes for ``library.Client`` and ``library.AsyncClient``."""
    stream = type("ReplayStream", (Body, library.SyncByteStream), {})
    async_stream = type("AsyncReplayStream", (AsyncBody, library.AsyncByteStream), {})
    return (
        type("ReplayTransport", (SyncTransport, library.BaseTransport), {"library": library, "body": stream}),
        type(
            "AsyncReplayTransport",
            (AsyncTransport, library.AsyncBaseTransport),
            {"library": library, "body": async_stream},
        ),
    )
