"""The simulation tells the truth: a few stalls, once in simulated time and once on real sockets, come to the same.

What is compared never depends on how fast the machine is: outcomes and what was served, not times. Only a machine that
needs a whole second for a stream of some kilobytes on its own loopback could make a difference.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from harness.campaign.library import Library
from harness.clock import VirtualClock
from harness.consumers.adapters.conversation import MODEL, Trace
from harness.consumers.adapters.runtime_turn import turn_of_call
from harness.consumers.registry import open_consumer
from harness.contract import Outcome
from harness.delivery import Ending
from harness.judge import Mark, judge
from harness.replay import LoopbackServer
from harness.replay.pace import Steady
from harness.runtime import Client, Deadlines

ROOT = Path(__file__).parents[3]
LIBRARY = Library(ROOT / "scenarios", ROOT / "cassettes")
REAL = Deadlines(first_byte_s=1.0, idle_s=1.0)
"""In place of 45 s and 300 s."""
RATE = 1 / 50
"""Real seconds for a second of a delivery: keep-alives every 0.3 s for 18 s, which is more than both deadlines."""

pytestmark = pytest.mark.realtime


def in_real_time(case, exchange):
    """The turn, what was served, and the threads that are still there."""
    with LoopbackServer(exchange, pace=Steady(RATE)) as server:
        before = threading.active_count()
        with httpx.Client(timeout=None) as http:
            client = Client(base_url=server.base_url, http_client=http, deadlines=REAL)
            asked = [{"role": "user", "content": case.turns[0]["input"]}]

            def respond(callbacks):
                return client.respond(model=MODEL, input=asked, callbacks=callbacks)

            turn = turn_of_call(respond, Trace(VirtualClock()))
            transcript = server.transcript()
        return turn, transcript, _settled(before)


def _settled(before):
    """The shared timer thread ends by itself, a moment after its last timer."""
    until = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    return threading.active_count() - before


def told(turn, transcript):
    """What must be the same: no times, no limits, no attempt numbers, which only the adapter's HTTP hook knows.

    A whole body that the kernel took over counts as complete on a socket, before the client has read its end.
    """
    failure = turn.failure.chain[0].type if turn.failure else None
    trace = [(entry.kind, entry.data) for entry in turn.trace if entry.kind != "reset"]
    served = [(entry.attempt, entry.ending is Ending.OPEN, entry.head_taken) for entry in transcript.served]
    return turn.ended, turn.status, turn.text, turn.items, turn.usage, failure, trace, served


@pytest.mark.parametrize(
    "case_id",
    [
        "stall/head-never-then-success@codex/text",
        "stall/created-then-nothing@openai/text",
        "stall/inside-a-frame-then-success@codex/text",
        "stall/inside-arguments-then-success@openai/parallel-calls",
        "stall/keep-alives-mid-stream-then-success@codex/text",
        "stall/after-the-terminal@codex/text",
    ],
)
def test_real_sockets_come_to_what_the_simulation_says(case_id):
    case, exchange = LIBRARY.case(case_id).prepare()
    runtime = open_consumer("runtime")
    simulated = runtime.run(case, exchange)
    turn, transcript, threads_left = in_real_time(case, exchange)
    assert told(turn, transcript) == told(simulated.outcome.turns[0], simulated.transcript)
    assert threads_left == 0
    ms = {"first_byte_ms": 1_000 / RATE, "idle_ms": 1_000 / RATE}
    verdicts = judge(replace(case, timeouts=ms), Outcome("runtime", "", (turn,)), transcript, runtime.capabilities)
    assert {verdict.mark for verdict in verdicts} <= {Mark.PASS, Mark.SKIPPED}
