"""One client's connection to the loopback server: requests parsed, answers written byte by byte.

One task a connection. Whatever the task is doing, waiting, writing or stalling, the client's leaving ends it: the
reader callback sees the end of the client's side first, records it, and cancels the task.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from harness.delivery import Ending, Head, Request, Send
from harness.replay.framing import LAST_CHUNK, chunk, head_bytes, is_chunked, keeps_alive
from harness.replay.outlet import Outlet
from harness.replay.pace import Pace
from harness.replay.player import Serving, refusal
from harness.replay.requests import BadRequest, RequestReader
from harness.replay.script import Over, Overrun, script

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
    """Between requests, after a whole answer: what a client's pool keeps."""
    ENDED = "ended"
    """The server has said FIN, the client has not closed its end."""


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection that the client has not closed."""

    phase: Phase
    requests: int
    """Requests read on it, the one under way included."""
    client_port: int


class Connection:
    """Serves one accepted socket until either side ends it; ``quiet`` is what ``Pace.silence`` asks."""

    def __init__(
        self,
        sock: socket.socket,
        client_port: int,
        admit: Callable[[Request], Serving],
        pace: Pace,
        quiet: Callable[[], bool],
    ) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = sock
        self._outlet = Outlet(sock)
        self._admit = admit
        self._pace = pace
        self._quiet = quiet
        self._silent = False
        self._phase = Phase.NEW
        self._requests = 0
        self._client_port = client_port
        self._inbox = bytearray()
        self._arrival = asyncio.Event()
        self._serving: Serving | None = None
        self._pieces: list[tuple[int, int]] = []
        """For every piece of body of this answer: its offset on the wire, and its length."""
        loop = asyncio.get_running_loop()
        loop.add_reader(sock, self._readable)
        self.task = loop.create_task(self._serve())
        self.task.add_done_callback(self._close)

    def state(self) -> OpenConnection:
        return OpenConnection(self._phase, self._requests, self._client_port)

    @property
    def quiet(self) -> bool:
        """Whether the client has nothing to expect of it now."""
        return self._silent or self._phase is not Phase.ANSWERING

    def end(self, ending: Ending) -> None:
        """One side gives the connection up. What the client's kernel never accepted, it never got."""
        if self._serving is not None:
            accepted = self._outlet.accepted
            taken = sum(min(length, max(0, accepted - start)) for start, length in self._pieces)
            self._serving.over(ending, taken=taken)
        self.task.cancel()

    def _close(self, task: asyncio.Task[None]) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a reset is one more way of leaving
        self._inbox += data
        if not data or len(self._inbox) > _MAX_UNREAD:
            self.end(Ending.LEFT)
        self._arrival.set()

    async def _serve(self) -> None:
        try:
            await self._serve_requests()
        except OSError:
            self.end(Ending.LEFT)  # the client reset the connection, and a write noticed it before the reader

    async def _serve_requests(self) -> None:
        reader = RequestReader()
        while True:
            try:
                request = await self._request(reader)
            except BadRequest as error:
                answer = refusal(error.status, "bad_request", str(error))
                await self._outlet.write(head_bytes(answer) + answer.body)
                await self._fin()
            self._requests += 1
            self._pieces.clear()
            self._serving = self._admit(request)
            ending = await self._play(self._serving)
            if ending is Ending.RESET:
                return
            if ending is not Ending.COMPLETE or not (reader.keeps_alive and keeps_alive(self._serving.delivery)):
                await self._fin()
            self._serving = None
            self._phase = Phase.IDLE
            reader = RequestReader(reader.leftover)

    async def _request(self, reader: RequestReader) -> Request:
        while (request := reader.next()) is None:
            await self._outlet.write(reader.go_on())
            await self._arrival.wait()
            self._arrival.clear()
            self._phase = Phase.ANSWERING
            reader.feed(bytes(self._inbox))
            self._inbox.clear()
        self._phase = Phase.ANSWERING
        return request

    async def _play(self, serving: Serving) -> Ending:
        """Walk the script; the ending is recorded once the client's kernel has all that came before it."""
        delivery = serving.delivery
        chunked = is_chunked(delivery)
        for silence, step in script(delivery):
            if silence:
                await self._silence(silence)
            match step:
                case Head():
                    await self._outlet.write(head_bytes(delivery))
                    serving.took_head()
                case Send(data):
                    await self._send(serving, *(chunk(data) if chunked else (b"", data, b"")))
                case Overrun(data, surplus):
                    self._outlet.cork()
                    await self._send(serving, b"", data, surplus)
                    self._outlet.fin()
                case Over(ending):
                    await self._over(ending, chunked)
                    serving.over(ending)
                    return ending
        raise AssertionError("a script ends with an Over")

    async def _silence(self, seconds: float) -> None:
        self._silent = True
        await self._pace.silence(seconds, self._quiet)
        self._silent = False

    async def _send(self, serving: Serving, before: bytes, data: bytes, after: bytes) -> None:
        self._pieces.append((self._outlet.written + len(before), len(data)))
        await self._outlet.write(before + data + after)
        serving.took(len(data))

    async def _over(self, ending: Ending, chunked: bool) -> None:
        if ending is Ending.COMPLETE and chunked:
            await self._outlet.write(LAST_CHUNK)
        await (self._outlet.reset() if ending is Ending.RESET else self._outlet.delivered())

    async def _fin(self) -> NoReturn:
        """End the server's side, and keep the socket: whether the client closes its own is worth knowing."""
        self._phase = Phase.ENDED
        self._outlet.fin()
        await asyncio.get_running_loop().create_future()
        raise AssertionError("only a cancellation ends this")
