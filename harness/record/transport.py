"""Recording without a proxy: a transport around the real one, for any client of httpx's shape.

It keeps what the library hands out: bytes, times, heads and endings are the wire's, but the pieces of a body are those
the library read, which need not be its chunks.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from threading import Lock
from types import ModuleType
from typing import Any, ClassVar

from harness.cassette import RecordedEnding
from harness.delivery import Framing, Headers
from harness.record.events import Came, Ended, Event, Headed, Opened
from harness.record.heads import header
from harness.record.http1 import framing_of
from harness.record.keeper import Sink

_ENDINGS: Mapping[str, RecordedEnding] = {
    "RemoteProtocolError": "cut",
    "ReadError": "reset",
    "ReadTimeout": "stall",
}
"""What the library's errors say of the server, by name. All others come up before it was asked, and are no answer."""


class Tape:
    """What all transports of one recording write to, from any thread."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._numbers = itertools.count()
        self.lock = Lock()

    def take(self, request: Any) -> Take:
        return Take(self, next(self._numbers), request)

    def put(self, event: Event) -> None:
        """Called with the lock held."""
        self._sink.take(event)


class Take:
    """One request and what becomes of it; the first ending reported stays."""

    def __init__(self, tape: Tape, number: int, request: Any) -> None:
        self._tape = tape
        self._number = number
        self._request = request
        self._start = time.monotonic()
        self._is_open = self._is_over = False
        self._length: int | None = None
        self._came = 0

    def head(self, response: Any) -> None:
        headers = _headers(response)
        framing = framing_of(response.status_code, headers)
        if response.extensions.get("http_version") == b"HTTP/2":
            framing = Framing.CHUNKED  # its end is told apart from a cut, whatever the headers say
        if framing is Framing.LENGTH and header(headers, "content-length").isdecimal():
            self._length = int(header(headers, "content-length"))
        with self._tape.lock:
            self._open()
            self._tape.put(Headed(self._number, self._ms(), response.status_code, headers, framing))

    def came(self, data: bytes) -> None:
        with self._tape.lock:
            if data and not self._is_over:
                self._came += len(data)
                self._tape.put(Came(self._number, self._ms(), True, data))

    def failed(self, error: Exception) -> None:
        ending = _ENDINGS.get(type(error).__name__)
        if ending is not None:
            self.ended(ending)

    def left(self) -> None:
        """The client closed the response; one that was whole by its length is no worse for that."""
        self.ended("fin" if self._came == self._length else "client-abort")

    def ended(self, ending: RecordedEnding) -> None:
        with self._tape.lock:
            if not self._is_over:
                self._open()
                self._is_over = True
                self._tape.put(Ended(self._number, self._ms(), ending))

    def _open(self) -> None:
        """Only once there is something to record: a request that never reached the server is none."""
        if not self._is_open:
            self._is_open = True
            request = self._request
            path = request.url.raw_path.decode("ascii")
            self._tape.put(Opened(self._number, request.method, path, _headers(request), request.content))

    def _ms(self) -> float:
        return (time.monotonic() - self._start) * 1000


class Body:
    """A response body for sync clients."""

    def __init__(self, stream: Any, take: Take, failure: type[Exception]) -> None:
        self._stream = stream
        self._take = take
        self._failure = failure

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._stream:
                self._take.came(part)
                yield part
        except self._failure as error:
            self._take.failed(error)
            raise
        self._take.ended("fin")

    def close(self) -> None:
        self._take.left()
        self._stream.close()


class AsyncBody:
    """A response body for async clients."""

    def __init__(self, stream: Any, take: Take, failure: type[Exception]) -> None:
        self._stream = stream
        self._take = take
        self._failure = failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                self._take.came(part)
                yield part
        except self._failure as error:
            self._take.failed(error)
            raise
        self._take.ended("fin")

    async def aclose(self) -> None:
        self._take.left()
        await self._stream.aclose()


class Recorder:
    """What the sync and the async transport have in common: ``real`` does the work, ``tape`` gets every POST."""

    library: ClassVar[ModuleType]
    body: ClassVar[type[Any]]

    def __init__(self, real: Any, tape: Tape) -> None:
        self._real = real
        self._tape = tape

    def _recorded(self, response: Any, take: Take) -> Any:
        take.head(response)
        return self.library.Response(
            response.status_code,
            headers=response.headers,
            stream=self.body(response.stream, take, self.library.TransportError),
            extensions=response.extensions,
        )


class SyncRecorder(Recorder):
    """For ``Client``."""

    def handle_request(self, request: Any) -> Any:
        if request.method != "POST":
            return self._real.handle_request(request)
        request.read()
        take = self._tape.take(request)
        try:
            response = self._real.handle_request(request)
        except self.library.TransportError as error:
            take.failed(error)
            raise
        return self._recorded(response, take)

    def close(self) -> None:
        self._real.close()


class AsyncRecorder(Recorder):
    """For ``AsyncClient``."""

    async def handle_async_request(self, request: Any) -> Any:
        if request.method != "POST":
            return await self._real.handle_async_request(request)
        await request.aread()
        take = self._tape.take(request)
        try:
            response = await self._real.handle_async_request(request)
        except self.library.TransportError as error:
            take.failed(error)
            raise
        return self._recorded(response, take)

    async def aclose(self) -> None:
        await self._real.aclose()


def transports(library: ModuleType) -> tuple[type[Any], type[Any]]:
    """The recording transport classes for ``library.Client`` and ``library.AsyncClient``; each is made with the
    real transport and a tape."""
    stream = type("RecordedStream", (Body, library.SyncByteStream), {})
    async_stream = type("AsyncRecordedStream", (AsyncBody, library.AsyncByteStream), {})
    return (
        type("RecordingTransport", (SyncRecorder, library.BaseTransport), {"library": library, "body": stream}),
        type(
            "AsyncRecordingTransport",
            (AsyncRecorder, library.AsyncBaseTransport),
            {"library": library, "body": async_stream},
        ),
    )


def _headers(message: Any) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in message.headers.raw)
