"""The wait for a response's head ends at the deadline, whatever the server does instead of sending one."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from harness.clock import VirtualClock
from harness.runtime import Client, DeadlineExceeded, Deadlines, HTTPStatusError, Retry, TransportFailed
from tests.unit.runtime.scripts import completed, created, message, sse

BODY = sse([created(), *message(0, "m", "Hel", "lo"), completed()])
BUSY = b"HTTP/1.1 503 busy\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
LIMIT_S = 0.4
MARGIN_S = 5.0
"""What a loaded machine may need; without the deadline each of the servers would go on for far longer."""
LONG_S = 60.0
LONG_REQUEST = "x" * 30_000_000


@contextmanager
def serving(handle):
    """A server that leaves each connection to ``handle(connection, over)``; ``over`` is set when it is to end."""
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    threads = []

    def accept():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=answer, args=(connection,)))
            threads[-1].start()

    def answer(connection):
        with connection:
            try:
                handle(connection, over)
            except OSError:
                return

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in [accepting, *threads]:
            thread.join(MARGIN_S)


def never_reads(connection, over):
    over.wait(LONG_S)


def drips(connection, over):
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
    until = time.monotonic() + LONG_S
    while time.monotonic() < until and not over.wait(0.05):
        connection.sendall(b"y")


def refuses_once(connection, over):
    request = b""
    while b'"stream":true' not in request.replace(b" ", b""):
        request += connection.recv(65_536)
    connection.sendall(BUSY)
    over.wait(LONG_S)


def timed(client, words):
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        client.respond(input=words)
    return caught.value, time.monotonic() - began


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("handle", "words"), [(never_reads, LONG_REQUEST), (drips, "hello")], ids=["an unread request", "a dripping head"]
)
@pytest.mark.parametrize(
    ("limits", "deadline"),
    [({"first_byte_s": LIMIT_S}, "first_byte"), ({"total_s": LIMIT_S}, "total")],
    ids=["first_byte", "total"],
)
def test_on_a_real_socket_the_opening_ends_at_its_deadline(handle, words, limits, deadline):
    with (
        serving(handle) as url,
        Client(base_url=url, deadlines=Deadlines(**limits), retry=Retry(retries=0)) as client,
    ):
        error, took_s = timed(client, words)
    assert (error.deadline, error.requests, error.events) == (deadline, 1, 0)
    assert LIMIT_S <= took_s < LIMIT_S + MARGIN_S


@pytest.mark.realtime
@pytest.mark.parametrize("words", ["hello", LONG_REQUEST], ids=["no answer", "an unread request"])
def test_a_connection_that_was_kept_keeps_the_deadline_too(words):
    # An error is read to its end, and so leaves a connection for the next request.
    limits = Deadlines(first_byte_s=LIMIT_S)
    with serving(refuses_once) as url, Client(base_url=url, deadlines=limits, retry=Retry(retries=0)) as client:
        with pytest.raises(HTTPStatusError):
            client.respond(input="hello")
        _, took_s = timed(client, words)
    assert LIMIT_S <= took_s < LIMIT_S + MARGIN_S


class TestTimeouts:
    """What the HTTP library is told, in virtual time."""

    def seen(self, deadlines, retries=0, timeout=None, takes_s=0.0):
        """The timeouts of each request; each takes so long."""
        clock = VirtualClock()
        seen = []

        def refuse(request):
            seen.append({name: value and round(value, 1) for name, value in request.extensions["timeout"].items()})
            clock.sleep(takes_s)
            raise httpx.ConnectError("refused")

        with httpx.Client(transport=httpx.MockTransport(refuse), timeout=timeout) as http:
            client = Client(
                base_url="http://127.0.0.1:9/v1",
                http_client=http,
                clock=clock,
                deadlines=deadlines,
                retry=Retry(retries=retries),
            )
            with pytest.raises((TransportFailed, DeadlineExceeded)):
                client.respond(input="hello")
        return seen

    def test_all_waits_are_held_to_what_is_left(self):
        limits = Deadlines(first_byte_s=5, total_s=7)
        waits = self.seen(limits, retries=2, takes_s=3.0)
        assert waits == [dict.fromkeys(("connect", "read", "write", "pool"), left) for left in (5, 4, 1)]

    def test_a_shorter_one_of_the_callers_own_stays(self):
        timeout = httpx.Timeout(None, connect=15, read=2)
        (waits,) = self.seen(Deadlines(first_byte_s=5), timeout=timeout)
        assert waits == {"connect": 5, "read": 2, "write": 5, "pool": 5}

    def test_without_deadlines_nothing_is_changed(self):
        (waits,) = self.seen(Deadlines(), timeout=httpx.Timeout(None, connect=15))
        assert waits == {"connect": 15, "read": None, "write": None, "pool": None}

    def test_when_the_response_is_there_the_callers_own_stand_again(self):
        requests = []

        def good(request):
            requests.append(request)
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=BODY)

        with httpx.Client(transport=httpx.MockTransport(good), timeout=9) as http:
            client = Client(base_url="http://127.0.0.1:9/v1", http_client=http, deadlines=Deadlines(first_byte_s=5))
            assert client.respond(input="hello").text == "Hello"
        assert set(requests[0].extensions["timeout"].values()) == {9}
        assert "trace" not in requests[0].extensions
