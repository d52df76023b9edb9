"""Every ending in every framing looks the same in every way of playing: the socket ways are the proof of the others."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import pytest

from harness.delivery import Cut, Delivery, End, Ending, Framing, Head, Reset, Send, Stall, Wait
from tests.unit.replay.ways import ASYNC, WAYS

CHUNKED, LENGTH, CLOSE = Head(), Head(framing=Framing.LENGTH), Head(framing=Framing.CLOSE)
A, B = Send(b"data: a\n\n"), Send(b"data: b\n\n")
BOTH = A.data + B.data

INCOMPLETE = "RemoteProtocolError: peer closed connection without sending complete message body"
NO_ANSWER = "RemoteProtocolError: Server disconnected without sending a response."
RESET = ("ReadError: [Errno 104] Connection reset by peer", "ReadError: ")
TIMEOUT = ("ReadTimeout: timed out", "ReadTimeout: ")


def length(declared: int) -> Head:
    return Head(framing=Framing.LENGTH, declared_length=declared)


@dataclass(frozen=True)
class Row:
    name: str
    actions: tuple
    ending: Ending
    body: bytes = b""
    error: str | tuple[str, str] = ""
    """As a sync and as an async client is told, where that differs."""
    status: int | None = 200
    timeout: float | None = None

    def told(self, way: str) -> str:
        return self.error if isinstance(self.error, str) else self.error[way in ASYNC]


ROWS = [
    Row("chunked end", (CHUNKED, A, B, End()), Ending.COMPLETE, BOTH),
    Row("chunked end, empty", (CHUNKED, End()), Ending.COMPLETE),
    Row("chunked cut", (CHUNKED, A, B, Cut()), Ending.CUT, BOTH, f"{INCOMPLETE} (incomplete chunked read)"),
    Row("chunked cut, empty", (CHUNKED, Cut()), Ending.CUT, b"", f"{INCOMPLETE} (incomplete chunked read)"),
    Row("chunked reset", (CHUNKED, A, B, Reset()), Ending.RESET, BOTH, RESET),
    Row("chunked reset, empty", (CHUNKED, Reset()), Ending.RESET, b"", RESET),
    Row("length end", (LENGTH, A, B, End()), Ending.COMPLETE, BOTH),
    Row("length end, empty", (LENGTH, End()), Ending.COMPLETE),
    Row("length cut after a whole body", (LENGTH, A, B, Cut()), Ending.COMPLETE, BOTH),
    Row("length reset after a whole body", (LENGTH, A, B, Reset()), Ending.COMPLETE, BOTH),
    Row("length stall after a whole body", (LENGTH, A, B, Stall()), Ending.COMPLETE, BOTH),
    Row("declared too short", (length(9), A, B, End()), Ending.COMPLETE, A.data),
    Row("declared too short, inside a send", (length(12), A, B, End()), Ending.COMPLETE, BOTH[:12]),
    Row("declared nothing", (length(0), A, B, End()), Ending.COMPLETE),
    Row(
        "declared too long",
        (length(99), A, B, End()),
        Ending.CUT,
        BOTH,
        f"{INCOMPLETE} (received 18 bytes, expected 99)",
    ),
    Row("length cut", (length(99), A, Cut()), Ending.CUT, A.data, f"{INCOMPLETE} (received 9 bytes, expected 99)"),
    Row("length cut, empty", (length(99), Cut()), Ending.CUT, b"", f"{INCOMPLETE} (received 0 bytes, expected 99)"),
    Row("length reset", (length(99), A, Reset()), Ending.RESET, A.data, RESET),
    Row("close end", (CLOSE, A, B, End()), Ending.EOF, BOTH),
    Row("close end, empty", (CLOSE, End()), Ending.EOF),
    Row("close cut", (CLOSE, A, B, Cut()), Ending.EOF, BOTH),
    Row("close reset", (CLOSE, A, B, Reset()), Ending.RESET, BOTH, RESET),
    Row("cut before the head", (Cut(),), Ending.CUT, b"", NO_ANSWER, None),
    Row("wait, then cut before the head", (Wait(20), Cut()), Ending.CUT, b"", NO_ANSWER, None),
    Row("reset before the head", (Reset(),), Ending.RESET, b"", RESET, None),
    Row(
        "waits that are short enough", (Wait(5), CHUNKED, Wait(5), A, Wait(5), B, Wait(5), End()), Ending.COMPLETE, BOTH
    ),
    Row("no content", (Head(204, ()), End()), Ending.COMPLETE, status=204),
    Row("no content, with a body", (Head(204, ()), A, End()), Ending.COMPLETE, status=204),
    Row("error status", (Head(500, framing=Framing.LENGTH), A, End()), Ending.COMPLETE, A.data, status=500),
    Row("unheard-of status", (Head(299), A, End()), Ending.COMPLETE, A.data, status=299),
]
TIMED = [
    Row("stall before the head", (Stall(),), Ending.LEFT, b"", TIMEOUT, None, 0.2),
    Row("long wait before the head", (Wait(3_000), CHUNKED, A, End()), Ending.LEFT, b"", TIMEOUT, None, 0.2),
    Row("chunked stall", (CHUNKED, A, Stall()), Ending.LEFT, A.data, TIMEOUT, timeout=0.2),
    Row("length stall", (length(99), A, Stall()), Ending.LEFT, A.data, TIMEOUT, timeout=0.2),
    Row("close stall", (CLOSE, A, Stall()), Ending.LEFT, A.data, TIMEOUT, timeout=0.2),
    Row("stall right after the head", (CHUNKED, Stall()), Ending.LEFT, b"", TIMEOUT, timeout=0.2),
    Row("two waits add up", (CHUNKED, A, Wait(150), Wait(150), B, End()), Ending.LEFT, A.data, TIMEOUT, timeout=0.2),
]


def check(row: Row, way: str) -> None:
    delivery = Delivery(row.actions)
    seen = WAYS[way](delivery, row.timeout)
    assert (seen.status, seen.body, seen.error) == (row.status, row.body, row.told(way))
    assert seen.served.ending is row.ending
    assert seen.served.body == row.body
    assert seen.served.head_taken is (row.status is not None)
    if delivery.head is not None and delivery.head.framing is Framing.CHUNKED and row.status not in (None, 204):
        sent = [action.data for action in row.actions if isinstance(action, Send)]
        assert list(seen.parts) == sent[: len(seen.parts)], "chunked framing shows where one write ended"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_ending_in_every_way(row: Row, way: str) -> None:
    check(row, way)


@pytest.mark.parametrize("way", [way for way in WAYS if "socket" not in way])
@pytest.mark.parametrize("row", TIMED, ids=lambda row: row.name)
def test_read_timeouts_in_virtual_time(row: Row, way: str) -> None:
    check(row, way)


@pytest.mark.realtime
@pytest.mark.parametrize("way", ["socket-httpx", "async-socket-httpx2"])
@pytest.mark.parametrize("row", TIMED, ids=lambda row: row.name)
def test_read_timeouts_on_a_socket(row: Row, way: str) -> None:
    check(row, way)


@pytest.mark.parametrize("way", WAYS)
def test_headers_arrive_as_they_are(way: str) -> None:
    """Order, repetition, case and bytes beyond ASCII; the framing's own header comes last."""
    headers = (("X-One", "a"), ("x-two", "d\u00e9j\u00e0"), ("X-One", "b"))
    seen = WAYS[way](Delivery((Head(headers=headers), A, End())), None)
    expected = [(name.encode(), value.encode()) for name, value in (*headers, ("transfer-encoding", "chunked"))]
    assert list(seen.headers) == expected


@pytest.mark.parametrize("way", WAYS)
def test_an_encoded_body_stays_encoded(way: str) -> None:
    """Decoding it, and telling that it is truncated, is the client's own work."""
    encoded = gzip.compress(BOTH)[:-4]
    delivery = Delivery((Head(headers=(("content-encoding", "gzip"),)), Send(encoded), End()))
    assert WAYS[way](delivery, None).body == encoded
