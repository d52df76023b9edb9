"""Silence: how long it may last, and what is left running when it ends."""

from __future__ import annotations

from dataclasses import replace

from harness.runtime import Deadlines
from harness.runtime.deadlines import Watch
from harness.runtime.watchdog import Watchdog
from tests.quality.planted.defect import WATCH, WATCHDOG, defect


def _deadlines(change):
    """The deadlines of every attempt, as they are kept."""

    def watch(deadlines, *, called, opened):
        return Watch(change(deadlines), called=called, opened=opened)

    return {WATCH: watch}


@defect("stall", "first-byte watchdog")
def no_watchdog():
    """Nothing ends a wait for the stream."""
    return _deadlines(lambda deadlines: Deadlines())


@defect("stall", "first-byte watchdog")
def first_byte_in_twelve_seconds():
    """A prefill of more than twelve seconds is killed, though nothing is wrong with it."""
    return _deadlines(lambda deadlines: replace(deadlines, first_byte_s=12.0))


@defect("stall", "first-byte watchdog")
def watchdog_never_sees_life():
    """The deadline for the first event holds for the last one too: long answers are cut."""
    return _deadlines(lambda deadlines: replace(deadlines, total_s=deadlines.first_byte_s))


@defect("stall")
def a_minute_of_silence_is_the_end():
    """Reasoning that takes more than a minute between two events is killed."""
    return _deadlines(lambda deadlines: replace(deadlines, idle_s=60.0))


@defect("stall")
def watches_the_first_byte_only():
    """Once an event has come, nothing ends a wait."""
    return _deadlines(lambda deadlines: replace(deadlines, idle_s=None))


@defect("resource-leak", "first-byte watchdog")
def watchdog_is_not_dismissed():
    """The timer of the watchdog runs on when the call is over."""

    class Planted(Watchdog):
        def release(self):
            pass

    return {WATCHDOG: Planted}
