"""One request on its way: to the upstream, and its answer back, byte by byte as it comes.

Both directions are callbacks of the event loop, without a queue between them: what comes is read, kept, and passed on
before the loop turns again. The client sees what it would have seen without the recorder: the upstream's own bytes,
its chunks, and its way of ending, a reset included.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from harness.cassette import RecordedEnding
from harness.delivery import Framing, Request
from harness.record.events import Came, Ended, Event, Headed, Opened
from harness.record.http1 import Part, ResponseHead, ResponseReader, Whole, closes
from harness.record.upstream import Upstream


class Downstream(Protocol):
    """The client's side, as a relay needs it."""

    def forward(self, data: bytes) -> None: ...

    def answered(self, ending: RecordedEnding, *, reusable: bool) -> None:
        """The answer is over; ``reusable`` says whether the connection can carry another one."""

    def unreachable(self, why: str) -> None:
        """There was no upstream to ask."""


class Relay(asyncio.Protocol):
    """The upstream's side of one request. ``keep`` is called with every event before its bytes are forwarded;
    ``stall_after`` is the silence, in seconds, from which a response that somebody gave up counts as stalled."""

    def __init__(
        self,
        request: Request,
        number: int,
        upstream: Upstream,
        keep: Callable[[Event], None] | None,
        stall_after: float,
    ) -> None:
        self._request = request
        self._number = number
        self._upstream = upstream
        self._keep = keep or _forget
        self._stall_after = stall_after
        self._reader = ResponseReader()
        self._client: Downstream | None = None
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._closing = False
        self._over = False
        self._start = self._last = 0.0

    def start(self, client: Downstream) -> None:
        self._client = client
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        upstream = self._upstream
        name = upstream.host if upstream.tls else None
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self, upstream.host, upstream.port, ssl=upstream.tls, server_hostname=name
            )
        except OSError as error:
            self._over = True
            if self._client is not None:
                self._client.unreachable(f"{upstream.authority} cannot be reached: {error}")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._over:
            transport.abort()
            return
        asked = self._request
        headers = self._upstream.headers(asked.headers, len(asked.body))
        data = self._reader.request(asked.method, self._upstream.target(asked.target), headers, asked.body)
        self._keep(Opened(self._number, asked.method, asked.target, asked.headers, asked.body))
        transport.write(data)
        self._start = self._last = asyncio.get_running_loop().time()

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        self._last = asyncio.get_running_loop().time()
        whole = None
        for step in self._reader.feed(data):
            match step:
                case ResponseHead(status, headers, framing):
                    self._closing = closes(headers) or framing is Framing.CLOSE
                    self._keep(Headed(self._number, self._ms(), status, headers, framing))
                case Part(part, begins):
                    self._keep(Came(self._number, self._ms(), begins, part))
                case Whole():
                    whole = step
        if self._client is not None:
            self._client.forward(data)
        if whole is not None:
            self._end("fin", reusable=not (self._closing or whole.surplus))

    def eof_received(self) -> None:
        self._ended_by_upstream()

    def connection_lost(self, error: Exception | None) -> None:
        if isinstance(error, ConnectionResetError):
            self._end("reset")
        else:
            self._ended_by_upstream()

    def client_left(self) -> None:
        """The client gave up. Whether the upstream had, too, is told by how long it had said nothing."""
        self._client = None
        self._end("stall" if self._is_silent() else "client-abort")
        self._drop()

    def give_up(self) -> None:
        """The recorder ends. A response that had not stalled stays without an ending, and is marked so when kept."""
        if self._is_silent():
            self._end("stall")
        self._over = True
        self._drop()

    def pause(self) -> None:
        if self._transport is not None and not self._over:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and not self._over:
            self._transport.resume_reading()

    def _ended_by_upstream(self) -> None:
        whole = any(isinstance(step, Whole) for step in self._reader.feed(b""))
        self._end("fin" if whole else "cut")

    def _end(self, ending: RecordedEnding, *, reusable: bool = False) -> None:
        if self._over:
            return
        self._over = True
        if self._transport is not None:
            self._keep(Ended(self._number, self._ms(), ending))
            self._transport.close()
        if self._client is not None:
            self._client.answered(ending, reusable=reusable)

    def _drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        elif self._connecting is not None:
            self._connecting.cancel()

    def _is_silent(self) -> bool:
        waiting = self._transport is not None and not self._over
        return waiting and asyncio.get_running_loop().time() - self._last >= self._stall_after

    def _ms(self) -> float:
        return (asyncio.get_running_loop().time() - self._start) * 1000


def _forget(event: Event) -> None:
    """For requests that are passed on and not recorded."""
