"""The ways of playing, as one table: each takes a delivery and a read timeout, and gives back what a client saw."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx
import httpx2

from harness.clock import VirtualClock
from harness.delivery import Delivery, Exchange, Served
from harness.replay import LoopbackServer, Player, over_httpx, over_httpx2
from harness.replay.router import respx_router

URL = "https://api.example.test/v1/responses"
QUESTION = {"input": [{"role": "user", "content": "hello"}]}


@dataclass(frozen=True)
class Seen:
    """What the client saw, and what the transcript says about it."""

    status: int | None
    parts: tuple[bytes, ...]
    error: str
    """``TypeName: message``; empty when the body ended cleanly."""
    served: Served
    headers: tuple[tuple[bytes, bytes], ...] = ()
    elapsed: float = 0.0
    """Virtual seconds; 0 on a socket."""

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


class Collected:
    """Filled by a reader, so that what came before an error is kept."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.parts: list[bytes] = []
        self.error = ""
        self.headers: tuple[tuple[bytes, bytes], ...] = ()

    def __enter__(self) -> Collected:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, httpx.TransportError | httpx2.TransportError):
            self.error = f"{type(error).__name__}: {error}"
            return True
        return False

    def begin(self, response: Any) -> None:
        self.status = response.status_code
        self.headers = tuple(response.headers.raw)

    def seen(self, served: Served, elapsed: float = 0.0) -> Seen:
        return Seen(self.status, tuple(self.parts), self.error, served, self.headers, elapsed)


def read(client: Any, url: str, into: Collected) -> None:
    with into, client.stream("POST", url, json=QUESTION) as response:
        into.begin(response)
        for part in response.iter_raw():
            into.parts.append(part)


async def aread(client: Any, url: str, into: Collected) -> None:
    async with client:
        with into:
            async with client.stream("POST", url, json=QUESTION) as response:
                into.begin(response)
                async for part in response.aiter_raw():
                    into.parts.append(part)


def in_process(transports: ModuleType, library: ModuleType) -> Callable[[Delivery, float | None], Seen]:
    def play(delivery: Delivery, timeout: float | None) -> Seen:
        player, into = Player(Exchange.single(delivery), VirtualClock()), Collected()
        read(library.Client(transport=transports.ReplayTransport(player), timeout=timeout), URL, into)
        return into.seen(player.transcript().served[0], player.clock.now())

    return play


def in_process_async(transports: ModuleType, library: ModuleType) -> Callable[[Delivery, float | None], Seen]:
    def play(delivery: Delivery, timeout: float | None) -> Seen:
        player, into = Player(Exchange.single(delivery), VirtualClock()), Collected()
        client = library.AsyncClient(transport=transports.AsyncReplayTransport(player), timeout=timeout)
        asyncio.run(aread(client, URL, into))
        return into.seen(player.transcript().served[0], player.clock.now())

    return play


def routed(delivery: Delivery, timeout: float | None) -> Seen:
    player, into = Player(Exchange.single(delivery), VirtualClock()), Collected()
    with (
        respx_router(player, base_url="https://api.example.test/v1"),
        httpx.Client(timeout=timeout, verify=False) as client,
    ):
        read(client, URL, into)
    return into.seen(player.transcript().served[0], player.clock.now())


def routed_async(delivery: Delivery, timeout: float | None) -> Seen:
    player, into = Player(Exchange.single(delivery), VirtualClock()), Collected()
    with respx_router(player, base_url="https://api.example.test/v1"):
        asyncio.run(aread(httpx.AsyncClient(timeout=timeout, verify=False), URL, into))
    return into.seen(player.transcript().served[0], player.clock.now())


def on_socket(library: ModuleType) -> Callable[[Delivery, float | None], Seen]:
    def play(delivery: Delivery, timeout: float | None) -> Seen:
        into = Collected()
        with (
            LoopbackServer(Exchange.single(delivery)) as server,
            library.Client(timeout=timeout, verify=False) as client,
        ):
            read(client, f"{server.base_url}/responses", into)
            return into.seen(server.transcript().served[0])

    return play


def on_socket_async(library: ModuleType) -> Callable[[Delivery, float | None], Seen]:
    def play(delivery: Delivery, timeout: float | None) -> Seen:
        into = Collected()
        with LoopbackServer(Exchange.single(delivery)) as server:
            client = library.AsyncClient(timeout=timeout, verify=False)
            asyncio.run(aread(client, f"{server.base_url}/responses", into))
            return into.seen(server.transcript().served[0])

    return play


SYNC = {
    "httpx": in_process(over_httpx, httpx),
    "httpx2": in_process(over_httpx2, httpx2),
    "respx": routed,
    "socket-httpx": on_socket(httpx),
    "socket-httpx2": on_socket(httpx2),
}
ASYNC = {
    "async-httpx": in_process_async(over_httpx, httpx),
    "async-httpx2": in_process_async(over_httpx2, httpx2),
    "async-respx": routed_async,
    "async-socket-httpx": on_socket_async(httpx),
    "async-socket-httpx2": on_socket_async(httpx2),
}
WAYS = SYNC | ASYNC
