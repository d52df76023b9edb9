"""What outlives a call in this process, counted around it: a leak shows as a difference.

Counting must cost next to nothing, because it is done around every case.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from harness.contract import Leftovers

_SHARED_THREADS = ("harness-timers", "AnyIO worker thread")
"""Threads that serve all calls of a process and end by themselves; a call that needs the first one may start it."""
_DESCRIPTORS = "/proc/self/fd"


@dataclass(frozen=True, slots=True)
class Standing:
    """Threads and file descriptors at one moment."""

    threads: frozenset[threading.Thread]
    files: int | None
    """None where the system does not tell."""

    @classmethod
    def now(cls) -> Standing:
        return cls(frozenset(threading.enumerate()), _files())

    def left_since(self, *, tasks: int, sockets: int) -> Leftovers:
        """What is there beyond this standing; tasks and sockets are the caller's count."""
        new = [thread for thread in threading.enumerate() if thread not in self.threads]
        threads = sum(not thread.name.startswith(_SHARED_THREADS) for thread in new)
        files = _files()
        more = None if files is None or self.files is None else max(0, files - self.files)
        return Leftovers(threads=threads, tasks=tasks, sockets=sockets, files=more)


def _files() -> int | None:
    try:
        # The kernel counts them where it is new enough (6.2); elsewhere the folder has no size.
        return os.stat(_DESCRIPTORS).st_size or len(os.listdir(_DESCRIPTORS))
    except OSError:
        return None
