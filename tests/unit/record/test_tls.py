"""An upstream behind TLS, with a certificate of its own: made by the openssl command, since a key has no place in a
repository and the standard library cannot make one."""

from __future__ import annotations

import shutil
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from harness.cassette import delivery_of, load
from harness.delivery import Cut, Delivery, End, Exchange, Framing, Head, Reset, Send
from harness.replay import LoopbackServer
from tests.unit.record.taping import ask, taping

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs the openssl command to make a certificate"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@contextmanager
def behind_tls(port: int, certificate: tuple[Path, Path], asked_for: list[str | None]) -> Iterator[int]:
    """A port that speaks TLS, and passes what is inside on to ``port``; ``asked_for`` collects the names clients sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(listener, context, port), daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            raw, _ = listener.accept()
        except OSError:
            return
        with suppress(ssl.SSLError, ConnectionError):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or a reset discards what waits for company
            _carry(context.wrap_socket(raw, server_side=True), port)


def _carry(client: ssl.SSLSocket, port: int) -> None:
    """One request up, its whole answer down; a reset goes on as a reset."""
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        server.sendall(client.recv(65_536))
        try:
            while data := server.recv(65_536):
                client.sendall(data)
        except ConnectionResetError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        client.unwrap()


CLOSING = (("content-type", "text/event-stream"), ("connection", "close"))


@pytest.mark.parametrize("ending", [End(), Cut(), Reset()], ids=lambda ending: type(ending).__name__)
@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH])
def test_recorded_as_without_tls(framing: Framing, ending: End | Cut | Reset, certificate, tmp_path: Path) -> None:
    promised = 99 if framing is Framing.LENGTH and not isinstance(ending, End) else None
    served = Delivery((Head(200, CLOSING, framing, promised), Send(b"data: 1\n\n"), ending))
    names: list[str | None] = []
    with (
        LoopbackServer(Exchange.single(served)) as server,
        behind_tls(server.port, certificate, names) as port,
        taping(f"https://localhost:{port}/v1", tmp_path / "p" / "n", ca=certificate[0]) as tape,
    ):
        assert ask(tape.port, "hi").body.count(b"data: 1") == 1
        tape.finish()
    assert names == ["localhost"]
    assert delivery_of(load(tmp_path / "p" / "n").interactions[0].response) == served


def test_a_certificate_that_nobody_vouches_for(certificate, tmp_path: Path) -> None:
    with (
        LoopbackServer(Exchange.single(Delivery((Head(), End())))) as server,
        behind_tls(server.port, certificate, []) as port,
        taping(f"https://localhost:{port}/v1", tmp_path / "p" / "n") as tape,
    ):
        answer = ask(tape.port, "hi").raw
        assert answer.startswith(b"HTTP/1.1 502")
        assert b"CERTIFICATE_VERIFY_FAILED" in answer
        assert tape.finish().interactions == 0
