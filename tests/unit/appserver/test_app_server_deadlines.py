"""The deadlines of a turn, told of messages and of the time."""

from __future__ import annotations

import pytest

from harness.runtime.appserver import TurnDeadlines, TurnWatch

LIMITS = TurnDeadlines(handshake_s=10, idle_s=100, after_tool_s=30, interrupt_s=5, total_s=1_000)


def test_until_the_turn_has_begun_every_answer_has_its_own_time():
    watch = TurnWatch(LIMITS, now=0)
    assert watch.due == 10
    watch.alive("handshake", 9)
    assert watch.due == 19


@pytest.mark.parametrize(("phase", "due"), [("idle", 107), ("after_tool", 37), ("interrupt", 12)])
def test_what_is_awaited_says_how_long(phase, due):
    watch = TurnWatch(LIMITS, now=0)
    watch.alive(phase, 7)
    assert watch.due == due
    assert watch.exceeded(due - 0.001) is None
    assert watch.exceeded(due) == (phase, due - 7)


@pytest.mark.parametrize("after_tool_s", [30, None])
def test_nobody_is_more_patient_after_a_tool_than_elsewhere(after_tool_s):
    watch = TurnWatch(TurnDeadlines(idle_s=2, after_tool_s=after_tool_s), now=0)
    watch.alive("after_tool", 7)
    assert watch.due == 9
    assert watch.exceeded(9) == ("idle", 2)


def test_a_turn_that_is_asked_to_stop_cannot_gain_time_by_going_on():
    watch = TurnWatch(LIMITS, now=0)
    watch.asked_to_stop(50)
    watch.alive("interrupt", 53)
    assert watch.due == 55


def test_the_whole_turn_has_an_end_however_lively_it_is():
    watch = TurnWatch(LIMITS, now=0)
    for now in range(50, 1_000, 50):
        watch.alive("idle", now)
        assert watch.exceeded(now) is None
    assert watch.exceeded(1_000) == ("total", 1_000)
    assert watch.messages == 19


@pytest.mark.parametrize("off", [None, 0])
def test_a_deadline_can_be_off(off):
    watch = TurnWatch(TurnDeadlines(off, off, off, off, off), now=0)
    assert watch.due is None
    assert watch.exceeded(1e9) is None
