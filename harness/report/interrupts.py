"""Ctrl-C, remembered: what runs in this process may catch the exception and go on, or lose it in a finalizer."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class Interrupts:
    """While it is entered, one that nobody heard is ``pending``. In a thread, or where SIGINT is ignored, none is."""

    pending = False

    def __enter__(self) -> Interrupts:
        plain = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        self._ours = plain and threading.current_thread() is threading.main_thread()
        if self._ours:
            signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def check(self) -> None:
        """Raises KeyboardInterrupt for one that is pending."""
        if self.pending:
            self.pending = False
            raise KeyboardInterrupt

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.pending = True
        signal.default_int_handler(number, frame)
