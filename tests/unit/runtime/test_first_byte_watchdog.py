"""Stalls: which silence ends a call, when, and that it really ends. Time is virtual but for two cases."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from harness.clock import VirtualClock
from harness.delivery import Cut, Delivery, End, Exchange, Head, Send, Stall, Wait
from harness.replay import LoopbackServer, Player, ReplayTransport
from harness.runtime import (
    NO_TERMINAL,
    Client,
    DeadlineExceeded,
    Deadlines,
    Retry,
    RuntimeStreamError,
    run_stream,
)
from harness.runtime.deadlines import DEFAULT, Watch
from tests.unit.runtime.scripts import Listener, completed, created, message, sse

BODY = sse([created(), *message(0, "m", "Hel", "lo"), completed()])
FIRST, REST = BODY[: len(sse([created()]))], BODY[len(sse([created()])) :]
PING = Send(b": ping\n\n")
ONCE = Retry(retries=0)
LIMITS = Deadlines(first_byte_s=45, idle_s=300, total_s=3_600)


def play(*actions, then=None, deadlines=LIMITS, retry=ONCE, read_s=None, callbacks=None):
    """What a client makes of a delivery: its result or error, and the seconds it took."""
    clock = VirtualClock()
    deliveries = {(0, 0): Delivery(actions)}
    if then is not None:
        deliveries[0, 1] = Delivery(then)
    player = Player(Exchange(deliveries), clock)
    with httpx.Client(transport=ReplayTransport(player), timeout=read_s) as http:
        client = Client(base_url="http://127.0.0.1/v1", http_client=http, clock=clock, deadlines=deadlines, retry=retry)
        try:
            outcome = client.respond(input="hello", callbacks=callbacks)
        except RuntimeStreamError as error:
            outcome = error
    assert clock.pending == 0
    return outcome, clock.now()


GOOD = (Head(), Send(BODY), End())


@pytest.mark.parametrize(
    ("actions", "deadline", "ends_s"),
    [
        pytest.param([Stall()], "first_byte", 45, id="no head"),
        pytest.param([Wait(900_000), *GOOD], "first_byte", 45, id="a late head"),
        pytest.param([Head(), Stall()], "first_byte", 45, id="a head and no event"),
        pytest.param([Wait(30_000), Head(), Wait(30_000), Send(BODY), End()], "first_byte", 45, id="a slow beginning"),
        pytest.param([Head(), *[Wait(10_000), PING] * 100, End()], "first_byte", 45, id="keep-alives only"),
        pytest.param([Head(), Send(FIRST), Stall()], "idle", 300, id="one event, then nothing"),
        pytest.param([Head(), Send(FIRST), *[Wait(9_000), PING] * 99, End()], "idle", 300, id="keep-alives later"),
        pytest.param([Head(), Send(FIRST), Send(REST[:9]), Wait(301_000), Cut()], "idle", 300, id="part of a frame"),
        pytest.param(
            [Head(), *[Send(FIRST), Wait(100_000)] * 99, End()], "total", 3_600, id="an event now and then, for ever"
        ),
    ],
)
def test_a_silence_ends_the_call_at_its_deadline(actions, deadline, ends_s):
    error, elapsed = play(*actions)
    assert isinstance(error, DeadlineExceeded)
    assert isinstance(error, TimeoutError)
    assert error.deadline == deadline
    assert f"{deadline} deadline of {error.limit_s:g} s" in str(error)
    assert elapsed == pytest.approx(ends_s, abs=0.01)


@pytest.mark.parametrize(
    "actions",
    [
        pytest.param([Wait(44_000), *GOOD], id="a late head"),
        pytest.param([Wait(45_000), *GOOD], id="an event in the deadline's own instant"),
        pytest.param([Head(), Send(FIRST), Wait(299_000), Send(REST), End()], id="a long silence after the first"),
        pytest.param([Head(), Send(FIRST), Wait(300_000), Send(REST), End()], id="to the instant"),
        pytest.param([Head(), Send(BODY), Stall()], id="nobody waits behind the terminal"),
    ],
)
def test_what_comes_in_time_is_read(actions):
    outcome, _ = play(*actions)
    assert not isinstance(outcome, Exception), outcome
    assert outcome.text == "Hello"


def test_any_decoded_event_is_life():
    reasoning = sse([{"type": "response.reasoning_text.delta", "delta": "hm"}])
    unknown = sse([{"type": "keepalive"}])
    outcome, elapsed = play(
        Head(), *[Send(reasoning), Wait(200_000), Send(unknown), Wait(200_000)] * 4, Send(BODY), End()
    )
    assert outcome.text == "Hello"
    assert elapsed == 1_600


@pytest.mark.parametrize("nothing", [None, 0])
def test_a_deadline_of_nothing_is_none(nothing):
    limits = Deadlines(first_byte_s=nothing, idle_s=nothing, total_s=nothing)
    outcome, elapsed = play(Wait(4_000_000), Head(), Send(FIRST), Wait(4_000_000), Send(REST), End(), deadlines=limits)
    assert (outcome.text, elapsed) == ("Hello", 8_000)


def test_a_stall_is_retried_and_earlier_deltas_are_taken_back():
    listener = Listener()
    begun = sse([created(), *message(0, "m", "Bad")[:3]])
    outcome, elapsed = play(Head(), Send(begun), Stall(), then=GOOD, retry=Retry(), callbacks=listener.callbacks)
    assert (outcome.text, outcome.requests, round(elapsed)) == ("Hello", 2, 300)
    assert listener.names() == ["first", "text", "reset", "text", "text"]


def test_the_total_deadline_spans_the_attempts_and_ends_them():
    limits = Deadlines(idle_s=300, total_s=500)
    error, elapsed = play(Head(), Send(FIRST), Stall(), deadlines=limits, retry=Retry(retries=9))
    assert (error.deadline, error.requests) == ("total", 2)
    assert elapsed == pytest.approx(500, abs=0.01)


def test_a_call_that_is_over_in_the_instant_of_its_silence_is_not_retried():
    limits = Deadlines(first_byte_s=45, total_s=45)
    error, elapsed = play(Head(), Stall(), then=GOOD, deadlines=limits, retry=Retry(retries=9))
    assert (error.deadline, error.requests) == ("total", 1)
    assert elapsed == pytest.approx(45, abs=0.01)


def test_a_stall_says_what_had_arrived():
    error, _ = play(Head(), Send(sse([created(), *message(0, "m", "Hel", "lo")])), Stall())
    assert error.events == 8
    assert "8 events" in str(error)
    assert error.partial.text == "Hello"


def test_a_stall_behind_the_end_mark_has_lost_nothing():
    body = sse([created(), *message(0, "m", "Hello"), "[DONE]"])
    outcome, _ = play(Head(), Send(body), Stall())
    assert (outcome.text, outcome.flags) == ("Hello", {NO_TERMINAL})


def test_the_clients_own_timeout_holds_beside_the_deadlines():
    error, elapsed = play(Head(), Send(FIRST), Stall(), read_s=20)
    assert "ReadTimeout" in str(error)
    assert elapsed == 20


def test_stalls_end_in_the_same_instant_every_time():
    assert len({play(Head(), Wait(900_000), *GOOD[1:])[1] for _ in range(100)}) == 1


def test_an_idle_deadline_shorter_than_the_first_bytes_is_kept_too():
    error, elapsed = play(Head(), Send(FIRST), Stall(), deadlines=Deadlines(first_byte_s=45, idle_s=5))
    assert error.deadline == "idle"
    assert elapsed == pytest.approx(5, abs=0.01)


def test_a_source_without_a_socket_is_closed():
    clock = VirtualClock()
    closed = []

    class Silent:
        def __iter__(self):
            yield created()
            clock.sleep(10)
            if closed:
                raise ConnectionResetError("closed")

        def close(self):
            closed.append(clock.now())

    with pytest.raises(DeadlineExceeded):
        run_stream(Silent, deadlines=Deadlines(idle_s=5), retry=ONCE, clock=clock)
    assert closed[0] == pytest.approx(5, abs=0.01)


class TestWatch:
    def test_only_the_silence_that_is_meant_counts(self):
        watch = Watch(Deadlines(first_byte_s=45, idle_s=300), called=0, opened=10)
        assert (watch.due, watch.exceeded(54.9)) == (55, None)
        assert watch.exceeded(55).deadline == "first_byte"
        watch.last = 54
        assert (watch.due, watch.exceeded(353)) == (354, None)
        assert watch.exceeded(354).deadline == "idle"

    def test_of_two_that_have_passed_the_first_is_named_and_at_the_same_instant_the_total(self):
        limits = Deadlines(first_byte_s=45, idle_s=300, total_s=45)
        named = {called: Watch(limits, called=called, opened=10).exceeded(90).deadline for called in (9, 10, 11)}
        assert named == {9: "total", 10: "total", 11: "first_byte"}
        watch = Watch(Deadlines(idle_s=300, total_s=400), called=0, opened=0)
        watch.last = 100
        assert (watch.due, watch.exceeded(400).deadline) == (400, "total")

    def test_without_deadlines_nothing_is_due(self):
        watch = Watch(Deadlines(), called=0, opened=0)
        assert (watch.due, watch.exceeded(1e9)) == (None, None)

    def test_the_environment_names_the_limits_and_zero_disables(self):
        assert (DEFAULT.first_byte_s, DEFAULT.idle_s, DEFAULT.total_s) == (45.0, 300.0, None)
        environment = {
            "HERMES_CODEX_TTFB_TIMEOUT_SECONDS": "0",
            "HERMES_CODEX_EVENT_STALE_TIMEOUT_SECONDS": "7.5",
        }
        limits = Deadlines.from_environment(environment)
        assert limits.idle_s == 7.5
        assert Watch(limits, called=0, opened=0).due is None


TTFB, STALE = "HERMES_CODEX_TTFB_TIMEOUT_SECONDS", "HERMES_CODEX_EVENT_STALE_TIMEOUT_SECONDS"


class TestEnvironment:
    """The process' own environment, read when a client is made."""

    @pytest.fixture(autouse=True)
    def bare(self, monkeypatch):
        for name in (TTFB, STALE):
            monkeypatch.delenv(name, raising=False)

    def test_is_what_a_client_keeps_when_it_is_given_nothing(self, monkeypatch):
        monkeypatch.setenv(TTFB, "7")
        monkeypatch.setenv(STALE, "9")
        error, elapsed = play(Stall(), deadlines=None)
        assert (error.deadline, elapsed) == ("first_byte", pytest.approx(7, abs=0.01))
        error, elapsed = play(Head(), Send(FIRST), Stall(), deadlines=None)
        assert (error.deadline, elapsed) == ("idle", pytest.approx(9, abs=0.01))

    def test_zero_disables(self, monkeypatch):
        monkeypatch.setenv(TTFB, "0")
        outcome, elapsed = play(Wait(900_000), *GOOD, deadlines=None)
        assert (outcome.text, elapsed) == ("Hello", 900)

    @pytest.mark.parametrize("nothing", ["", "  "])
    def test_nothing_is_as_if_it_were_not_there(self, nothing, monkeypatch):
        monkeypatch.setenv(TTFB, nothing)
        _, elapsed = play(Stall(), deadlines=None)
        assert elapsed == pytest.approx(45, abs=0.01)

    def test_is_not_asked_where_the_caller_has_said(self, monkeypatch):
        monkeypatch.setenv(TTFB, "soon")
        _, elapsed = play(Stall(), deadlines=Deadlines(first_byte_s=3))
        assert elapsed == pytest.approx(3, abs=0.01)

    def test_holds_for_a_source_of_the_callers_own(self, monkeypatch):
        monkeypatch.setenv(STALE, "5")
        clock = VirtualClock()

        def slow():
            yield created()
            clock.sleep(10)
            raise ConnectionResetError("closed")

        with pytest.raises(DeadlineExceeded) as caught:
            run_stream(slow, retry=ONCE, clock=clock)
        assert caught.value.limit_s == 5

    @pytest.mark.parametrize("name", [TTFB, STALE])
    @pytest.mark.parametrize("words", ["soon", "nan", "-1", "-inf", "4,5"])
    def test_what_is_no_number_of_seconds_is_refused_by_name(self, name, words, monkeypatch):
        monkeypatch.setenv(name, words)
        with pytest.raises(ValueError, match=f"{name} is '{words}'"):
            Client(base_url="http://127.0.0.1/v1")


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("actions", "deadline"),
    [([Stall()], "first_byte"), ([Head(), Stall()], "first_byte"), ([Head(), Send(FIRST), Stall()], "idle")],
)
def test_on_a_real_socket_the_wait_ends_and_nothing_is_left(actions, deadline):
    with LoopbackServer(Exchange.single(Delivery(tuple(actions)))) as server:
        before = threading.active_count()
        limits = Deadlines(first_byte_s=0.3, idle_s=0.3)
        with (
            Client(base_url=server.base_url, deadlines=limits, retry=ONCE) as client,
            pytest.raises(DeadlineExceeded) as caught,
        ):
            client.respond(input="hello")
        assert caught.value.deadline == deadline
        until = time.monotonic() + 5
        while threading.active_count() > before and time.monotonic() < until:
            threading.Event().wait(0.01)
        assert threading.active_count() == before
