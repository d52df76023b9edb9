"""A call given up at any event leaves no thread, task, socket or timer, and never comes to a completed result."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import anyio
import httpx
import pytest

from harness.clock import VirtualClock
from harness.delivery import Cut, Delivery, End, Ending, Exchange, Head, Send, Stall, Wait
from harness.replay import AsyncReplayTransport, LoopbackServer, Player, ReplayTransport
from harness.runtime import Callbacks, Client, Deadlines, Retry, StreamInterrupted, run_stream
from harness.runtime.aio import AsyncClient
from harness.virtual_loop import run
from tests.unit.runtime.scripts import call, completed, created, message, sse

EVENTS = [created(), *message(0, "m", "Hel", "lo"), *call(1, "c", '{"a"', ": 1}"), completed()]
DRIP = (Head(), *[action for event in EVENTS for action in (Wait(1_000), Send(sse([event])))], End())
WHOLE = (Head(), Send(sse(EVENTS)), End())
LIMITS = Deadlines(first_byte_s=45, idle_s=300, total_s=3_600)


async def settled():
    """No other task is left; httpx's own abandoned generators are closed in the loop's next few turns."""
    for _ in range(30):
        if asyncio.all_tasks() == {asyncio.current_task()}:
            return
        await asyncio.sleep(0)
    raise AssertionError(asyncio.all_tasks())


def cancel_async(actions, when, *, retry=None):
    """Run a call that ``when(task, clock)`` arranges to be cancelled; returns the transcript and the clock."""
    clock = VirtualClock()
    player = Player(Exchange.single(Delivery(tuple(actions))), clock)

    async def program():
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as http:
            client = AsyncClient(base_url="http://127.0.0.1/v1", http_client=http, deadlines=LIMITS, retry=retry)
            callbacks = Callbacks(on_event=lambda _: at_event())
            asking = asyncio.create_task(client.respond(input="hello", callbacks=callbacks))
            at_event = when(asking, clock)
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert asking.cancelled()
            await settled()
            # Before the client is closed, which would close everything.
            return player.transcript()

    return run(program, clock), clock


@pytest.mark.parametrize("actions", [DRIP, WHOLE], ids=["drip", "at once"])
@pytest.mark.parametrize("number", range(1, len(EVENTS)))
def test_an_async_call_cancelled_at_any_event(actions, number):
    def when(task, clock):
        seen = []

        def at_event():
            seen.append(clock.now())
            if len(seen) == number:
                task.cancel()

        return at_event

    transcript, clock = cancel_async(actions, when)
    assert transcript.served[0].ending is Ending.LEFT
    assert (clock.now(), clock.pending) == (0 if actions is WHOLE else number, 0)


@pytest.mark.parametrize(
    "actions",
    [
        pytest.param([Stall()], id="before the head"),
        pytest.param([Head(), Stall()], id="before the first event"),
        pytest.param([Head(), Send(sse(EVENTS[:3])), Stall()], id="in the middle"),
    ],
)
def test_an_async_call_cancelled_in_a_silence(actions):
    def when(task, clock):
        clock.call_later(17, task.cancel)
        return lambda: None

    transcript, clock = cancel_async(actions, when)
    assert transcript.served[0].ending is Ending.LEFT
    assert (clock.now(), clock.pending) == (17, 0)


def test_an_async_call_cancelled_before_its_retry():
    def when(task, clock):
        clock.call_later(17, task.cancel)
        return lambda: None

    transcript, clock = cancel_async([Head(), Cut()], when, retry=Retry(base_s=100, jitter=lambda: 0))
    assert len(transcript.served) == 1
    assert clock.now() == 17


@pytest.mark.parametrize(("stopped_at_s", "requests"), [(0, 1), (30, 1), (40, 1), (41, 2)])
def test_a_sync_call_interrupted_in_its_back_off_makes_no_other_request(stopped_at_s, requests):
    clock = VirtualClock()
    player = Player(Exchange({(0, 0): Delivery((Cut(),)), (0, 1): Delivery(DRIP)}), clock)
    with httpx.Client(transport=ReplayTransport(player), timeout=None) as http:
        retry = Retry(base_s=40, jitter=lambda: 0)
        client = Client(base_url="http://127.0.0.1/v1", http_client=http, clock=clock, retry=retry)
        with pytest.raises(StreamInterrupted) as caught:
            client.respond(input="hello", callbacks=Callbacks(interrupted=lambda: clock.now() >= stopped_at_s))
    assert (len(player.transcript().served), caught.value.requests) == (requests, requests)


def test_a_scope_around_the_call_ends_it_in_its_own_time():
    clock = VirtualClock()
    player = Player(Exchange.single(Delivery((Head(), Stall()))), clock)

    async def program():
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as http:
            client = AsyncClient(base_url="http://127.0.0.1/v1", http_client=http, deadlines=LIMITS)
            with anyio.move_on_after(30) as scope:
                await client.respond(input="hello")
            return scope.cancelled_caught, player.transcript()

    caught, transcript = run(program, clock)
    assert caught
    assert clock.now() == 30
    assert transcript.served[0].ending is Ending.LEFT


@pytest.mark.parametrize("actions", [DRIP, WHOLE], ids=["drip", "at once"])
@pytest.mark.parametrize("number", range(1, len(EVENTS) + 1))
def test_a_sync_call_interrupted_at_any_event(actions, number):
    clock = VirtualClock()
    player = Player(Exchange.single(Delivery(tuple(actions))), clock)
    asked = []
    threads = threading.active_count()
    with httpx.Client(transport=ReplayTransport(player), timeout=None) as http:
        client = Client(base_url="http://127.0.0.1/v1", http_client=http, clock=clock, deadlines=LIMITS)
        with pytest.raises(StreamInterrupted) as caught:
            client.respond(
                input="hello", callbacks=Callbacks(interrupted=lambda: asked.append(1) or len(asked) == number)
            )
        (served,) = player.transcript().served
    assert served.ending is Ending.LEFT
    assert caught.value.partial.status != "completed"
    assert (caught.value.requests, clock.pending, threading.active_count()) == (1, 0, threads)


@pytest.mark.parametrize("number", [1, 4, 9])
def test_the_users_own_interrupt_closes_the_source(number):
    closed = []
    clock = VirtualClock()

    class Source:
        def __iter__(self):
            yield from EVENTS[:number]
            raise KeyboardInterrupt

        def close(self):
            closed.append(clock.now())

    with pytest.raises(KeyboardInterrupt):
        run_stream(Source, deadlines=LIMITS, clock=clock)
    assert (closed, clock.pending) == ([0.0], 0)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.realtime
@pytest.mark.parametrize("actions", [[Stall()], [Head(), Stall()], [Head(), Send(sse(EVENTS[:3])), Stall()]])
def test_on_a_real_socket_a_cancelled_call_leaves_nothing(actions):
    with LoopbackServer(Exchange.single(Delivery(tuple(actions)))) as server:

        async def program():
            async with AsyncClient(base_url=server.base_url, deadlines=LIMITS) as client:
                before = descriptors()
                asking = asyncio.create_task(client.respond(input="hello"))
                while not server.transcript().served:
                    await anyio.sleep(0.01)
                await anyio.sleep(0.05)
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking
                await settled()
                await anyio.sleep(0.05)
                return descriptors() - before

        threads = threading.active_count()
        left = asyncio.run(program())
        until = time.monotonic() + 5
        while (threading.active_count() > threads or left_open(server)) and time.monotonic() < until:
            threading.Event().wait(0.01)
        assert threading.active_count() <= threads
        assert not left_open(server)
        assert left <= 1, "the server's own end may take a moment longer"


def left_open(server) -> bool:
    return any(one.ending is Ending.OPEN for one in server.transcript().served)
