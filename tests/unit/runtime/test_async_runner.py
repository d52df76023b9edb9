"""The async runner comes to what the sync one comes to, in virtual time, over the same deliveries."""

from __future__ import annotations

import anyio
import httpx
import pytest

from harness.clock import VirtualClock
from harness.delivery import Cut, Delivery, End, Exchange, Head, Reset, Send, Stall, Wait
from harness.replay import AsyncReplayTransport, Player, ReplayTransport
from harness.runtime import (
    Callbacks,
    Client,
    DeadlineExceeded,
    Deadlines,
    Retry,
    RuntimeStreamError,
    StreamInterrupted,
    UndecodableStream,
)
from harness.runtime.aio import AsyncClient, run_stream
from harness.virtual_loop import run
from tests.unit.runtime.scripts import Listener, added, completed, created, delta, ended, message, sse

BODY = sse([created(), *message(0, "m", "Hel", "lo"), completed()])
FIRST, REST = BODY[: len(sse([created()]))], BODY[len(sse([created()])) :]
BEGUN = sse([created(), *message(0, "m", "Bad")[:3]])
PING = Send(b": ping\n\n")
ONCE = Retry(retries=0)
LIMITS = Deadlines(first_byte_s=45, idle_s=300, total_s=3_600)
GOOD = (Head(), Send(BODY), End())
JSON = (("content-type", "application/json"),)


def exchange_of(actions, then=None):
    deliveries = {(0, 0): Delivery(tuple(actions))}
    return Exchange(deliveries if then is None else {**deliveries, (0, 1): Delivery(tuple(then))})


def play(*actions, then=None, read_s=None, callbacks=None, **settings):
    """What the async client makes of a delivery: its result or error, the seconds it took, what was served."""
    clock = VirtualClock()
    player = Player(exchange_of(actions, then), clock)

    async def program():
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=read_s) as http:
            client = AsyncClient(
                base_url="http://127.0.0.1/v1", http_client=http, **{"deadlines": LIMITS, "retry": ONCE, **settings}
            )
            try:
                return await client.respond(input="hello", callbacks=callbacks)
            except RuntimeStreamError as error:
                return error

    outcome = run(program, clock)
    assert clock.pending == 0
    return outcome, clock.now(), player.transcript()


def play_sync(*actions, then=None, read_s=None, callbacks=None, **settings):
    clock = VirtualClock()
    player = Player(exchange_of(actions, then), clock)
    with httpx.Client(transport=ReplayTransport(player), timeout=read_s) as http:
        settings = {"deadlines": LIMITS, "retry": ONCE, **settings}
        client = Client(base_url="http://127.0.0.1/v1", http_client=http, clock=clock, **settings)
        try:
            return client.respond(input="hello", callbacks=callbacks), clock.now(), player.transcript()
        except RuntimeStreamError as error:
            return error, clock.now(), player.transcript()


def said(outcome):
    """An outcome in words that both drivers can be compared by."""
    if isinstance(outcome, RuntimeStreamError):
        partial = outcome.partial and outcome.partial.text
        return type(outcome).__name__, outcome.requests, partial, getattr(outcome, "deadline", None)
    return outcome.status, outcome.text, outcome.requests, outcome.flags, outcome.usage


def told(listener):
    """What was heard, but for the reasons of resets, which quote the HTTP library."""
    return [(name, None if name == "reset" else value) for name, value in listener.heard]


DELIVERIES = {
    "whole": (GOOD, None),
    "byte by byte": ([Head(), *[Send(BODY[at : at + 1]) for at in range(len(BODY))], End()], None),
    "no head, then whole": ([Stall()], GOOD),
    "a late head": ([Wait(44_000), *GOOD], None),
    "to the instant": ([Wait(45_000), *GOOD], None),
    "a head and silence": ([Head(), Stall()], GOOD),
    "keep-alives only": ([Head(), *[Wait(10_000), PING] * 20, End()], None),
    "silence in the middle": ([Head(), Send(BEGUN), Stall()], None),
    "silence in the middle, then whole": ([Head(), Send(BEGUN), Wait(900_000), Cut()], GOOD),
    "silence behind the terminal": ([Head(), Send(BODY), Stall()], None),
    "an event now and then": ([Head(), *[Send(FIRST), Wait(299_000)] * 9, Send(REST), End()], None),
    "for ever": ([Head(), *[Send(FIRST), Wait(100_000)] * 99, End()], None),
    "cut": ([Head(), Send(BEGUN), Cut()], GOOD),
    "reset": ([Head(), Send(BEGUN), Reset()], GOOD),
    "truncated": ([Head(), Send(BEGUN), End()], None),
    "failed": ([Head(), Send(sse([created(), ended("failed", error={"message": "no", "code": "x"})])), End()], None),
    "incomplete": ([Head(), Send(sse([created(), ended("incomplete")])), End()], None),
    "HTTP error": ([Head(503, JSON), Send(b'{"error": {"message": "busy"}}'), End()], None),
    "HTTP error, cut": ([Head(503, JSON), Send(b'{"error": '), Cut()], None),
    "HTML": ([Head(), Send(b"<html></html>"), End()], None),
    "a document": (
        [Head(200, JSON), Send(b'{"object": "response", "status": "completed", "output": []}'), End()],
        None,
    ),
    "nothing": ([Head(200, JSON), End()], None),
}


@pytest.mark.parametrize("name", DELIVERIES)
@pytest.mark.parametrize("retries", [0, 1])
def test_both_drivers_come_to_the_same(name, retries):
    actions, then = DELIVERIES[name]
    heard = Listener(), Listener()
    settings = {"then": then, "retry": Retry(retries=retries if then else 0, base_s=2, jitter=lambda: 0)}
    outcome, took_s, served = play(*actions, callbacks=heard[0].callbacks, **settings)
    expected, expected_s, served_sync = play_sync(*actions, callbacks=heard[1].callbacks, **settings)
    assert said(outcome) == said(expected)
    assert told(heard[0]) == told(heard[1])
    assert took_s == pytest.approx(expected_s, abs=0.01)
    assert [one.taken for one in served.served] == [one.taken for one in served_sync.served]


@pytest.mark.parametrize(
    ("actions", "deadline", "ends_s"),
    [
        pytest.param([Stall()], "first_byte", 45, id="no head"),
        pytest.param([Wait(900_000), *GOOD], "first_byte", 45, id="a head after 900 s"),
        pytest.param([Head(), *[Wait(10_000), PING] * 100, End()], "first_byte", 45, id="keep-alives only"),
        pytest.param([Head(), Send(FIRST), Stall()], "idle", 300, id="one event, then nothing"),
        pytest.param([Head(), *[Send(FIRST), Wait(100_000)] * 99, End()], "total", 3_600, id="for ever"),
    ],
)
def test_a_silence_ends_the_call_at_its_deadline(actions, deadline, ends_s):
    error, took_s, served = play(*actions)
    assert isinstance(error, DeadlineExceeded)
    assert (error.deadline, error.requests) == (deadline, 1)
    assert took_s == pytest.approx(ends_s, abs=0.01)
    assert served.served[0].ending.value != "open"


@pytest.mark.parametrize("player", [play, play_sync], ids=["async", "sync"])
def test_bytes_are_life_where_the_caller_says_so(player):
    limits = Deadlines(first_byte_s=45, idle_s=300, life="bytes")
    pings = [Head(), *[Wait(40_000), PING] * 100, Send(BODY), End()]
    outcome, took_s, _ = player(*pings, deadlines=limits)
    assert (outcome.text, took_s) == ("Hello", 4_000)
    error, took_s, _ = player(Head(), PING, Stall(), deadlines=limits)
    assert (error.deadline, took_s) == ("idle", pytest.approx(300, abs=0.01))


def test_a_stall_is_retried_and_earlier_deltas_are_taken_back():
    listener = Listener()
    outcome, took_s, _ = play(Head(), Send(BEGUN), Stall(), then=GOOD, retry=Retry(), callbacks=listener.callbacks)
    assert (outcome.text, outcome.requests, round(took_s)) == ("Hello", 2, 300)
    assert listener.names() == ["first", "text", "reset", "text", "text"]
    assert listener.standing() == outcome.text


@pytest.mark.parametrize("player", [play, play_sync], ids=["async", "sync"])
def test_nobody_waits_for_a_retry_that_would_be_too_late(player):
    limits = Deadlines(total_s=50)
    error, took_s, _ = player(Head(), Cut(), then=GOOD, deadlines=limits, retry=Retry(base_s=60, jitter=lambda: 0))
    assert (error.requests, took_s) == (1, 0)


def test_calls_side_by_side_keep_their_own_time():
    clock, ends = VirtualClock(), {}

    async def program():
        async def one(wait_ms):
            player = Player(exchange_of([Head(), Wait(wait_ms), Send(BODY), End()]), clock)
            async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as http:
                client = AsyncClient(base_url="http://127.0.0.1/v1", http_client=http, deadlines=Deadlines())
                await client.respond(input="hello")
                ends[wait_ms] = clock.now()

        async with anyio.create_task_group() as group:
            for wait_ms in (900_000, 1_000, 45_000):
                group.start_soon(one, wait_ms)

    run(program, clock)
    assert ends == {1_000: 1.0, 45_000: 45.0, 900_000: 900.0}


def test_an_async_source_of_events_is_read_and_closed_at_its_terminal():
    closed = []

    class Events:
        async def __aiter__(self):
            for event in [created(), added(0, "m"), delta(0, "m", "x"), *message(0, "m", "x")[3:], completed()]:
                yield event
            raise AssertionError("read past the end")

        async def close(self):
            closed.append(True)

    async def opened():
        return Events()

    assert run(lambda: run_stream(opened)).text == "x"
    assert closed == [True]


@pytest.mark.parametrize("source", [None, 3, object()])
def test_a_source_that_is_none_is_a_typed_error(source):
    async def opened():
        return source

    with pytest.raises(UndecodableStream):
        run(lambda: run_stream(opened))


async def fail():
    raise OSError("closing")


@pytest.mark.parametrize(("close", "logged"), [(fail, "OSError: closing"), (anyio.sleep_forever, "")])
def test_a_close_that_fails_or_hangs_does_not_change_the_result(close, logged, caplog):
    class Events:
        aclose = staticmethod(close)

        async def __aiter__(self):
            yield completed()

    async def opened():
        return Events()

    assert run(lambda: run_stream(opened)).status == "completed"
    assert logged in caplog.text


def test_the_interrupt_check_ends_an_async_call_too():
    error, _, served = play(*GOOD, callbacks=Callbacks(interrupted=lambda: True))
    assert isinstance(error, StreamInterrupted)
    assert served.served[0].ending.value != "open"


def test_a_client_of_its_own_is_closed():
    async def program():
        async with AsyncClient(base_url="http://127.0.0.1:9/v1") as client:
            inner = client._http
        return inner.is_closed

    assert run(program)
