"""The loopback server, seen from a bare socket: exact bytes, real FIN and RST, reuse, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import resource
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from harness.clock import RealClock
from harness.delivery import Cut, Delivery, End, Ending, Exchange, Framing, Head, Reset, Send, Stall, Wait
from harness.replay import LoopbackServer, requests
from harness.replay.connection import Phase
from harness.replay.pace import Steady
from harness.replay.server import ServerBroken

A, B = Send(b"data: a\n\n"), Send(b"data: b\n\n")
PLAIN = Delivery((Head(headers=()), A, B, End()))
STALL = Delivery((Head(headers=()), A, Stall()))
PLAIN_WIRE = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n0\r\n\r\n"


def request(body: bytes = b"{}", *headers: str, method: str = "POST", version: str = "1.1") -> bytes:
    lines = [
        f"{method} /v1/responses HTTP/{version}",
        "host: localhost",
        f"content-length: {len(body)}",
        *headers,
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


def connect(server: LoopbackServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def receive(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := client.recv(count - len(data))):
        data += more
    return data


def collect(client: socket.socket, into: bytearray) -> None:
    while more := client.recv(65_536):
        into += more


def to_the_end(client: socket.socket) -> bytes:
    data = bytearray()
    collect(client, data)
    return bytes(data)


@pytest.fixture(scope="module")
def shared() -> Iterator[LoopbackServer]:
    with LoopbackServer(Exchange.single(PLAIN)) as server:
        yield server


@pytest.fixture
def server(shared: LoopbackServer) -> LoopbackServer:
    shared.reset(Exchange.single(PLAIN))
    return shared


@pytest.mark.parametrize(
    ("actions", "wire"),
    [
        ((Head(headers=()), A, B, End()), PLAIN_WIRE),
        ((Head(headers=()), A, B, Cut()), PLAIN_WIRE[:-5]),
        (
            (Head(201, (("X-Case", "Kept"),), Framing.LENGTH), A, End()),
            b"HTTP/1.1 201 Created\r\nX-Case: Kept\r\ncontent-length: 9\r\n\r\ndata: a\n\n",
        ),
        (
            (Head(200, (), Framing.LENGTH, 12), A, B, Send(b"never"), End()),
            b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\ndata: a\n\ndata: b\n\n",
        ),
        ((Head(200, (), Framing.LENGTH, 99), A, End()), b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ndata: a\n\n"),
        ((Head(200, (), Framing.CLOSE), A, End()), b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\ndata: a\n\n"),
        ((Head(204, ()), A, End()), b"HTTP/1.1 204 No Content\r\n\r\n"),
        ((Head(599, (), Framing.LENGTH), A, End()), b"HTTP/1.1 599 \r\ncontent-length: 9\r\n\r\ndata: a\n\n"),
        ((Cut(),), b""),
    ],
    ids=["chunked", "cut", "length", "overrun", "too long", "close", "204", "599", "nothing"],
)
def test_exact_bytes(server: LoopbackServer, actions: tuple, wire: bytes) -> None:
    server.reset(Exchange.single(Delivery(actions)))
    with connect(server) as client:
        client.sendall(request(b"{}", "connection: close"))
        assert to_the_end(client) == wire


def data_segments(client: socket.socket) -> int:
    """TCP segments with data that this socket has got (tcpi_data_segs_in of Linux's struct tcp_info)."""
    count: int = struct.unpack_from("I", client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160), 152)[0]
    return count


@pytest.mark.parametrize(
    ("actions", "writes"),
    [
        ((Head(), A, B, End()), 4),
        ((Head(framing=Framing.LENGTH), A, B, End()), 3),
        ((Head(framing=Framing.CLOSE), *[Send(b"x")] * 20, End()), 21),
        ((Head(framing=Framing.LENGTH, declared_length=12), A, B, End()), 3),
    ],
    ids=["chunked", "length", "close", "overrun"],
)
def test_one_send_is_one_write(server: LoopbackServer, actions: tuple, writes: int) -> None:
    server.reset(Exchange.single(Delivery(actions)))
    with connect(server) as client:
        client.sendall(request(b"{}", "connection: close"))
        to_the_end(client)
        assert data_segments(client) == writes


def test_a_reset_is_real_and_comes_after_all_bytes(server: LoopbackServer) -> None:
    big = Send(b"x" * 200_000)
    delivery = Delivery((Head(200, (), Framing.CLOSE), big, A, Reset()))
    server.reset(Exchange.single(delivery))
    with connect(server) as client:
        client.sendall(request())
        data = bytearray()
        with pytest.raises(ConnectionResetError):
            collect(client, data)
        assert data.endswith(b"\r\n\r\n" + delivery.body)
    served = server.transcript().served[0]
    assert (served.ending, served.taken) == (Ending.RESET, len(delivery.body))


def test_a_reset_before_the_head(server: LoopbackServer) -> None:
    server.reset(Exchange.single(Delivery((Reset(),))))
    with connect(server) as client:
        client.sendall(request())
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_one_connection_serves_many_requests(server: LoopbackServer) -> None:
    with connect(server) as client:
        for _ in range(3):
            client.sendall(request())
            assert receive(client, len(PLAIN_WIRE)) == PLAIN_WIRE
        assert [(held.phase, held.requests) for held in server.connections()] == [(Phase.IDLE, 3)]
    assert [entry.attempt for entry in server.transcript().served] == [0, 1, 2]


def test_requests_may_be_sent_ahead(server: LoopbackServer) -> None:
    with connect(server) as client:
        client.sendall(request() * 2 + request(b"{}", "connection: close"))
        assert to_the_end(client) == PLAIN_WIRE * 3


@pytest.mark.parametrize(
    ("actions", "asked"),
    [
        ((Head(headers=(("connection", "close"),)), A, End()), request()),
        ((Head(framing=Framing.CLOSE), A, End()), request()),
        ((Head(framing=Framing.LENGTH, declared_length=3), A, End()), request()),
        ((Head(), A, Cut()), request()),
        ((Head(), A, End()), request(b"{}", "Connection: close")),
        ((Head(), A, End()), request(version="1.0")),
    ],
    ids=["said so", "close-delimited", "overrun", "cut", "client said so", "HTTP/1.0"],
)
def test_the_connection_ends_where_it_cannot_be_used_again(
    server: LoopbackServer, actions: tuple, asked: bytes
) -> None:
    server.reset(Exchange.single(Delivery(actions)))
    with connect(server) as client:
        client.sendall(asked)
        assert to_the_end(client), "FIN after the answer"
        assert [held.phase for held in server.connections()] == [Phase.ENDED]
    assert server.connections() == []


def test_after_an_overrun_a_pooled_connection_is_never_used_again(server: LoopbackServer) -> None:
    """The surplus bytes and the FIN come in one segment with the last piece, so no client can be faster."""
    server.reset(Exchange.single(Delivery((Head(framing=Framing.LENGTH, declared_length=12), A, B, End()))))
    with httpx.Client(base_url=server.base_url, verify=False) as client:
        for _ in range(100):
            assert client.post("responses", json={}).content == (A.data + B.data)[:12]
    assert {entry.ending for entry in server.transcript().served} == {Ending.COMPLETE}


def test_retries_and_turns_are_answered_in_their_own_way(server: LoopbackServer) -> None:
    server.reset(
        Exchange(
            {
                (0, 0): Delivery((Head(500, framing=Framing.LENGTH), Send(b"{}"), End())),
                (0, 1): Delivery((Head(), A, Cut())),
                (0, 2): Delivery((Head(), A, End())),
                (1, 0): Delivery((Head(), B, End())),
            }
        )
    )
    seen: list[object] = []
    with httpx.Client(base_url=server.base_url, verify=False) as client:
        for text in ("a", "a", "a", "b", "c"):
            try:
                answer = client.post("responses", json={"input": text})
                seen.append((answer.status_code, answer.content))
            except httpx.RemoteProtocolError:
                seen.append("cut")
        assert client.get("models").status_code == 404
    assert seen[:4] == [(500, b"{}"), "cut", (200, A.data), (200, B.data)]
    assert seen[4][0] == 599
    transcript = server.transcript()
    assert [(entry.turn, entry.attempt, entry.ending) for entry in transcript.served] == [
        (0, 0, Ending.COMPLETE),
        (0, 1, Ending.CUT),
        (0, 2, Ending.COMPLETE),
        (1, 0, Ending.COMPLETE),
    ]
    assert [json.loads(one.body) for one in transcript.unanswered] == [{"input": "c"}]
    assert transcript.served[0].request.target == "/v1/responses"
    assert dict(transcript.served[0].request.headers)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "actions",
    [(Stall(),), (Head(), Stall()), (Head(), A, Stall()), (Head(), A, Wait(60_000), B, End())],
    ids=["before the head", "after the head", "in the body", "in a wait"],
)
def test_a_client_that_leaves_is_noticed_at_once(server: LoopbackServer, actions: tuple) -> None:
    server.reset(Exchange.single(Delivery(actions)))
    with connect(server) as client:
        client.sendall(request())
        if len(actions) > 1:
            client.recv(65_536)
        open_now = server.transcript().served[0]
        assert [held.phase for held in server.connections()] == [Phase.ANSWERING]
    left = server.transcript().served[0]
    assert (open_now.ending, left.ending) == (Ending.OPEN, Ending.LEFT)
    assert left.body == b"".join(action.data for action in actions[:2] + actions[2:3] if isinstance(action, Send))
    assert server.connections() == []


def test_what_was_taken_counts_from_the_start_of_each_answer(server: LoopbackServer) -> None:
    server.reset(Exchange({(0, 0): PLAIN, (0, 1): STALL}))
    with connect(server) as client:
        client.sendall(request())
        receive(client, len(PLAIN_WIRE))
        client.sendall(request())
        receive(client, 60)
        server.transcript()
    assert [entry.taken for entry in server.transcript().served] == [18, 9]


def test_bytes_that_never_reached_the_client_were_not_taken(server: LoopbackServer) -> None:
    """A client that stops reading stops the server: what waits in the server's own kernel is not the client's."""
    body = tuple(Send(b"x" * 65_536) for _ in range(400))
    server.reset(Exchange.single(Delivery((Head(), *body, End()))))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.connect(("127.0.0.1", server.port))
        client.sendall(request())
        read = len(client.recv(10_000))
        server.transcript()
    served = server.transcript().served[0]
    assert served.ending is Ending.LEFT
    assert read - 200 <= served.taken < 2 * 65_536 + read


@pytest.mark.parametrize("ending", [End(), Cut(), Reset()], ids=lambda ending: type(ending).__name__)
def test_an_ending_waits_for_the_bytes_before_it(server: LoopbackServer, ending: End | Cut | Reset) -> None:
    """All of it fits into the server's kernel, and not into that of a client that does not read."""
    delivery = Delivery((Head(framing=Framing.LENGTH, declared_length=10**6), Send(b"z" * 300_000), ending))
    server.reset(Exchange.single(delivery))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        client.connect(("127.0.0.1", server.port))
        client.sendall(request())
        client.recv(1_000)
        assert server.transcript().served[0].ending is Ending.OPEN
    served = server.transcript().served[0]
    assert served.ending is Ending.LEFT
    assert served.taken < 100_000


def test_a_reset_does_not_overtake_what_a_slow_reader_has_yet_to_get(server: LoopbackServer) -> None:
    delivery = Delivery((Head(framing=Framing.CLOSE), Send(b"z" * 300_000), Reset()))
    server.reset(Exchange.single(delivery))
    data = bytearray()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        client.connect(("127.0.0.1", server.port))
        client.sendall(request())
        with pytest.raises(ConnectionResetError):
            collect(client, data)
    assert data.endswith(delivery.body)


def test_a_slow_reader_gets_everything(server: LoopbackServer) -> None:
    delivery = Delivery((Head(framing=Framing.CLOSE), *(Send(b"y" * 65_536) for _ in range(20)), End()))
    server.reset(Exchange.single(delivery))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        client.connect(("127.0.0.1", server.port))
        client.sendall(request())
        assert to_the_end(client).endswith(delivery.body)
    served = server.transcript().served[0]
    assert (served.ending, served.taken) == (Ending.EOF, len(delivery.body))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"rubbish\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 2_000_000, b"431"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
    ids=["rubbish", "TLS", "no host", "bad length", "endless header", "bad chunk"],
)
def test_a_bad_request_gets_its_answer(
    server: LoopbackServer, capfd: pytest.CaptureFixture[str], sent: bytes, status: bytes
) -> None:
    with connect(server) as client:
        client.sendall(sent)
        assert to_the_end(client).startswith(b"HTTP/1.1 " + status)
    assert server.transcript().served == ()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("sent", [b"", b"POST /v1/resp", request(b"x" * 100)[:-50]], ids=["nothing", "head", "body"])
def test_a_client_that_leaves_before_its_request_is_whole(
    server: LoopbackServer, capfd: pytest.CaptureFixture[str], sent: bytes
) -> None:
    with connect(server) as client:
        client.sendall(sent)
        assert [held.phase for held in server.connections()] == [Phase.ANSWERING if sent else Phase.NEW]
    assert server.connections() == []
    assert server.transcript().served == ()
    assert capfd.readouterr() == ("", "")


def test_a_client_that_resets_is_one_that_left(server: LoopbackServer, capfd: pytest.CaptureFixture[str]) -> None:
    server.reset(Exchange.single(STALL))
    client = connect(server)
    client.sendall(request())
    client.recv(65_536)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    client.close()
    assert server.transcript().served[0].ending is Ending.LEFT
    assert capfd.readouterr() == ("", "")


def test_a_client_that_never_stops_talking_is_dropped(server: LoopbackServer) -> None:
    server.reset(Exchange.single(STALL))
    with connect(server) as client:
        client.sendall(request())
        with pytest.raises(OSError, match=r"reset|pipe"):
            client.sendall(b"x" * 20_000_000)
    assert server.transcript().served[0].ending is Ending.LEFT


def test_a_request_may_not_be_endless(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MAX_BODY", 1_000)
    with connect(server) as client:
        client.sendall(request(b"x" * 1_001))
        assert to_the_end(client).startswith(b"HTTP/1.1 413 ")
    assert server.transcript().served == ()


def test_a_body_held_back_until_told_to_go_on(server: LoopbackServer) -> None:
    whole = request(b'{"input": "a"}', "expect: 100-continue")
    with connect(server) as client:
        client.sendall(whole[:-14])
        assert client.recv(65_536).startswith(b"HTTP/1.1 100 ")
        client.sendall(whole[-14:])
        assert receive(client, len(PLAIN_WIRE)) == PLAIN_WIRE


def test_a_chunked_request(server: LoopbackServer) -> None:
    with connect(server) as client:
        client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
        assert receive(client, len(PLAIN_WIRE)) == PLAIN_WIRE
    assert server.transcript().served[0].request.body == b"{}"


def test_a_request_byte_by_byte(server: LoopbackServer) -> None:
    with connect(server) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request(b'{"input": "a"}'):
            client.sendall(bytes([byte]))
        assert receive(client, len(PLAIN_WIRE)) == PLAIN_WIRE
    assert server.transcript().served[0].request.body == b'{"input": "a"}'


@pytest.mark.realtime
def test_waits_take_real_time_at_the_given_pace() -> None:
    delivery = Delivery((Wait(10_000), Head(), A, Wait(10_000), End()))
    clock = RealClock()
    with LoopbackServer(Exchange.single(delivery), pace=Steady(0.01)) as server, connect(server) as client:
        begun = clock.now()
        client.sendall(request(b"{}", "connection: close"))
        to_the_end(client)
        served = server.transcript().served[0]
    assert clock.now() - begun >= 0.2
    assert served.closed_ms - served.opened_ms >= 200


class Asking:
    """A pace that keeps what it is told when it asks."""

    def __init__(self) -> None:
        self.quiet: list[bool] = []

    async def silence(self, seconds: float, quiet: Callable[[], bool]) -> None:
        while True:
            self.quiet.append(quiet())
            await asyncio.sleep(0.005)


@pytest.mark.realtime
def test_a_silence_knows_whether_anybody_else_is_owed_something() -> None:
    pace = Asking()
    # More than the sockets between the two take, so that a client that reads nothing is still being answered.
    long = Delivery((Head(headers=()), Send(bytes(32 * 2**20)), End()))
    exchange = Exchange({(0, 0): STALL, (1, 0): long})
    with LoopbackServer(exchange, pace=pace) as server, connect(server) as stalled:
        stalled.sendall(request(b'{"input": "a"}'))
        assert eventually(lambda: pace.quiet[-3:] == [True] * 3)
        with connect(server) as busy:
            busy.sendall(request(b'{"input": "b"}'))
            assert eventually(lambda: pace.quiet[-3:] == [False] * 3)
        assert eventually(lambda: pace.quiet[-3:] == [True] * 3)


def eventually(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_reset_drops_what_is_mid_answer_and_keeps_what_is_idle(server: LoopbackServer) -> None:
    server.reset(Exchange({(0, 0): PLAIN, (1, 0): STALL}))
    with connect(server) as idle, connect(server) as stalled:
        idle.sendall(request(b'{"input": "a"}'))
        receive(idle, len(PLAIN_WIRE))
        stalled.sendall(request(b'{"input": "b"}'))
        receive(stalled, 60)
        assert sorted(held.phase for held in server.connections()) == [Phase.ANSWERING, Phase.IDLE]
        assert [entry.ending for entry in server.transcript().served] == [Ending.COMPLETE, Ending.OPEN]
        server.reset(Exchange.single(PLAIN))
        to_the_end(stalled)
        assert server.connections()[0].phase is Phase.IDLE
        assert server.transcript().served == ()
        idle.sendall(request(b'{"input": "a"}'))
        assert receive(idle, len(PLAIN_WIRE)) == PLAIN_WIRE
        assert [held.client_port for held in server.connections()] == [idle.getsockname()[1]]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_thousand_cases_on_one_server_leave_nothing_behind(server: LoopbackServer) -> None:
    cases = [
        (Delivery((Head(), A, B, End())), Ending.COMPLETE),
        (Delivery((Head(framing=Framing.LENGTH), A, B, End())), Ending.COMPLETE),
        (Delivery((Head(framing=Framing.CLOSE), A, Cut())), Ending.EOF),
        (Delivery((Head(), A, Cut())), Ending.CUT),
        (Delivery((Cut(),)), Ending.CUT),
        (STALL, Ending.LEFT),
    ]
    gc.collect()
    before = open_files()
    for number in range(1_002):
        delivery, ending = cases[number % len(cases)]
        server.reset(Exchange.single(delivery))
        with connect(server) as client:
            client.sendall(request(b"{}", "connection: close"))
            client.recv(65_536) if ending is Ending.LEFT else to_the_end(client)
        assert [entry.ending for entry in server.transcript().served] == [ending]
    assert server.connections() == []
    assert open_files() == before


def test_a_server_out_of_file_descriptors_answers_when_it_has_some(server: LoopbackServer) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    with socket.socket() as client:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
        try:
            with contextlib.suppress(OSError):
                while True:
                    held.append(os.dup(client.fileno()))
            assert max(held) == 255
            client.connect(("127.0.0.1", server.port))
            client.sendall(request())
            assert server.connections() == []
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            for number in held:
                os.close(number)
        assert receive(client, len(PLAIN_WIRE)) == PLAIN_WIRE


def test_a_failure_of_the_server_itself_is_never_the_clients(capfd: pytest.CaptureFixture[str]) -> None:
    class Broken(Exchange):
        def answer(self, turn: int, attempt: int) -> Delivery | None:
            raise RuntimeError("boom")

    with LoopbackServer(Broken({(0, 0): PLAIN})) as server:
        with connect(server) as client:
            client.sendall(request())
            assert client.recv(1) == b""
        with pytest.raises(ServerBroken) as raised:
            server.transcript()
    assert str(raised.value.__cause__) == "boom"
    assert capfd.readouterr() == ("", "")


def test_a_failure_in_its_event_loop_is_told_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with LoopbackServer(Exchange.single(PLAIN)) as server:
        server._loop.call_soon_threadsafe(lambda: 1 // 0)
        with pytest.raises(ServerBroken) as raised:
            server.connections()
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert capfd.readouterr() == ("", "")


def test_close_drops_every_client_and_ends_the_thread() -> None:
    gc.collect()
    before = open_files()
    server = LoopbackServer(Exchange.single(STALL))
    clients = [connect(server) for _ in range(5)]
    for client in clients[1:]:
        client.sendall(request())
        receive(client, 40)
    server.close()
    server.close()
    for client in clients:
        to_the_end(client)
        client.close()
    assert open_files() == before
    assert f"loopback-server-{server.port}" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_many_clients_at_once(server: LoopbackServer) -> None:
    answers: list[bytes] = []

    def ask() -> None:
        for _ in range(10):
            with connect(server) as client:
                client.sendall(request(b"{}", "connection: close"))
                answers.append(to_the_end(client))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [PLAIN_WIRE] * 100
    assert len(server.transcript().served) == 100
