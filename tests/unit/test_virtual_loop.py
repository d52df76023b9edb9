"""The loop's time jumps when nothing is ready and nobody outside is at work, and at no other moment."""

from __future__ import annotations

import asyncio
import socket
import threading

import anyio
import anyio.to_thread
import pytest

from harness.clock import VirtualClock
from harness.virtual_loop import NothingLeft, VirtualLoop, driving, run


def test_sleepers_wake_in_the_order_of_their_time_and_the_clock_is_the_loops() -> None:
    clock, woken = VirtualClock(start=100), []

    async def sleeper(seconds: float) -> None:
        await anyio.sleep(seconds)
        woken.append((seconds, clock.now(), anyio.current_time()))

    async def program() -> None:
        async with anyio.create_task_group() as group:
            for seconds in (900, 1, 45):
                group.start_soon(sleeper, seconds)

    run(program, clock)
    assert woken == [(1, 101, 101), (45, 145, 145), (900, 1_000, 1_000)]


def test_timers_of_the_clock_and_of_the_loop_run_in_one_order() -> None:
    clock, seen = VirtualClock(), []

    async def program() -> None:
        clock.call_later(2, lambda: seen.append(("clock", clock.now())))
        for _ in range(3):
            await asyncio.sleep(1.5)
            seen.append(("loop", clock.now()))

    run(program, clock)
    assert seen == [("loop", 1.5), ("clock", 2.0), ("loop", 3.0), ("loop", 4.5)]


def test_time_stands_still_while_a_task_is_ready() -> None:
    clock = VirtualClock()

    async def program() -> float:
        asyncio.get_running_loop().call_later(1, lambda: None)
        for _ in range(1_000):
            await asyncio.sleep(0)
        return clock.now()

    assert run(program, clock) == 0


@pytest.mark.parametrize("start", [asyncio.to_thread, anyio.to_thread.run_sync], ids=["asyncio", "anyio"])
def test_time_stands_still_while_a_thread_works(start) -> None:
    clock = VirtualClock()

    async def program() -> tuple[float, float]:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 900)
            await start(threading.Event().wait, 0.05)
            seen = clock.now()
        return seen, clock.now()

    assert run(program, clock) == (0, 900)


def test_time_stands_still_while_a_socket_is_open() -> None:
    clock = VirtualClock()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    async def program() -> tuple[bytes, float]:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 900)
            late = threading.Timer(0.05, theirs.send, [b"x"])
            late.start()
            return await asyncio.get_running_loop().sock_recv(ours, 1), clock.now()

    with ours, theirs:
        assert run(program, clock) == (b"x", 0)


def test_a_deadlock_is_an_error_and_no_hang() -> None:
    async def program() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingLeft):
        run(program)


def test_a_socket_that_brings_nothing_is_given_up() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    loop = VirtualLoop(VirtualClock(), patience_s=0.01)
    with ours, theirs:
        receiving = loop.sock_recv(ours, 1)
        with pytest.raises(NothingLeft, match="of real time"):
            loop.run_until_complete(receiving)
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_a_pause_ends_when_another_task_wakes_it() -> None:
    clock, wake = VirtualClock(), threading.Event()

    async def program() -> float:
        loop = driving(clock)
        loop.call_later(5, wake.set)
        await loop.pause(900, wake)
        return clock.now()

    assert run(program, clock) == 5


def test_only_the_loops_own_clock_is_driven_by_it() -> None:
    clock = VirtualClock()

    async def program() -> list[bool]:
        return [driving(clock) is not None, driving(VirtualClock()) is not None]

    assert run(program, clock) == [True, False]
    assert driving(clock) is None


def test_the_same_program_takes_the_same_time_every_time() -> None:
    def once() -> list[float]:
        clock, seen = VirtualClock(), []

        async def program() -> None:
            async def one(seconds: float) -> None:
                with anyio.move_on_after(seconds / 2):
                    await anyio.sleep(seconds)
                seen.append(clock.now())

            async with anyio.create_task_group() as group:
                for seconds in (7, 3, 900, 45):
                    group.start_soon(one, seconds)

        run(program, clock)
        return seen

    assert once() == [1.5, 3.5, 22.5, 450.0]
    assert all(once() == once() for _ in range(20))
