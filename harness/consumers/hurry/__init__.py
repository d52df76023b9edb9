"""Stalls without waiting, for programs that cannot be changed: while they are kept waiting, their clock runs faster.

The program lives in real time, but for the silences that the server means: in those, and only while all of its threads
sleep, the harness drives the program's clock ahead, up to ``fastest`` times as fast as the machine's. What it computes
takes it no longer than ever, on an idle machine or on a busy one: a thread that wants to run, and has to wait for a
processor, holds its program's clock. So it is not the whole run that is scaled, and no hiccup is multiplied.

A small C library, loaded before all others, shows the program that clock (``preload.c``); it is compiled here when it
is first needed. Nothing is hurried that was not asked for by name.
"""

from harness.consumers.hurry.clock import HurriedClock
from harness.consumers.hurry.hurried import Hurried
from harness.consumers.hurry.library import Unavailable

__all__ = ["Hurried", "HurriedClock", "Unavailable"]
