"""The keeper: a process of its own that redacts and writes, so that a recorder that dies loses nothing.

The recorder hands every event over a pipe before it forwards the bytes, and the kernel keeps what is in a pipe when
its writer is killed. At the pipe's end the keeper makes the cassette, whether or not anybody is left to be told. What
redaction holds back is only in this process's memory, and what it costs does not slow the stream.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from dataclasses import asdict
from typing import BinaryIO, Protocol

import orjson

from harness.record.events import Event, Unpacker, pack
from harness.record.finish import Outcome, finish
from harness.record.journal import Journal
from harness.record.target import Target, journals

_READ = 1 << 18
_PIPE = 1 << 20
"""How far the keeper may be behind before the recorder has to wait for it, in bytes."""
_READY = b"!"


class Sink(Protocol):
    """Takes what is recorded, before it is forwarded."""

    def take(self, event: Event) -> None: ...


class KeeperGone(RuntimeError):
    """The keeper ended before its recorder; what it had written is in a journal that the next recording finishes."""


class KeeperProcess:
    """A keeper in another process. ``take`` blocks while it is behind: nothing is forwarded that is not kept."""

    def __init__(self, target: Target) -> None:
        """Returns once the keeper is ready. Raises KeeperGone."""
        # A session of its own: an interrupt from the terminal is the recorder's to handle.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, orjson.dumps(asdict(target)).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(self._process.stdin, fcntl.F_SETPIPE_SZ, _PIPE)
        assert self._process.stdout is not None
        if self._process.stdout.read(len(_READY)) != _READY:
            self.finish()

    def fileno(self) -> int:
        """Readable once the keeper ended."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def take(self, event: Event) -> None:
        """Raises KeeperGone."""
        assert self._process.stdin is not None
        rest = memoryview(pack(event))
        try:
            while rest:
                rest = rest[self._process.stdin.write(rest) :]
        except BrokenPipeError as error:
            raise KeeperGone("the keeper of the recording ended") from error

    def finish(self) -> Outcome:
        """End the recording, wait for the cassette. Raises KeeperGone."""
        out, _ = self._process.communicate()
        if self._process.returncode or not out:
            raise KeeperGone(f"the keeper of the recording ended with exit code {self._process.returncode}")
        return Outcome.parse(out)


class LocalKeeper:
    """A keeper in this process, for recordings whose recorder is not worth a process."""

    def __init__(self, target: Target) -> None:
        self._journal = Journal(target, journals())

    def take(self, event: Event) -> None:
        self._journal.take(event)

    def finish(self) -> Outcome:
        """Write the cassette. Raises OSError when a place cannot be written to."""
        self._journal.close()
        return finish(self._journal.folder)


def keep(target: Target, source: BinaryIO) -> Outcome:
    """Keep what comes from ``source`` until it ends, after telling stdout that this can begin."""
    keeper, unpacker = LocalKeeper(target), Unpacker()
    sys.stdout.buffer.write(_READY)
    sys.stdout.buffer.flush()
    while data := os.read(source.fileno(), _READ):
        for event in unpacker.feed(data):
            keeper.take(event)
    return keeper.finish()


def main() -> None:
    outcome = keep(Target(**orjson.loads(sys.argv[1])), sys.stdin.buffer)
    try:
        sys.stdout.buffer.write(outcome.dump())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The recorder is gone, and only the terminal is left to be told.
        sys.stdout = None
        print(f"the recorder was killed; kept: {outcome.saved or outcome.quarantined}", file=sys.stderr)


if __name__ == "__main__":
    main()
