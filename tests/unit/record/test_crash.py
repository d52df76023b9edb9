"""Killed at any moment: what had been forwarded is kept, is a valid cassette, and no secret was ever on the disk."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.cassette import load
from harness.delivery import Delivery, End, Exchange, Head, Send, Stall, Wait
from harness.record.events import Came, Ended, Headed, Opened, Unpacker, pack
from harness.record.finish import heal
from harness.record.journal import Journal
from harness.record.keeper import LocalKeeper
from harness.record.restore import CUT_BY_RECORDER, restore
from harness.record.target import Target, journals
from harness.replay import LoopbackServer
from tests.unit.cassette.planted import KEY, PLACES, delta
from tests.unit.record.taping import hear_until, request

OPENED = Opened(
    0, "POST", "/v1/responses", (("Authorization", f"Bearer {KEY}"),), json.dumps({"input": f"my\n{KEY}"}).encode()
)
HEADED = Headed(0, 1.0, 200, (("content-type", "text/event-stream"), ("transfer-encoding", "chunked")), "chunked")


@contextmanager
def recorder(upstream: str, out: Path) -> Iterator[tuple[subprocess.Popen, int]]:
    code = "from harness.record.commands import record; record()"
    arguments = [sys.executable, "-c", code, "--upstream", upstream, "--out", str(out)]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    try:
        yield process, int(process.stderr.readline().rpartition(":")[2].partition("/")[0])
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, f"{path} never came"


def on_disk(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.realtime
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_recorder_that_is_killed_mid_stream(number: int, tmp_path: Path, state: Path) -> None:
    parts = [delta(f"word{index} ") for index in range(30)]
    first = Delivery((Head(), *map(Send, parts), End()))
    second = Delivery((Head(), *map(Send, parts[:20]), Send(delta("the last sk-")), Stall()))
    out = tmp_path / "p" / "n"
    with (
        LoopbackServer(Exchange({(0, 0): first, (1, 0): second})) as server,
        recorder(server.base_url, out) as (process, port),
        socket.create_connection(("127.0.0.1", port), timeout=10) as sock,
    ):
        sock.sendall(request("one", close=False))
        hear_until(sock, b"0\r\n\r\n")
        sock.sendall(request("two", close=False))
        hear_until(sock, b"the last sk-")
        process.send_signal(number)
        wait_for(out / "cassette.yaml")
    one, two = load(out).interactions
    assert (one.response.body, one.response.ending) == (first.body, "fin")
    assert (two.response.body, two.response.ending) == (second.body, "cut"), "also what redaction was holding back"
    assert len(two.response.chunks) == 21
    assert CUT_BY_RECORDER in load(out).tags
    until = time.monotonic() + 10
    while list((state / "journals").iterdir()):
        assert time.monotonic() < until, "nothing is left behind"


@pytest.mark.realtime
def test_a_recorder_whose_keeper_is_killed_stops_and_the_next_one_finishes(tmp_path: Path, state: Path) -> None:
    """What nobody could redact any more is not forwarded either; what was on disk is found by the next recording."""
    served = Delivery(
        (Head(), *[Send(delta(f"word{index} ")) for index in range(400)], Wait(400), Send(delta("late")), Stall())
    )
    out = tmp_path / "p" / "n"
    with LoopbackServer(Exchange.single(served)) as server:
        with (
            recorder(server.base_url, out) as (process, port),
            socket.create_connection(("127.0.0.1", port), timeout=10) as sock,
        ):
            sock.sendall(request("one"))
            hear_until(sock, b"word399 ")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            until = time.monotonic() + 10
            while not any(path.stat().st_size > 20_000 for path in (state / "journals").rglob("*.body")):
                assert time.monotonic() < until
            os.kill(int(children[0]), signal.SIGKILL)
            assert process.wait(20) == 3
        (outcome,) = heal()
    assert outcome.cut
    body = load(out).interactions[0].response.body
    assert len(body) > 20_000
    assert served.body.startswith(body)


def test_a_journal_is_a_valid_cassette_after_every_byte_and_never_holds_the_secret(tmp_path: Path) -> None:
    body = b"".join(place(KEY) for place in PLACES.values() if place is not PLACES["in an unfinished frame"])
    journal = Journal(Target.at(tmp_path / "p" / "n"), tmp_path / "journals")
    sent = b""
    journal.take(OPENED)
    journal.take(HEADED)
    for start in range(0, len(body), 50):
        chunk = body[start : start + 50]
        journal.take(Came(0, float(start), True, chunk))
        sent += chunk
        response = restore(journal.folder).cassette.interactions[0].response
        assert len(response.body) <= len(sent)
        assert all(offset < len(response.body) for offset, _ in response.chunks)
        assert KEY[:12].encode() not in on_disk(journal.folder)
    journal.close()
    restored = restore(journal.folder).cassette
    assert len(restored.interactions[0].response.body) == len(body)
    assert restored.interactions[0].request.redacted == ("header:authorization", "/input")


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    journal = Journal(Target.at(tmp_path / "p" / "n"), tmp_path / "journals")
    for event in (OPENED, HEADED, Came(0, 2.0, True, delta("a ")), Ended(0, 3.0, "fin")):
        journal.take(event)
    journal.close()
    log = journal.folder / "0.jsonl"
    whole = log.read_bytes()
    for size in range(len(whole)):
        log.write_bytes(whole[:size])
        restored = restore(journal.folder).cassette
        assert [entry.response.ending for entry in restored.interactions] in ([], ["cut"])
    log.write_bytes(whole)
    assert restore(journal.folder).cassette.interactions[0].response.ending == "fin"


def test_a_recording_under_way_is_not_taken_for_a_leftover(tmp_path: Path) -> None:
    keeper = LocalKeeper(Target.at(tmp_path / "p" / "n"))
    keeper.take(OPENED)
    assert list(journals().iterdir())
    assert list(heal()) == []
    assert keeper.finish().cut


def test_a_leftover_does_not_replace_what_came_later(tmp_path: Path) -> None:
    left, later = (LocalKeeper(Target.at(tmp_path / "p" / "n")) for _ in range(2))
    left.take(OPENED)
    later.take(OPENED)
    assert later.finish().saved
    assert "something else stands in its place" in left.finish().why


def test_events_cross_the_pipe_in_any_pieces() -> None:
    events = [OPENED, HEADED, Came(0, 2.5, True, b"\x00\xff"), Ended(0, 3.0, "reset")]
    data, unpacker = b"".join(map(pack, events)), Unpacker()
    assert [event for byte in data for event in unpacker.feed(bytes([byte]))] == events
    assert list(unpacker.feed(pack(OPENED)[:-1])) == []
