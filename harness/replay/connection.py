"""One client's connection to the loopback server: requests parsed, answers written byte by byte.

One task a connection. Whatever it is doing, waiting, writing or stalling, the client's leaving cancels it: the
reader callback sees the end of the client's side first, records it, and then ends the task.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from harness.delivery import Delivery, Ending, Framing, Head, Request
from harness.replay.player import Serving, refusal
from harness.replay.requests import BadRequest, RequestReader
from harness.replay.script import Over, Overrun, asks_to_close, reason_phrase, script, wire_headers

_READ = 65_536
_MAX_UNREAD = 1024 * 1024
"""What a client may send while it is being answered, before it is dropped."""


class Phase(StrEnum):
    """What a connection that the client holds open is doing."""

    NEW = "new"
    """No request yet."""
    ANSWERING = "answering"
    """Mid-request or mid-answer, a stall included."""
    IDLE = "idle"
    """Between requests: what a client's pool keeps."""
    ENDED = "ended"
    """The server has said FIN, the client has not closed its end."""


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection that the client has not closed."""

    phase: Phase
    requests: int
    """Requests answered on it, the one under way included."""
    client_port: int


class Connection:
    """Serves one accepted, non-blocking socket. ``admit`` and ``pace`` are asked anew for every request."""

    def __init__(self, sock: socket.socket, admit: Callable[[Request], Serving], pace: Callable[[], float]) -> None:
        self._socket = sock
        self._admit = admit
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._inbox = bytearray()
        self._arrival = asyncio.Event()
        self._serving: Serving | None = None
        self._phase = Phase.NEW
        self._requests = 0
        self._client_port: int = sock.getpeername()[1]
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(sock, self._readable)
        self.task = self._loop.create_task(self._run())

    @property
    def phase(self) -> Phase:
        return self._phase

    def state(self) -> OpenConnection:
        return OpenConnection(self._phase, self._requests, self._client_port)

    async def _run(self) -> None:
        try:
            await self._serve()
        except OSError:
            self._left()  # a write that failed: the client reset the connection before the reader saw it
        finally:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    async def _serve(self) -> None:
        leftover = b""
        while True:
            reader = RequestReader(leftover)
            try:
                request = await self._request(reader)
            except BadRequest as error:
                await self._play(refusal(error.status, "bad_request", str(error)), None)
                break
            self._requests += 1
            self._serving = self._admit(request)
            reusable = await self._play(self._serving.delivery, self._serving)
            self._serving = None
            if not (reusable and reader.keeps_alive):
                break
            self._phase = Phase.IDLE
            leftover = reader.leftover
        await self._finish()

    async def _request(self, reader: RequestReader) -> Request:
        told_to_go_on = False
        while (request := reader.next()) is None:
            if reader.awaits_continue and not told_to_go_on:
                told_to_go_on = True
                await self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
            reader.feed(await self._arrived())
            self._phase = Phase.ANSWERING
        self._phase = Phase.ANSWERING
        return request

    async def _arrived(self) -> bytes:
        """What the client has sent since the last call; waits for at least one byte."""
        await self._arrival.wait()
        self._arrival.clear()
        data = bytes(self._inbox)
        self._inbox.clear()
        return data

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._inbox += data
        if not data or len(self._inbox) > _MAX_UNREAD:
            self._left()
            self.task.cancel()
        else:
            self._arrival.set()

    def _left(self) -> None:
        if self._serving is not None and self._serving.ending is None:
            self._serving.took(-self._sent.unaccepted(unacknowledged(self._socket)))
            self._serving.over(Ending.LEFT)
