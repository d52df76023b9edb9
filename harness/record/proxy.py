"""The loopback server clients are pointed at: takes requests, starts relays, gives their answers back."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import socket
import struct
import sys
from http import HTTPStatus

import orjson

from harness.cassette import RecordedEnding
from harness.delivery import Request
from harness.record.events import Event
from harness.record.keeper import KeeperGone, Sink
from harness.record.relay import Relay
from harness.record.upstream import PREFIX, Upstream
from harness.replay.requests import BadRequest, RequestReader

_SIOCOUTQ = 0x5411
_POLL_S = 0.001
_PATIENCE_S = 5.0
_MAX_UNREAD = 1 << 20
"""What a client may send ahead while it is being answered."""


class Proxy:
    """Forwards every request, records each POST. One instance, one recording."""

    def __init__(self, upstream: Upstream, sink: Sink, *, stall_after: float = 30.0) -> None:
        self.upstream = upstream
        self.stall_after = stall_after
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails with KeeperGone when nothing can be recorded any more, and never succeeds."""
        self.unreachable: str = ""
        """Why the upstream could not be reached, the last time it could not."""
        self.clients: set[Client] = set()
        self._sink = sink
        self._numbers = itertools.count()
        self._server: asyncio.Server | None = None

    async def listen(self, port: int = 0) -> None:
        """Raises OSError when the port is taken."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Client(self), "127.0.0.1", port, backlog=1024
        )

    @property
    def port(self) -> int:
        assert self._server is not None, "it listens first"
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.root}{PREFIX}"

    async def close(self, grace: float = 1.0) -> None:
        """Stop; what is under way has ``grace`` seconds to end by itself."""
        assert self._server is not None, "it listens first"
        self._server.close()
        until = asyncio.get_running_loop().time() + grace
        while any(client.busy for client in self.clients) and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)
        for client in list(self.clients):
            client.drop()

    def relay(self, request: Request) -> Relay:
        recorded = request.method == "POST"
        return Relay(request, next(self._numbers), self.upstream, self._keep if recorded else None, self.stall_after)

    def fail(self, why: KeeperGone) -> None:
        """Nothing can be recorded any more, so nothing is forwarded either."""
        if not self.failure.done():
            self.failure.set_exception(why)
        for client in list(self.clients):
            client.abort()

    def _keep(self, event: Event) -> None:
        try:
            self._sink.take(event)
        except KeeperGone as gone:
            self.fail(gone)
            raise


class Client(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._reader = RequestReader()
        self._relay: Relay | None = None
        self._transport: asyncio.Transport
        self._ending: asyncio.Task[None] | None = None
        self._unread = 0

    @property
    def busy(self) -> bool:
        return self._relay is not None or self._ending is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._proxy.clients.add(self)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        if self._relay is None:
            self._next()
            return
        self._unread += len(data)
        if self._unread > _MAX_UNREAD:
            self._transport.abort()

    def eof_received(self) -> None:
        self._left()

    def connection_lost(self, error: Exception | None) -> None:
        self._left()
        self._proxy.clients.discard(self)

    def pause_writing(self) -> None:
        if self._relay is not None:
            self._relay.pause()

    def resume_writing(self) -> None:
        if self._relay is not None:
            self._relay.resume()

    def forward(self, data: bytes) -> None:
        self._transport.write(data)

    def answered(self, ending: RecordedEnding, *, reusable: bool) -> None:
        self._relay = None
        if ending == "reset":
            self._ending = asyncio.get_running_loop().create_task(self._reset())
        elif reusable and self._reader.keeps_alive:
            self._reader, self._unread = RequestReader(self._reader.leftover), 0
            asyncio.get_running_loop().call_soon(self._next)
        else:
            self._transport.close()

    def unreachable(self, why: str) -> None:
        self._proxy.unreachable = why
        self._refuse(502, "upstream_unreachable", why)

    def drop(self) -> None:
        """The recorder ends: whoever is still being answered sees the stream break off."""
        if self._relay is not None:
            self._relay.give_up()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _next(self) -> None:
        if self._relay is not None or self._transport.is_closing():
            return
        try:
            request = self._reader.next()
        except BadRequest as error:
            self._refuse(error.status, "bad_request", str(error))
            return
        if request is None:
            self._transport.write(self._reader.go_on())
        elif not request.target.startswith("/"):
            self._refuse(400, "bad_request", "this is a reverse proxy: make its address the client's base URL")
        else:
            self._relay = self._proxy.relay(request)
            self._relay.start(self)

    def _left(self) -> None:
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.client_left()

    def _refuse(self, status: int, code: str, message: str) -> None:
        """The recorder's own answer, where the upstream has none."""
        self._relay = None
        body = orjson.dumps({"error": {"type": "harness", "code": code, "message": message}})
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        self._transport.close()

    async def _reset(self) -> None:
        """RST once the client's kernel has everything that came before: an RST overtakes what is still on its way."""
        peer = self._transport.get_extra_info("socket")
        until = asyncio.get_running_loop().time() + _PATIENCE_S
        while asyncio.get_running_loop().time() < until and not self._transport.is_closing() and self._unsent(peer):
            await asyncio.sleep(_POLL_S)
        if not self._transport.is_closing():
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        self._ending = None

    def _unsent(self, peer: socket.socket) -> int:
        buffered = self._transport.get_write_buffer_size()
        if buffered or sys.platform != "linux":
            return buffered
        (queued,) = struct.unpack("i", fcntl.ioctl(peer.fileno(), _SIOCOUTQ, bytes(4)))
        return int(queued)
