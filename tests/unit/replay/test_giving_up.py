"""What happens when the client does not read to the end: it leaves, is told to, closes from elsewhere, or never does."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import httpx
import pytest

from harness.clock import RealClock, VirtualClock
from harness.delivery import Delivery, End, Ending, Exchange, Framing, Head, Send, Stall, Wait
from harness.replay import AsyncReplayTransport, LoopbackServer, NeverEnds, Player, ReplayTransport
from tests.unit.replay.ways import QUESTION, URL

A, B = Send(b"data: a\n\n"), Send(b"data: b\n\n")
THREE = Delivery((Head(), A, B, Send(b"data: c\n\n"), End()))
STALL = Delivery((Head(), A, Stall()))
DAY = 86_400.0


def client(player: Player, **settings: Any) -> httpx.Client:
    return httpx.Client(transport=ReplayTransport(player), **({"timeout": None} | settings))


def new(delivery: Delivery) -> Player:
    return Player(Exchange.single(delivery), VirtualClock())


def test_a_client_that_closes_early_has_left() -> None:
    player = new(THREE)
    with client(player) as one, one.stream("POST", URL, json=QUESTION) as response:
        parts = response.iter_raw()
        next(parts), next(parts)
    served = player.transcript().served[0]
    assert (served.ending, served.body) == (Ending.LEFT, A.data + B.data)


def test_a_client_that_closes_after_the_declared_length_has_it_all() -> None:
    player = new(Delivery((Head(framing=Framing.LENGTH), A, B, End())))
    with client(player) as one, one.stream("POST", URL, json=QUESTION) as response:
        parts = response.iter_raw()
        next(parts), next(parts)
    assert player.transcript().served[0].ending is Ending.COMPLETE


def test_a_response_that_nobody_closes_stays_open() -> None:
    player = new(THREE)
    one = client(player)
    response = one.send(one.build_request("POST", URL, json=QUESTION), stream=True)
    parts = response.iter_raw()
    next(parts)
    served = player.transcript().served[0]
    assert (served.ending, served.body) == (Ending.OPEN, A.data)


def test_closing_the_client_closes_its_responses() -> None:
    player = new(THREE)
    one = client(player)
    response = one.send(one.build_request("POST", URL, json=QUESTION), stream=True)
    parts = response.iter_raw()
    next(parts)
    one.close()
    assert player.transcript().served[0].ending is Ending.LEFT
    with pytest.raises(httpx.ReadError, match="Bad file descriptor"):
        next(parts)


def test_dropping_the_iterator_leaves() -> None:
    player = new(THREE)
    one = client(player)
    response = one.send(one.build_request("POST", URL, json=QUESTION), stream=True)
    parts = response.iter_raw()
    next(parts)
    parts.close()
    assert player.transcript().served[0].ending is Ending.LEFT


@pytest.mark.parametrize("delivery", [Delivery((Stall(),)), STALL], ids=["before the head", "in the body"])
def test_a_stall_without_any_deadline_never_ends(delivery: Delivery) -> None:
    player = new(delivery)
    with pytest.raises(NeverEnds, match="set no deadline"), client(player) as one:
        one.post(URL, json=QUESTION)
    assert player.clock.now() == DAY
    assert player.transcript().served[0].ending is Ending.OPEN


def test_a_stall_without_any_deadline_never_ends_async() -> None:
    player = new(STALL)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as one:
            await one.post(URL, json=QUESTION)

    with pytest.raises(NeverEnds):
        asyncio.run(ask())
    assert player.clock.now() == DAY


def test_a_read_timeout_costs_its_virtual_time() -> None:
    player = new(Delivery((Head(), Wait(2_000), A, Wait(2_000), B, Wait(9_000), End())))
    with pytest.raises(httpx.ReadTimeout), client(player, timeout=5.0) as one:
        one.post(URL, json=QUESTION)
    assert player.clock.now() == 9.0
    served = player.transcript().served[0]
    assert (served.ending, served.taken, served.closed_ms) == (Ending.LEFT, 18, 9_000.0)


def shut_down(response: httpx.Response) -> None:
    response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("framing", "error"),
    [
        (Head(), "incomplete chunked read"),
        (Head(framing=Framing.LENGTH, declared_length=99), "received 9 bytes, expected 99"),
        (Head(framing=Framing.CLOSE), None),
    ],
    ids=lambda value: value.framing if isinstance(value, Head) else "",
)
def test_a_watchdog_that_shuts_the_socket_down_ends_a_stall_at_once(framing: Head, error: str | None) -> None:
    """A close-delimited body then ends as if it were whole."""
    player = new(Delivery((framing, A, Stall())))
    parts = []
    with client(player) as one, one.stream("POST", URL, json=QUESTION) as response:
        player.clock.call_later(45.0, lambda: shut_down(response))
        if error is None:
            parts.extend(response.iter_raw())
        else:
            with pytest.raises(httpx.RemoteProtocolError, match=error):
                parts.extend(response.iter_raw())
    assert player.clock.now() == 45.0
    served = player.transcript().served[0]
    assert (served.ending, served.body, served.closed_ms) == (Ending.LEFT, A.data, 45_000.0)


@pytest.mark.realtime
def test_on_a_socket_shutting_down_ends_a_stall_at_once() -> None:
    with LoopbackServer(Exchange.single(STALL)) as server, httpx.Client(timeout=None, verify=False) as one:
        with one.stream("POST", f"{server.base_url}/responses", json=QUESTION) as response:
            RealClock().call_later(0.05, lambda: shut_down(response))
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                response.read()
        served = server.transcript().served[0]
    assert (served.ending, served.body) == (Ending.LEFT, A.data)


def kill(response: httpx.Response) -> None:
    shut_down(response)
    response.close()


KILLED = [(None, httpx.RemoteProtocolError, "incomplete chunked read"), (600.0, httpx.ReadError, "Bad file descriptor")]


@pytest.mark.parametrize(("timeout", "error", "message"), KILLED, ids=["no timeout", "timeout"])
def test_shutting_down_and_closing_ends_a_stall_at_once(timeout: float | None, error: type, message: str) -> None:
    player = new(STALL)
    with client(player, timeout=timeout) as one, one.stream("POST", URL, json=QUESTION) as response:
        player.clock.call_later(45.0, lambda: kill(response))
        with pytest.raises(error, match=message):
            response.read()
    assert player.clock.now() == 45.0


@pytest.mark.realtime
@pytest.mark.parametrize("timeout", [None, 600.0])
def test_so_it_does_on_a_socket(timeout: float | None) -> None:
    """With a timeout the two errors race there: whether the reader looks before or after the file is gone."""
    with (
        LoopbackServer(Exchange.single(STALL)) as server,
        httpx.Client(timeout=timeout, verify=False) as one,
        one.stream("POST", f"{server.base_url}/responses", json=QUESTION) as response,
    ):
        RealClock().call_later(0.05, lambda: kill(response))
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            response.read()


def test_a_socket_shut_down_between_two_reads_ends_the_body() -> None:
    player = new(THREE)
    with client(player) as one, one.stream("POST", URL, json=QUESTION) as response:
        parts = response.iter_raw()
        next(parts)
        shut_down(response)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            next(parts)
    assert player.transcript().served[0].body == A.data


def test_a_watchdog_that_only_closes_the_response_does_not_end_a_stall() -> None:
    """A thread blocked in ``recv`` is not woken by another one that closes the file."""
    player = new(STALL)
    with client(player) as one, one.stream("POST", URL, json=QUESTION) as response:
        player.clock.call_later(45.0, response.close)
        with pytest.raises(NeverEnds, match="closing a response does not interrupt a blocked read"):
            response.read()
    served = player.transcript().served[0]
    assert (served.ending, served.closed_ms) == (Ending.LEFT, 45_000.0)


@pytest.mark.realtime
def test_on_a_socket_closing_the_response_does_not_end_a_stall_either() -> None:
    stalled_a_while = Delivery((Head(), A, Wait(300), B, Stall()))
    clock = RealClock()
    with (
        LoopbackServer(Exchange.single(stalled_a_while)) as server,
        httpx.Client(timeout=None, verify=False) as one,
        one.stream("POST", f"{server.base_url}/responses", json=QUESTION) as response,
    ):
        begun = clock.now()
        clock.call_later(0.05, response.close)
        with pytest.raises(httpx.ReadError, match="Bad file descriptor"):
            response.read()
        assert clock.now() - begun > 0.2, "the read under way lasted until the next bytes came"


def test_in_process_a_read_closed_from_elsewhere_still_gets_the_bytes_it_waits_for() -> None:
    player = new(Delivery((Head(), A, Wait(300), B, Stall())))
    parts = []
    with client(player) as one, one.stream("POST", URL, json=QUESTION) as response:
        player.clock.call_later(0.05, response.close)
        with pytest.raises(httpx.ReadError, match="Bad file descriptor"):
            parts.extend(response.iter_raw())
    assert player.clock.now() == pytest.approx(0.3)


def test_a_read_with_a_timeout_that_is_closed_from_elsewhere_fails_when_it_next_looks() -> None:
    player = new(STALL)
    with client(player, timeout=60.0) as one, one.stream("POST", URL, json=QUESTION) as response:
        player.clock.call_later(45.0, response.close)
        with pytest.raises(httpx.ReadError, match="Bad file descriptor"):
            response.read()
    assert player.clock.now() == 60.0


def test_closing_an_async_response_from_a_timer_ends_a_stall_at_once() -> None:
    player = new(STALL)

    async def ask() -> None:
        async with (
            httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as one,
            one.stream("POST", URL, json=QUESTION) as response,
        ):
            closing = []
            player.clock.call_later(45.0, lambda: closing.append(asyncio.ensure_future(response.aclose())))
            with pytest.raises(httpx.ReadError):
                await response.aread()
            await closing[0]

    asyncio.run(ask())
    assert player.clock.now() == 45.0
    assert player.transcript().served[0].closed_ms == 45_000.0


def test_a_timer_that_cancels_an_async_reader_ends_a_stall_at_once() -> None:
    player = new(Delivery((Stall(),)))

    async def ask() -> None:
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as one:
            await one.post(URL, json=QUESTION)

    async def watch() -> None:
        task = asyncio.ensure_future(ask())
        player.clock.call_later(45.0, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(watch())
    assert player.clock.now() == 45.0
    assert player.transcript().served[0].ending is Ending.LEFT


def test_other_tasks_run_between_two_pieces_and_can_cancel_the_reader() -> None:
    player = new(THREE)
    parts: list[bytes] = []

    async def ask() -> None:
        async with (
            httpx.AsyncClient(transport=AsyncReplayTransport(player)) as one,
            one.stream("POST", URL, json=QUESTION) as response,
        ):
            async for part in response.aiter_raw():
                parts.append(part)

    async def watch() -> None:
        asking = asyncio.ensure_future(ask())
        while not parts:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(watch())
    served = player.transcript().served[0]
    assert (parts, served.ending, served.body) == ([A.data], Ending.LEFT, A.data)


def test_timers_run_while_the_delivery_waits() -> None:
    player = new(Delivery((Head(), A, Wait(10_000), B, End())))
    ticks: list[float] = []
    for second in (1, 2, 3):
        player.clock.call_later(second, lambda: ticks.append(player.clock.now()))
    with client(player) as one:
        assert one.post(URL, json=QUESTION).content == A.data + B.data
    assert (ticks, player.clock.now()) == ([1.0, 2.0, 3.0], 10.0)


@pytest.mark.realtime
def test_async_waits_in_real_time_do_not_hold_up_the_event_loop() -> None:
    player = Player(Exchange.single(Delivery((Head(), A, Wait(200), B, End()))), RealClock())

    async def ask() -> int:
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player)) as one:
            asking = asyncio.ensure_future(one.post(URL, json=QUESTION))
            turns = 0
            while not asking.done():
                await asyncio.sleep(0.01)
                turns += 1
            assert (await asking).content == A.data + B.data
            return turns

    assert asyncio.run(ask()) >= 5
    assert player.transcript().served[0].closed_ms >= 200


@pytest.mark.realtime
def test_cancelling_an_async_wait_in_real_time_leaves_no_thread_asleep() -> None:
    player = Player(Exchange.single(STALL), RealClock())

    async def ask() -> None:
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as one:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(one.post(URL, json=QUESTION), 0.05)

    asyncio.run(ask())
    workers = [thread for thread in threading.enumerate() if "AnyIO" in thread.name]
    for worker in workers:
        worker.join(5)
    assert not [worker for worker in workers if worker.is_alive()]
    assert player.transcript().served[0].ending is Ending.LEFT


def test_one_client_serves_many_players() -> None:
    transport = ReplayTransport(new(THREE))
    with httpx.Client(transport=transport) as one:
        first = one.post(URL, json=QUESTION).content
        transport.player = new(Delivery((Head(), B, End())))
        assert (first, one.post(URL, json=QUESTION).content) == (THREE.body, B.data)
    assert len(transport.player.transcript().served) == 1
