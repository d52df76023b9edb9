"""JSON lines to and from a child process, with a deadline on every wait and the whole process group in hand."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

MAX_LINE = 256 * 2**20
"""Bytes. A trace repeats every delta, so a line is a few times as long as the stream it is about."""

_READ = 2**20
_STDERR_TAIL = 4_000
_EXIT_S = 5.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "LD_PRELOAD", "SYSTEMROOT")
"""What a driver gets of the user's environment: no keys, no proxies, no settings of the consumer."""


Left = Callable[[], float]
"""Seconds for which a deadline is sure not to pass; none once it has."""


def within(ms: float) -> Left:
    """A deadline in so many ms from now, in real time."""
    until = time.monotonic() + ms / 1000
    return lambda: until - time.monotonic()


class Silent(Exception):
    """Nothing came before the deadline."""


class Rubbish(Exception):
    """What came is no line of the protocol."""


class Exited(Exception):
    """The process is gone; the text tells how, and its last words on stderr."""


class Pipe:
    """A child process in a session of its own, with ``folder`` as its home and scratch folder, and to work in unless
    it is started elsewhere."""

    def __init__(
        self, command: Sequence[str], folder: str, variables: Mapping[str, str], started_in: str | None = None
    ) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process; closed in kill)
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                bufsize=0,
                cwd=started_in or folder,
                env={**passed_on, "HOME": folder, "TMPDIR": folder, **variables},
                start_new_session=True,
            )
        except OSError:
            self._stderr.close()
            raise
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._buffer = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, body: Mapping[str, Any]) -> None:
        """Write one line. A process that is gone is noticed when its answer is awaited."""
        rest = memoryview(json.dumps(body).encode() + b"\n")
        with suppress(BrokenPipeError):
            while rest:
                rest = rest[self._stdin.write(rest) :]

    def receive(self, left_s: Left) -> dict[str, Any]:
        """The next line's JSON object. Raises Silent, Exited, Rubbish."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > MAX_LINE:
                raise Rubbish(f"a line longer than {MAX_LINE} bytes: {_shown(self._buffer)}")
            while not self._selector.select(wait_s := max(0.0, left_s())):
                if not wait_s:
                    raise Silent(f"no answer before the deadline; {self._last_words()}")
            chunk = os.read(self._stdout.fileno(), _READ)
            if not chunk:
                raise Exited(self._end())
            self._buffer += chunk
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return _object(line)

    def forget_stderr(self) -> None:
        """Drop what the process said so far, so that its last words belong to what comes next."""
        # The child writes on through the offset it shares with us, so that moves too.
        self._stderr.truncate(0)
        self._stderr.seek(0)

    def kill(self) -> None:
        """End the process and all it started, and wait for it. Harmless when repeated."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        for stream in (self._stdin, self._stdout, self._stderr):
            with suppress(BrokenPipeError):
                stream.close()

    def _end(self) -> str:
        try:
            code = self._process.wait(_EXIT_S)
        except subprocess.TimeoutExpired:
            return f"closed its stdout but lives on; {self._last_words()}"
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"{how}; {self._last_words()}"

    def _last_words(self) -> str:
        size = os.fstat(self._stderr.fileno()).st_size
        tail = os.pread(self._stderr.fileno(), _STDERR_TAIL, max(0, size - _STDERR_TAIL))
        text = tail.decode("utf-8", "replace").strip()
        return f"its last words: {text}" if text else "it said nothing on stderr"


def _object(line: bytes) -> dict[str, Any]:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        raise Rubbish(f"a line that is no JSON: {_shown(line)}") from None
    if not isinstance(body, dict):
        raise Rubbish(f"a line that is no JSON object: {_shown(line)}")
    return body


def _shown(line: bytes | bytearray) -> str:
    return repr(bytes(line[:200]).decode("utf-8", "replace"))
