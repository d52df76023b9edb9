"""Nothing but the loopback can be reached, whatever asks."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import httpx2
import pytest

from harness.replay.guard import NonLoopbackRefused, is_loopback, socket_guard

ELSEWHERE = [("192.0.2.1", 80), ("2001:db8::1", 80), ("example.test", 80), ("::ffff:192.0.2.1", 80)]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.10",
        "::1",
        "localhost",
        "api.localhost",
        "",
        None,
        b"127.0.0.1",
        "0.0.0.0",
        "::",
        "::ffff:127.0.0.1",
    ],
)
def test_this_machine(host: str | bytes | None) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", [*(host for host, _ in ELSEWHERE), "10.0.0.1", "localhost.example.test", "1.1.1.1", b"x"]
)
def test_elsewhere(host: str | bytes) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("address", ELSEWHERE, ids=str)
@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_a_connection_elsewhere_is_refused(method: str, address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(NonLoopbackRefused, match="only loopback"):
        getattr(sock, method)(address)


def test_a_datagram_elsewhere_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        with pytest.raises(NonLoopbackRefused):
            sock.sendto(b"x", ("192.0.2.1", 53))
        with pytest.raises(NonLoopbackRefused):
            sock.sendto(b"x", 0, ("192.0.2.1", 53))


@pytest.mark.parametrize("look_up", ["getaddrinfo", "gethostbyname", "gethostbyname_ex"])
def test_a_name_is_not_looked_up(look_up: str) -> None:
    arguments = ("example.test", 80) if look_up == "getaddrinfo" else ("example.test",)
    with pytest.raises(NonLoopbackRefused, match=r"example\.test"):
        getattr(socket, look_up)(*arguments)


@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
def test_http_clients_are_refused(library: object) -> None:
    with library.Client(verify=False) as client, pytest.raises(library.ConnectError, match="only loopback"):
        client.get("http://example.test/")


def test_asyncio_is_refused() -> None:
    with pytest.raises(NonLoopbackRefused):
        asyncio.run(asyncio.open_connection("192.0.2.1", 80))


def test_the_loopback_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_unix_sockets_are_not(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


def test_it_takes_its_hands_off_afterwards() -> None:
    before = (socket.socket.connect, socket.getaddrinfo)
    with socket_guard():
        assert socket.getaddrinfo is not before[1]
    assert (socket.socket.connect, socket.getaddrinfo) == before
