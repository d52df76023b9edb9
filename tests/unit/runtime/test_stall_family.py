"""The family of stalls, sync and async: each ends where its deadline says, and in the same instant every time."""

from __future__ import annotations

import pytest

from harness.clock import VirtualClock
from harness.virtual_loop import run
from tests.unit.runtime.stalls import FAMILY, Async, Sync, Told

REPEATS = 100


@pytest.fixture(scope="module")
def sync() -> Sync:
    return Sync()


def in_async(name: str) -> Told:
    clock = VirtualClock()

    async def program() -> Told:
        return await Async(clock)(name)

    return run(program, clock)


@pytest.mark.parametrize("name", FAMILY)
def test_each_ends_at_its_deadline_or_not_at_all(name, sync):
    for told in (sync(name), in_async(name)):
        assert (told.end, told.requests) == (FAMILY[name].end, len(FAMILY[name].answers))
        assert told.took_s == pytest.approx(FAMILY[name].ends_s, abs=0.01)


@pytest.mark.parametrize("name", FAMILY)
def test_both_runners_tell_the_same_at_the_same_time(name, sync):
    assert sync(name) == in_async(name)


@pytest.mark.parametrize("name", FAMILY)
def test_every_repeat_is_the_same_to_the_instant(name, sync):
    assert len({sync(name) for _ in range(REPEATS)}) == 1
    assert len({in_async(name) for _ in range(REPEATS)}) == 1


def test_a_stall_that_is_taken_back_says_so_at_its_deadline(sync):
    heard = [(round(second), kind) for second, kind, _ in sync("then success").heard if kind != "event"]
    assert heard == [(0, "text"), (300, "reset"), (300, "text"), (300, "text")]
