"""The server that plays a talk in lines: a real process, in time that does not pass while anybody has work to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.clock import VirtualClock
from harness.delivery import Await, Cut, Delivery, End, Ending, Exchange, Send, Stall, Stdio, Wait
from harness.replay import NeverEnds
from harness.replay.stdio import NeverAnswers, ScriptedServer
from harness.replay.stdio.program import like
from harness.replay.stdio.script import steps_of
from harness.replay.stdio.talk import PROGRAM
from harness.runtime.appserver import Process
from tests.unit.appserver.playing import line

HELLO = Await(json.dumps({"id": 1, "method": "initialize"}))
GREETING = line(id=1, method="initialize")


def turn(*actions, ending=None, **stdio) -> Delivery:
    return Delivery((Stdio(**stdio), *actions, ending or End()))


class Played:
    """One process of an exchange, at the client's end."""

    def __init__(self, *turns: Delivery) -> None:
        self.clock = VirtualClock()
        self.server = ScriptedServer(Exchange({(n, 0): entry for n, entry in enumerate(turns)}), self.clock)

    def __enter__(self) -> Played:
        self.server.__enter__()
        self.start()
        return self

    def start(self) -> None:
        self.pipes = self.server.attach(Process(self.server.command(), environment={}))

    def __exit__(self, *error) -> None:
        self.pipes.end(at_fault=True)
        self.server.__exit__(*error)

    def read_all(self, within_s: float | None = 1.0) -> bytes:
        read = b""
        while chunk := self.pipes.read(within_s):
            read += chunk
        return read


def test_what_is_said_waits_for_what_it_answers():
    with Played(turn(Send(b"early\n"), HELLO, Send(b"answer\n"))) as play:
        assert play.pipes.read(5) == b"early\n"
        assert play.pipes.read(5) is None
        play.pipes.send(GREETING)
        assert play.pipes.read(5) == b"answer\n"
        assert play.clock.now() == 5


def test_a_wait_of_hours_is_over_at_once_and_to_the_second():
    with Played(turn(Wait(3_600_000), Send(b"late\n"), Wait(500), Send(b"later\n"))) as play:
        assert play.pipes.read(7_200) == b"late\n"
        assert play.clock.now() == 3_600
        assert play.pipes.read(0.5) == b"later\n", "what comes in the instant of the deadline is in time"
        assert play.clock.now() == 3_600.5


def test_patience_that_ends_before_the_wait_is_over_leaves_the_rest_of_it():
    with Played(turn(Wait(10_000), Send(b"late\n"))) as play:
        assert play.pipes.read(4) is None
        assert play.clock.now() == 4
        assert play.pipes.read(6) == b"late\n"
        assert play.clock.now() == 10


def test_time_stands_still_while_bytes_are_under_way():
    data = b"x" * 5_000_000 + b"\n"
    with Played(turn(HELLO, Send(data), ending=Stall())) as play:
        play.pipes.send(GREETING)
        read = 0
        while read < len(data):
            chunk = play.pipes.read(0.001)
            assert chunk is not None
            read += len(chunk)
        assert play.clock.now() == 0
        assert play.pipes.read(900) is None
        assert play.clock.now() == 900


def test_nobody_waits_for_ever():
    with Played(turn(ending=Stall())) as play, pytest.raises(NeverEnds):
        play.pipes.read(None)


@pytest.mark.parametrize(("code", "ending"), [(0, "exit code 0"), (101, "exit code 101"), (-9, "killed by SIGKILL")])
def test_it_ends_as_it_is_told_to(code, ending):
    with Played(turn(HELLO, Send(b"half"), ending=Cut(), exit_code=code, stderr="last words\n")) as play:
        play.pipes.send(GREETING)
        assert play.read_all() == b"half"
        assert (play.pipes.ending, play.pipes.stderr) == (ending, "last words")


def test_the_transcript_says_what_each_turn_was_told_and_how_it_ended():
    asked = [line(id=n, method="turn/start") for n in (1, 2)]
    awaited = [Await(said.decode()) for said in asked]
    first, second = turn(awaited[0], Send(b"one\n")), turn(awaited[1], Send(b"two\nthree\n"), ending=Stall())
    with Played(first, second) as play:
        play.pipes.send(asked[0])
        assert play.pipes.read(1) == b"one\n"
        assert [(entry.turn, entry.ending) for entry in play.server.transcript().served] == [(0, Ending.OPEN)]
        play.clock.sleep(3)
        play.pipes.send(asked[1])
        play.read_all(within_s=2)
        play.pipes.end(at_fault=True)
        one, two = play.server.transcript().served
        assert (one.turn, one.body, one.request.body, one.ending) == (0, b"one\n", asked[0], Ending.COMPLETE)
        assert (two.turn, two.body, two.request.body, two.ending) == (1, b"two\nthree\n", asked[1], Ending.LEFT)
        assert (one.opened_ms, one.closed_ms, two.opened_ms, two.closed_ms) == (0, 3_000, 3_000, 5_000)


def test_a_client_that_reads_no_further_took_no_more():
    with Played(turn(Send(b"one\n"), HELLO, Send(b"two\n"))) as play:
        assert play.pipes.read(1) == b"one\n"
        play.pipes.end(at_fault=False)
        (entry,) = play.server.transcript().served
        assert (entry.body, entry.ending) == (b"one\n", Ending.LEFT)


def test_a_new_process_plays_from_where_the_last_one_ended():
    with Played(turn(Send(b"one\n"), ending=Cut()), turn(Send(b"two\n"))) as play:
        assert play.read_all() == b"one\n"
        play.pipes.end(at_fault=True)
        play.start()
        assert play.pipes.read(1) == b"two\n"
        play.pipes.end(at_fault=True)
        endings = [(entry.turn, entry.ending) for entry in play.server.transcript().served]
        assert endings == [(0, Ending.CUT), (1, Ending.COMPLETE)]


def test_a_client_that_numbers_its_requests_otherwise_is_no_finding():
    with Played(turn(HELLO, Send(b"answer\n"))) as play:
        play.pipes.send(line(id=7, method="initialize"))
        with pytest.raises(NeverAnswers, match="not numbered"):
            play.pipes.read(5)


def test_nothing_is_left_of_it():
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    with Played(turn(HELLO, ending=Stall())) as play:
        folder = Path(play.server._folder)
        play.pipes.read(1)
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before
    assert not folder.exists()


@pytest.mark.parametrize(
    ("said", "wanted", "alike"),
    [
        ({"id": 1, "method": "a", "params": {"x": 1}}, {"id": 1, "method": "a"}, True),
        ({"id": 2, "method": "a"}, {"id": 1, "method": "a"}, False),
        ({"id": 1, "method": "b"}, {"id": 1, "method": "a"}, False),
        ({"method": "a"}, {"method": "a"}, True),
        ({"id": 0, "error": {"code": 1}}, {"id": 0, "error": {"code": 2}}, True),
        ({"id": 0, "result": {}}, {"id": 0, "error": {"code": 2}}, False),
        ({"id": 0, "result": {"decision": "decline"}}, {"id": 0, "result": {"decision": "accept"}}, False),
        ([], {"id": 0, "result": {}}, False),
    ],
)
def test_which_line_is_the_awaited_one(said, wanted, alike):
    assert like(said, wanted) is alike


def test_alone_it_plays_in_real_time_for_any_client(tmp_path):
    script = tmp_path / "script.json"
    whole = turn(HELLO, Send(b"answer\n"), Wait(20), ending=Cut(), exit_code=3, stderr="bye")
    script.write_text(json.dumps(steps_of([whole])))
    done = subprocess.run([sys.executable, "-I", "-S", str(PROGRAM), str(script)], input=GREETING, capture_output=True)
    assert (done.stdout, done.stderr, done.returncode) == (b"answer\n", b"bye", 3)
