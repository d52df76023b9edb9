"""The stage whose processes are started by somebody else: what they tell of themselves is the transcript."""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.clock import VirtualClock
from harness.consumers import probe
from harness.consumers.base import ConsumerError
from harness.consumers.process import ProcessConsumer
from harness.contract import Capabilities, Case
from harness.delivery import Await, Cut, Delivery, End, Ending, Exchange, Send, Stall, Stdio, Wait
from harness.replay.stdio import LineServer, NeverAnswers
from tests.unit.appserver.playing import line
from tests.unit.consumers import scripted

ASKED = [line(id=n, method="turn/start") for n in (1, 2)]
AWAITED = [Await(said.decode()) for said in ASKED]


def turn(*actions, ending=None, **stdio) -> Delivery:
    return Delivery((Stdio(**stdio), *actions, ending or End()))


class Staged:
    """A stage, and the client of its processes."""

    def __init__(self, *turns: Delivery) -> None:
        self.clock = VirtualClock()
        self.server = LineServer(Exchange({(n, 0): entry for n, entry in enumerate(turns)}), self.clock)
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self.server.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self._started.append(process)
        return process

    def close(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()
        self.server.close()


@pytest.fixture
def staged() -> Iterator[type[Staged]]:
    opened: list[Staged] = []

    class Kept(Staged):
        def __init__(self, *turns: Delivery) -> None:
            super().__init__(*turns)
            opened.append(self)

    yield Kept
    for stage in opened:
        stage.close()


def say(process: subprocess.Popen[bytes], words: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(words)


def hear(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


def leave(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def test_the_transcript_says_what_each_turn_was_told_and_how_it_ended(staged):
    stage = staged(turn(AWAITED[0], Send(b"one\n")), turn(AWAITED[1], Send(b"two\n"), ending=Stall()))
    process = stage.start()
    say(process, ASKED[0])
    assert hear(process) == b"one\n"
    (entry,) = stage.server.transcript().served
    assert (entry.turn, entry.body, entry.request.body, entry.ending) == (0, b"one\n", ASKED[0], Ending.OPEN)
    say(process, ASKED[1])
    assert hear(process) == b"two\n"
    leave(process)
    one, two = stage.server.transcript().served
    assert (one.turn, one.body, one.ending) == (0, b"one\n", Ending.COMPLETE)
    assert (two.turn, two.body, two.request.body, two.ending) == (1, b"two\n", ASKED[1], Ending.LEFT)


def test_a_line_that_is_heard_in_pieces_is_one_line(staged):
    stage = staged(turn(AWAITED[0], Send(b"one\n")))
    process = stage.start()
    say(process, ASKED[0][:7])
    say(process, ASKED[0][7:])
    assert hear(process) == b"one\n"
    assert stage.server.transcript().served[0].request.body == ASKED[0]


def test_a_wait_is_over_when_the_clock_says_so(staged):
    stage = staged(turn(Send(b"early\n"), Wait(3_600_000), Send(b"late\n")))
    process = stage.start()
    assert hear(process) == b"early\n"
    stage.server.transcript()
    assert not select.select([process.stdout], [], [], 0.05)[0]
    while not select.select([process.stdout], [], [], 0.01)[0]:
        stage.clock.sleep(3_600)  # the process may not have told of its wait before the first of these
        stage.server.transcript()
    assert hear(process) == b"late\n"


def test_a_new_process_plays_from_where_the_last_one_ended(staged):
    stage = staged(turn(Send(b"one\n"), ending=Cut(), exit_code=3), turn(Send(b"two\n")))
    first = stage.start()
    assert hear(first) == b"one\n"
    assert first.wait() == 3
    second = stage.start()
    assert hear(second) == b"two\n"
    leave(second)
    told = [(entry.turn, entry.body, entry.ending) for entry in stage.server.transcript().served]
    assert told == [(0, b"one\n", Ending.CUT), (1, b"two\n", Ending.COMPLETE)]


def test_a_turn_that_is_asked_of_a_process_that_has_ended_was_asked_of_nobody(staged):
    stage = staged(turn(AWAITED[0], Send(b"one\n")), turn(ending=Cut(), exit_code=101))
    process = stage.start()
    say(process, ASKED[0])
    assert process.wait() == 101
    told = [(entry.turn, entry.body, entry.ending) for entry in stage.server.transcript().served]
    assert told == [(0, b"one\n", Ending.COMPLETE), (1, b"", Ending.CUT)]


def test_a_client_that_reads_nothing_and_leaves_took_what_its_pipe_took(staged):
    body = b"x" * 1_000_000 + b"\n"
    stage = staged(turn(Send(body)))
    process = stage.start()
    assert select.select([process.stdout], [], [], 10)[0]
    leave(process)
    (entry,) = stage.server.transcript().served
    assert (entry.ending, entry.taken < len(body)) == (Ending.LEFT, True)


def test_a_client_that_numbers_its_requests_otherwise_is_no_finding(staged):
    stage = staged(turn(AWAITED[0], Send(b"one\n")))
    process = stage.start()
    say(process, line(id=7, method="turn/start"))
    say(process, ASKED[0])
    assert hear(process) == b"one\n"
    with pytest.raises(NeverAnswers, match="not numbered"):
        stage.server.transcript()


def test_a_driver_is_told_what_to_start_and_judged_by_what_that_has_seen(tmp_path: Path):
    consumer = ProcessConsumer(
        scripted.program(tmp_path, ["start"], ["talk"], capabilities=Capabilities(app_server=True))
    )
    try:
        exchange = probe.exchange_for(consumer.capabilities)
        observation = consumer.run(probe.CASE, exchange)
    finally:
        consumer.close()
    (entry,) = observation.transcript.served
    assert probe.complaint(observation.outcome, consumer.capabilities) is None
    assert (entry.body, entry.ending) == (exchange.deliveries[0, 0].body, Ending.COMPLETE)
    assert [json.loads(said)["method"] for said in entry.request.body.splitlines()][-1] == "turn/start"


@pytest.mark.parametrize("speaks_lines", [True, False])
def test_who_reads_one_kind_is_not_served_the_other(tmp_path: Path, speaks_lines: bool):
    promised, other = Capabilities(app_server=speaks_lines), Capabilities(app_server=not speaks_lines)
    consumer = ProcessConsumer(scripted.program(tmp_path, ["start"], capabilities=promised))
    with pytest.raises(ConsumerError, match="this exchange is one of"):
        consumer.run(Case("case-1", ""), probe.exchange_for(other))
