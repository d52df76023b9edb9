"""Virtual time runs what is due, in order, and stands still while somebody computes."""

from __future__ import annotations

import threading

from harness.clock import RealClock, VirtualClock


def test_a_sleep_runs_the_timers_that_come_due_in_order_of_their_time() -> None:
    clock, seen = VirtualClock(), []
    clock.call_later(3, lambda: seen.append(("late", clock.now())))
    clock.call_later(1, lambda: seen.append(("early", clock.now())))
    clock.call_later(9, lambda: seen.append(("never", clock.now())))
    assert clock.sleep(5) is False
    assert seen == [("early", 1.0), ("late", 3.0)]
    assert clock.now() == 5.0
    assert clock.pending == 1


def test_timers_of_the_same_instant_run_in_the_order_they_were_set() -> None:
    clock, seen = VirtualClock(), []
    for name in "abc":
        clock.call_later(1, lambda name=name: seen.append(name))
    clock.sleep(1)
    assert seen == ["a", "b", "c"]


def test_a_timer_may_wake_the_sleeper_early() -> None:
    clock, wake = VirtualClock(), threading.Event()
    clock.call_later(2, wake.set)
    assert clock.sleep(900, wake) is True
    assert clock.now() == 2.0


def test_a_cancelled_timer_never_runs() -> None:
    clock, seen = VirtualClock(), []
    timer = clock.call_later(1, lambda: seen.append("ran"))
    timer.cancel()
    clock.sleep(2)
    assert seen == []
    assert clock.pending == 0


def test_a_timer_set_by_a_timer_runs_in_the_same_sleep() -> None:
    clock, seen = VirtualClock(), []
    clock.call_later(1, lambda: clock.call_later(1, lambda: seen.append(clock.now())))
    clock.sleep(3)
    assert seen == [2.0]


def test_the_real_clock_is_woken_by_its_own_timer() -> None:
    clock, wake = RealClock(), threading.Event()
    clock.call_later(0, wake.set)
    assert clock.sleep(60, wake) is True
