"""The server's process: a group of its own, one thread that pumps all three pipes, nothing left when it ends.

Whoever waits for output meanwhile writes what is still to be written and drains stderr, so neither side can wait for
the other because of a full pipe. Ending has to happen in the machine's own time: a process does not know any other.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from harness.runtime.appserver.errors import AppServerError

STDERR_TAIL = 4_000
"""Bytes of stderr that are kept."""
GRACE_S = 2.0
"""How long a server that was not at fault has to end by itself once its input is closed."""
TERMINATE_S = 1.0
"""How long it has after SIGTERM."""

_CHUNK = 2**16
_POLL_S = 0.005
_STDERR_READS = 16


class Pipes(Protocol):
    """What a session needs of a process."""

    def send(self, data: bytes) -> None: ...

    def read(self, within_s: float | None) -> bytes | None:
        """The next output; nothing at its end, None when none came within that time (None: however long it takes)."""

    def end(self, *, at_fault: bool) -> None:
        """End the process and its group and close the pipes. Harmless when repeated."""

    @property
    def ending(self) -> str:
        """How the process ended, for people; to be asked before :meth:`end`."""

    @property
    def stderr(self) -> str:
        """The tail of what it said there."""


class Process:
    """A child process in a session of its own. Raises AppServerError when it cannot be started."""

    def __init__(
        self, command: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=cwd,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise AppServerError(f"the app-server cannot be started: {error}") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin, self._stdout, self._stderr = self._process.stdin, self._process.stdout, self._process.stderr
        os.set_blocking(self._stdin.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)
        self._unsent = bytearray()
        self._tail = bytearray()
        self._over = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, data: bytes) -> None:
        """Queue bytes; they are written as the server takes them. One that is gone is noticed when it is read."""
        if data and not self._over:
            if not self._unsent and self._stdin not in self._selector.get_map():
                self._selector.register(self._stdin, selectors.EVENT_WRITE)
            self._unsent += data
            self._write()

    def read(self, within_s: float | None) -> bytes | None:
        until = None if within_s is None else time.monotonic() + within_s
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            output = self._pump(left)
            if output is not None:
                return output
            if until is not None and time.monotonic() >= until:
                return None

    def end(self, *, at_fault: bool) -> None:
        if self._over:
            return
        self._over = True
        self._close_stdin()
        if not self._gone_within(0.0 if at_fault else GRACE_S):
            self._signal(signal.SIGTERM)
            self._gone_within(TERMINATE_S)
        # What it started and left behind goes too; its own number is ours until it is waited for.
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._drain_stderr()
        self._selector.close()
        self._stdout.close()
        self._stderr.close()

    @property
    def ending(self) -> str:
        if not self._gone_within(TERMINATE_S):
            return "it closed its output, but lives on"
        code = self._exit_code()
        assert code is not None
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    @property
    def stderr(self) -> str:
        if not self._over:
            self._drain_stderr()
        return bytes(self._tail).decode("utf-8", "replace").strip()

    def _pump(self, within_s: float | None) -> bytes | None:
        """One round of the pipes. Output comes last, so that what was said before it is there when it is read."""
        output: bytes | None = None
        for key, _ in self._selector.select(within_s):
            if key.fileobj is self._stdin:
                self._write()
            elif key.fileobj is self._stderr:
                self._keep_stderr()
            else:
                output = os.read(self._stdout.fileno(), _CHUNK)
        return output

    def _write(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: os.write(self._stdin.fileno(), self._unsent[:_CHUNK])]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._unsent.clear()
        self._selector.unregister(self._stdin)

    def _keep_stderr(self) -> None:
        words = os.read(self._stderr.fileno(), _CHUNK)
        if not words:
            self._selector.unregister(self._stderr)
        self._tail += words
        del self._tail[:-STDERR_TAIL]

    def _drain_stderr(self) -> None:
        # A pipe's worth and no more: one that is written to without end is never empty.
        for _ in range(_STDERR_READS):
            registered = self._stderr in self._selector.get_map()
            if not registered or all(key.fileobj is not self._stderr for key, _ in self._selector.select(0)):
                return
            self._keep_stderr()

    def _close_stdin(self) -> None:
        if self._stdin in self._selector.get_map():
            self._selector.unregister(self._stdin)
        with suppress(BrokenPipeError):
            self._stdin.close()

    def _gone_within(self, seconds: float) -> bool:
        """Whether the process is gone."""
        until = time.monotonic() + seconds
        while self._exit_code() is None:
            if time.monotonic() >= until:
                return False
            if self._stdout in self._selector.get_map() and self._pump(_POLL_S) == b"":
                self._selector.unregister(self._stdout)
            time.sleep(_POLL_S)
        return True

    def _exit_code(self) -> int | None:
        """As Popen tells it. It is not reaped, where that can be had, so that nobody else gets its group's number."""
        if not hasattr(os, "waitid"):  # macOS, before Python 3.13
            return self._process.poll()
        left = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if left is None:
            return None
        return left.si_status if left.si_code == os.CLD_EXITED else -left.si_status

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
