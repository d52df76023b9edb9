"""A program that knows nothing of it lives on a clock that the harness drives: its waits, its processes, its verdicts.

Times are taken on the program's own clock, where a slow machine changes nothing that is asserted; of real time, only
that it is a fraction of what was waited for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign.waiting import observe
from harness.clock import RealClock
from harness.consumers import probe
from harness.consumers.base import NoVerdict
from harness.consumers.hurry import Hurried, HurriedClock, Unavailable
from harness.consumers.hurry.household import Household
from harness.consumers.hurry.library import library
from harness.consumers.process import ProcessConsumer, Program
from harness.contract import Capabilities, Case
from harness.contract.capabilities import Deadlines
from harness.delivery import Delivery, End, Ending, Exchange, Head, Stall, Wait
from harness.judge import Mark, judge

HERE = Path(__file__).parent / "hurried"
SCALE = 50
SECONDS = 20.0
"""Of each wait."""

pytestmark = pytest.mark.realtime


def lack() -> str:
    """Why time cannot be hurried here."""
    try:
        library()
    except Unavailable as error:
        return str(error)
    return ""


hurries = pytest.mark.skipif(bool(lack()), reason=lack())
LANGUAGES = [
    pytest.param([sys.executable], "py", id="python"),
    pytest.param(
        ["node"],
        "mjs",
        id="node",
        marks=pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here"),
    ),
]


@pytest.fixture
def hurried():
    made = Hurried(SCALE)
    yield made
    made.close()


@hurries
@pytest.mark.parametrize(("command", "suffix"), LANGUAGES)
def test_all_its_waits_last_as_long_as_they_should_on_its_own_clock(hurried, command, suffix):
    script = [*command, str(HERE / f"waits.{suffix}"), str(SECONDS)]
    began = pushed = time.monotonic()
    with subprocess.Popen(
        script, env={**os.environ, **hurried.variables}, stdout=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            time.sleep(0.005)
            hurried.clock.advance(min(0.01, (now := time.monotonic()) - pushed) * (SCALE - 1))
            pushed = now
        told = process.stdout.read()
    took = [line.split("\t") for line in told.splitlines()]
    assert process.returncode == 0
    assert len(took) >= 6
    # A twentieth of a second is what a program's own rounding may take off.
    early = {name: took_s for name, *both in took for took_s in both if float(took_s) < SECONDS - 0.05}
    assert early == {}
    assert time.monotonic() - began < len(took) * SECONDS / 2


@hurries
@pytest.mark.parametrize(("command", "suffix"), LANGUAGES)
class TestStalls:
    """A tiny program of our own behind the driver protocol."""

    @pytest.fixture
    def tiny(self, command, suffix):
        consumer = ProcessConsumer(program(command, suffix))
        yield consumer
        consumer.close()

    def test_it_gives_up_when_its_deadline_has_passed_on_its_own_clock(self, tiny):
        seen = observe(tiny, case(idle_ms=90_000), Exchange.single(delivery(Stall())))
        turn, served = seen.outcome.turns[0], seen.transcript.served[0]
        assert (turn.ended, served.ending) == ("raised", Ending.LEFT)
        assert float(turn.notes) >= 89.9
        assert served.lasted_ms >= 89_900
        assert marks(case(idle_ms=90_000), seen, tiny) <= {Mark.PASS, Mark.SKIPPED}

    def test_it_waits_for_what_comes_before_its_deadline(self, tiny):
        seen = observe(tiny, case(idle_ms=90_000), Exchange.single(delivery(End(), Wait(70_000))))
        turn, served = seen.outcome.turns[0], seen.transcript.served[0]
        assert turn.ended == "returned"
        assert served.lasted_ms >= 70_000
        assert seen.undue_ms < 20_000, "the machine was so slow that the deadline was near"

    def test_who_never_gives_up_is_hung_by_its_own_clock(self, tiny):
        promised = replace(tiny.capabilities, deadlines=Deadlines(idle_ms=30_000))
        tiny._program = replace(tiny._program, capabilities=promised)
        seen = observe(tiny, case(), Exchange.single(delivery(Stall())))
        assert seen.outcome.turns[0].ended == "hung"
        assert seen.transcript.served[0].lasted_ms >= 30_000
        verdicts = judge(case(), seen.outcome, seen.transcript, promised)
        assert next(v for v in verdicts if v.invariant == "ends-in-time").mark is Mark.FAIL


def test_without_a_compiler_it_is_not_run_and_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("STREAM_HARNESS_CACHE", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    library.cache_clear()
    consumer = ProcessConsumer(program([sys.executable], "py"))
    with pytest.raises(NoVerdict, match="none is on the PATH"):
        consumer.run(case(), probe.EXCHANGE)
    library.cache_clear()


def test_a_compiler_that_cannot_is_quoted(monkeypatch, tmp_path):
    compiler = tmp_path / "broken"
    compiler.write_text("#!/bin/sh\necho 'preload.c:1: error: no such thing' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setenv("STREAM_HARNESS_CACHE", str(tmp_path))
    library.cache_clear()
    with pytest.raises(Unavailable, match="no such thing"):
        library()
    library.cache_clear()


@hurries
def test_a_process_that_keeps_its_own_clock_leaves_no_verdict():
    consumer = ProcessConsumer(program([sys.executable], "py", "stranger"))
    with pytest.raises(NoVerdict, match="sleep keeps a clock of its own"):
        consumer.run(case(idle_ms=60_000), Exchange.single(delivery(Stall())))
    consumer.close()


def test_a_household_sleeps_when_all_its_threads_do(tmp_path):
    spinning = subprocess.Popen([sys.executable, "-c", "input()\nwhile True: pass"], stdin=subprocess.PIPE)
    try:
        household = Household(spinning.pid, tmp_path)
        assert eventually(lambda: household.asleep)
        spinning.stdin.write(b"\n")
        spinning.stdin.flush()
        assert eventually(lambda: not household.asleep)
        assert eventually(lambda: not household.asleep and household.strangers)
    finally:
        spinning.kill()
        spinning.communicate()


class TestClock:
    @pytest.fixture
    def clock(self, tmp_path):
        made = HurriedClock(tmp_path / "clock", SCALE)
        yield made
        made.close()

    def test_it_is_the_machines_clock_until_it_is_put_ahead(self, clock):
        before, now, after = RealClock().now(), clock.now(), RealClock().now()
        assert before <= now <= after
        clock.advance(900)
        assert clock.now() >= before + 900
        clock.advance(-5)
        assert clock.now() >= before + 900

    def test_who_waits_looks_again_as_soon_as_the_fastest_clock_would_be_there(self, clock):
        due = clock.now() + 500
        assert 9.0 <= clock.look_s(due) <= 500 / SCALE
        clock.advance(499.999)
        assert 0 <= clock.look_s(due) <= 0.004
        clock.advance(1)
        assert clock.look_s(due) == 0

    def test_a_sleep_is_over_when_its_time_has_come(self, clock):
        over = threading.Event()

        def drive():
            while not over.wait(0.01):
                clock.advance(60)

        driver = threading.Thread(target=drive)
        driver.start()
        assert clock.sleep(600) is False
        over.set()
        driver.join()
        assert clock.sleep(600, set_event()) is True

    def test_a_timer_rings_at_its_time_unless_it_is_cancelled(self, clock):
        rung, never = threading.Event(), threading.Event()
        clock.call_later(0.2 * SCALE, rung.set)
        clock.call_later(0.2 * SCALE, never.set).cancel()
        assert not rung.is_set()
        clock.advance(60)
        assert rung.wait(60)
        assert not never.is_set()


def program(command: list[str], suffix: str, *options: str) -> Program:
    full = Capabilities(
        items=False,
        usage="none",
        streams=False,
        requests_per_turn=1,
        declared_errors=("TimeoutError",),
        time_scale=SCALE,
    )
    return Program("tiny==1.0@x50", "1.0", [*command, str(HERE / f"tiny.{suffix}"), *options], full)


def case(**timeouts: float) -> Case:
    return Case("case-1", "", timeouts=timeouts)


def delivery(ending: End | Stall, *waits: Wait) -> Delivery:
    """The healthy stream, silent after its third event."""
    events = list(probe.sends(probe.events()))
    rest = events[3:] if isinstance(ending, End) else []
    return Delivery((Head(), *events[:3], *waits, *rest, ending))


def marks(asked, seen, consumer):
    return {verdict.mark for verdict in judge(asked, seen.outcome, seen.transcript, consumer.capabilities)}


def eventually(condition) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event
