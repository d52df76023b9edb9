"""The proxy as client and upstream see it: endings, reuse of connections, paths, headers, and answers of its own."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from harness.cassette import load
from harness.delivery import Cut, Delivery, End, Exchange, Framing, Head, Reset, Send, Stall, Wait
from harness.record.restore import CUT_BY_RECORDER
from harness.replay import LoopbackServer
from tests.unit.cassette.planted import KEY, delta
from tests.unit.record.taping import ask, hear, hear_until, request, taping

HEAD = Head()
LAST = b"0\r\n\r\n"


def connection(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


@pytest.mark.parametrize("ending", [End(), Cut(), Reset()], ids=lambda ending: type(ending).__name__)
@pytest.mark.parametrize("framing", Framing)
def test_the_client_gets_the_very_bytes_and_ending(framing: Framing, ending: End | Cut | Reset, tmp_path: Path) -> None:
    promised = 99 if framing is Framing.LENGTH and not isinstance(ending, End) else None
    head = Head(framing=framing, declared_length=promised)
    served = Delivery((head, Send(b"data: 1\n\n"), Send(b"data: 2\n\n"), ending))
    with LoopbackServer(Exchange.single(served)) as server:
        direct = ask(server.port, "hi")
        with taping(server.base_url, tmp_path / "p" / "n") as tape:
            assert ask(tape.port, "hi") == direct
    assert direct.reset is isinstance(ending, Reset)


def test_bytes_come_through_as_soon_as_they_come(tmp_path: Path) -> None:
    """No buffering: the first chunk is here while the second is not sent."""
    served = Delivery((HEAD, Send(b"data: 1\n\n"), Stall()))
    with (
        LoopbackServer(Exchange.single(served)) as server,
        taping(server.base_url, tmp_path / "p" / "n") as tape,
        connection(tape.port) as sock,
    ):
        sock.sendall(request("hi"))
        assert hear_until(sock, b"data: 1\n\n\r\n").endswith(b"9\r\ndata: 1\n\n\r\n")


def left_early(tmp_path: Path, stall_after: float) -> tuple[str, bytes, LoopbackServer]:
    served = Delivery((HEAD, Send(b"data: 1\n\n"), Stall()))
    with LoopbackServer(Exchange.single(served)) as server:
        with taping(server.base_url, tmp_path / "p" / "n", stall_after=stall_after) as tape:
            with connection(tape.port) as sock:
                sock.sendall(request("hi"))
                hear_until(sock, b"data: 1")
            assert tape.finish().saved
        (entry,) = server.transcript().served
        assert entry.ending == "left", "the upstream is left as well"
    response = load(tmp_path / "p" / "n").interactions[0].response
    return response.ending, response.body, server


def test_a_client_that_leaves(tmp_path: Path) -> None:
    assert left_early(tmp_path, 30.0)[:2] == ("client-abort", b"data: 1\n\n")


def test_a_client_that_gives_a_silent_server_up(tmp_path: Path) -> None:
    assert left_early(tmp_path, 0.0)[:2] == ("stall", b"data: 1\n\n")


def test_a_client_that_leaves_before_the_head(tmp_path: Path) -> None:
    with (
        LoopbackServer(Exchange.single(Delivery((Stall(),)))) as server,
        taping(server.base_url, tmp_path / "p" / "n") as tape,
    ):
        with connection(tape.port) as sock:
            sock.sendall(request("hi"))
            while not server.transcript().served:
                pass
        tape.finish()
    response = load(tmp_path / "p" / "n").interactions[0].response
    assert (response.status, response.ending) == (None, "client-abort")


def test_what_the_recorder_cuts_is_marked(tmp_path: Path) -> None:
    served = Delivery((HEAD, Send(b"data: 1\n\n"), Stall()))
    with (
        LoopbackServer(Exchange.single(served)) as server,
        taping(server.base_url, tmp_path / "p" / "n") as tape,
        connection(tape.port) as sock,
    ):
        sock.sendall(request("hi"))
        hear_until(sock, b"data: 1")
        tape.stop(0.0)
        assert not hear(sock).raw.endswith(LAST), "the client, too, sees the stream break off"
        assert tape.keeper.finish().cut
    cassette = load(tmp_path / "p" / "n")
    assert cassette.tags == (CUT_BY_RECORDER,)
    assert "turn 0 attempt 0: cut by the recorder" in cassette.provenance.notes
    assert cassette.interactions[0].response.body == b"data: 1\n\n"
    assert cassette.interactions[0].response.ending == "cut"


def test_turns_and_attempts_are_told_apart(tmp_path: Path) -> None:
    fails = Delivery((Head(500, framing=Framing.LENGTH), Send(b"{}"), End()))
    works = Delivery((HEAD, Send(b"data: 1\n\n"), End()))
    with (
        LoopbackServer(Exchange({(0, 0): fails, (0, 1): works, (1, 0): works})) as server,
        taping(server.base_url, tmp_path / "p" / "n") as tape,
    ):
        for question in ("first", "first", "second"):
            ask(tape.port, question)
        tape.finish()
    entries = load(tmp_path / "p" / "n").interactions
    assert [(entry.turn, entry.attempt, entry.response.status) for entry in entries] == [
        (0, 0, 500),
        (0, 1, 200),
        (1, 0, 200),
    ]


def test_a_connection_is_used_again_and_requests_may_be_sent_ahead(tmp_path: Path) -> None:
    served = Delivery((HEAD, Send(b"data: 1\n\n"), End()))
    with (
        LoopbackServer(Exchange({(0, 0): served, (1, 0): served})) as server,
        taping(server.base_url, tmp_path / "p" / "n") as tape,
        connection(tape.port) as sock,
    ):
        sock.sendall(request("first", close=False) + request("second"))
        assert hear(sock).raw.count(LAST) == 2
        assert tape.finish().interactions == 2


@pytest.mark.realtime
def test_times_are_those_of_the_upstream(tmp_path: Path) -> None:
    """The recorder sees real time only; each silence may lose up to 60 ms of it to a machine that is late to stamp."""
    served = Delivery((Wait(100), HEAD, Send(b"data: 1\n\n"), Wait(200), Send(b"data: 2\n\n"), Wait(100), End()))
    with LoopbackServer(Exchange.single(served)) as server, taping(server.base_url, tmp_path / "p" / "n") as tape:
        ask(tape.port, "hi")
        tape.finish()
    response = load(tmp_path / "p" / "n").interactions[0].response
    (_, first), (_, second) = response.chunks
    assert 40 <= response.head_ms <= first <= second <= response.ended_ms
    assert second - first >= 140
    assert response.ended_ms - second >= 40


def test_a_body_held_back_is_asked_for(tmp_path: Path) -> None:
    served = Delivery((HEAD, Send(b"data: 1\n\n"), End()))
    with LoopbackServer(Exchange.single(served)) as server, taping(server.base_url, tmp_path / "p" / "n") as tape:
        head, _, body = request("hi", "Expect: 100-continue").partition(b"\r\n\r\n")
        with connection(tape.port) as sock:
            sock.sendall(head + b"\r\n\r\n")
            assert hear_until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 100")
            sock.sendall(body)
            assert b"data: 1" in hear(sock).raw
        assert "expect" not in {name.lower() for name, _ in server.transcript().served[0].request.headers}


def test_the_request_goes_up_as_it_came(tmp_path: Path) -> None:
    with LoopbackServer(Exchange.single(Delivery((HEAD, End())))) as server:
        with taping(server.base_url, tmp_path / "p" / "n") as tape:
            ask(
                tape.port,
                "hi",
                f"Authorization: Bearer {KEY}",
                "Accept-Encoding: gzip, br",
                "X-Odd-Case: 1",
                "TE: trailers",
            )
            tape.finish()
        (served,) = server.transcript().served
    headers = dict(served.request.headers)
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Accept-Encoding"] == "gzip, br"
    assert headers["X-Odd-Case"] == "1"
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert "TE" not in headers
    assert json.loads(served.request.body)["input"] == "hi"
    kept = dict(load(tmp_path / "p" / "n").interactions[0].request.headers)
    assert kept["Authorization"].startswith("redacted-x")
    assert kept["Accept-Encoding"] == "gzip, br"


def test_other_requests_pass_and_are_not_recorded(tmp_path: Path) -> None:
    with (
        LoopbackServer(Exchange.single(Delivery((HEAD, End())))) as server,
        taping(server.base_url, tmp_path / "p" / "n") as tape,
        connection(tape.port) as sock,
    ):
        sock.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"only POST requests are replayed" in hear(sock).raw
        assert tape.finish().interactions == 0
    assert not (tmp_path / "p").exists()


def test_an_upstream_that_is_not_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with taping(f"http://127.0.0.1:{port}", tmp_path / "p" / "n") as tape:
        answer = ask(tape.port, "hi").raw
        assert answer.startswith(b"HTTP/1.1 502")
        assert b"cannot be reached" in answer
        assert tape.finish().interactions == 0


@pytest.mark.parametrize("nonsense", [b"HELO mail\r\n\r\n", b"GET http://example.test/ HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_client_that_asks_for_something_else(nonsense: bytes, tmp_path: Path) -> None:
    with taping("http://127.0.0.1:9/v1", tmp_path / "p" / "n") as tape, connection(tape.port) as sock:
        sock.sendall(nonsense)
        assert hear(sock).raw.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])
def test_an_upstream_that_speaks_nonsense_is_passed_on_and_cut(said: bytes, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_say, args=(listener, said))
        thread.start()
        with taping(f"http://127.0.0.1:{listener.getsockname()[1]}", tmp_path / "p" / "n") as tape:
            assert ask(tape.port, "hi").raw == said
            tape.finish()
        thread.join()
    assert load(tmp_path / "p" / "n").interactions[0].response.ending == "cut"


def _say(listener: socket.socket, said: bytes) -> None:
    sock, _ = listener.accept()
    with sock:
        sock.recv(65_536)
        sock.sendall(said)


def test_two_hundred_streams_at_once(tmp_path: Path) -> None:
    deltas = [delta(f"word{number} ") for number in range(8)]
    served = Delivery((HEAD, *(action for part in deltas for action in (Wait(5), Send(part))), End()))
    answers: list[bytes] = []
    with LoopbackServer(Exchange.single(served)) as server, taping(server.base_url, tmp_path / "p" / "n") as tape:
        threads = [threading.Thread(target=lambda: answers.append(ask(tape.port, "same").raw)) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tape.finish().interactions == 200
    assert len({*answers}) == 1
    entries = load(tmp_path / "p" / "n").interactions
    assert all(entry.response.body == served.body and len(entry.response.chunks) == 8 for entry in entries)
