"""A proxy in a thread of its own, and a client of plain sockets that shows what a connection really did."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.record.finish import Outcome
from harness.record.keeper import LocalKeeper, Sink
from harness.record.proxy import Proxy
from harness.record.target import Target
from harness.record.upstream import Upstream


class Taping:
    """A running proxy; ``finish`` stops it and gives the outcome."""

    def __init__(self, upstream: Upstream, sink: Sink, stall_after: float) -> None:
        self.keeper = sink
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.proxy = self._run(self._listen(upstream, stall_after))
        self.port = self.proxy.port

    async def _listen(self, upstream: Upstream, stall_after: float) -> Proxy:
        proxy = Proxy(upstream, self.keeper, stall_after=stall_after)
        await proxy.listen()
        return proxy

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def stop(self, grace: float = 5.0) -> None:
        if not self._loop.is_closed():
            self._run(self.proxy.close(grace))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(30)
            self._loop.close()

    def finish(self) -> Outcome:
        self.stop()
        return self.keeper.finish()


@contextmanager
def taping(url: str, out: Path, *, ca: Path | None = None, stall_after: float = 30.0) -> Iterator[Taping]:
    tape = Taping(Upstream.parse(url, ca), LocalKeeper(Target.at(out)), stall_after)
    try:
        yield tape
    finally:
        tape.stop(0.0)


@dataclass(frozen=True)
class Heard:
    """All bytes of an answer, head included, and whether the connection was reset behind them."""

    raw: bytes
    reset: bool

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


def request(question: object, *headers: str, close: bool = True) -> bytes:
    body = json.dumps({"model": "m", "input": question}).encode()
    lines = ["POST /v1/responses HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    lines += ["Connection: close"] if close else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def ask(port: int, question: object, *headers: str) -> Heard:
    """Ask, and read until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sock.sendall(request(question, *headers))
        return hear(sock)


def hear(sock: socket.socket) -> Heard:
    raw = bytearray()
    try:
        while data := sock.recv(1 << 18):
            raw += data
    except ConnectionResetError:
        return Heard(bytes(raw), True)
    return Heard(bytes(raw), False)


def hear_until(sock: socket.socket, wanted: bytes) -> bytes:
    raw = b""
    while wanted not in raw:
        data = sock.recv(1 << 16)
        assert data, f"the connection ended before {wanted!r}: {raw!r}"
        raw += data
    return raw
