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


def test_a_step_runs_one_timer_and_says_whether_there_was_one() -> None:
    clock, seen = VirtualClock(), []
    clock.call_later(1, lambda: seen.append(clock.now()))
    clock.call_later(2, lambda: seen.append(clock.now()))
    clock.call_later(3, lambda: None).cancel()
    assert clock.due == 1.0
    assert (clock.step(5), seen) == (True, [1.0])
    assert (clock.step(1.5), clock.now()) == (False, 1.5)
    assert (clock.step(5), seen, clock.due) == (True, [1.0, 2.0], None)


class TestTimersInRealTime:
    def test_share_one_thread_that_ends_with_the_last_of_them(self) -> None:
        clock, threads = RealClock(), threading.active_count()
        timers = [clock.call_later(60 + number, lambda: None) for number in range(20)]
        assert threading.active_count() == threads + 1
        for timer in timers:
            timer.cancel()
        assert ends(threads)
        wake = threading.Event()
        clock.call_later(0, wake.set)
        assert wake.wait(10)
        assert ends(threads)

    def test_run_in_order_though_set_out_of_it(self) -> None:
        clock, seen, wake = RealClock(), [], threading.Event()
        clock.call_later(0.04, lambda: (seen.append("late"), wake.set()))
        clock.call_later(0.01, lambda: seen.append("early"))
        clock.call_later(0.02, lambda: seen.append("never")).cancel()
        assert wake.wait(10)
        assert seen == ["early", "late"]

    def test_may_set_and_cancel_timers_themselves(self) -> None:
        clock, wake = RealClock(), threading.Event()
        other = clock.call_later(60, lambda: None)
        clock.call_later(0, lambda: (other.cancel(), clock.call_later(0, wake.set)))
        assert wake.wait(10)

    def test_that_fail_take_no_other_with_them(self, monkeypatch) -> None:
        clock, wake, reported = RealClock(), threading.Event(), []
        monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_type))
        clock.call_later(0, lambda: 1 / 0)
        clock.call_later(0.01, wake.set)
        assert wake.wait(10)
        assert reported == [ZeroDivisionError]


def ends(threads: int) -> bool:
    """Whether the number of threads comes back to this within a moment."""
    return any(threading.active_count() == threads or threading.Event().wait(0.01) for _ in range(1_000))
