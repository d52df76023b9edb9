"""Running an installer: output into a log, progress to people, its last words into the error."""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.consumers.base import ConsumerError

Progress = Callable[[str], None]
"""Called with one line for people at every step."""

LOG = "install.log"

_ERROR_LINES = 12
_ERROR_CHARS = 300
_TOLD = ("Collecting", "Downloading", "Building", "Installing", "Successfully", "added ")
_SILENT = ("Looking in", "WARNING:", "npm warn", "npm notice")


class ToolFailed(ConsumerError):
    """The tool ended with an error; ``words`` are its last lines."""

    def __init__(self, failure: str, words: Sequence[str]) -> None:
        super().__init__(f"{failure}:\n{tail(words)}")
        self.words = "\n".join(words)


def run(command: Sequence[str], folder: Path, progress: Progress, failure: str) -> None:
    """Run to the end in ``folder``, whose log gets the output. Raises ToolFailed, its text opening with ``failure``."""
    last: deque[str] = deque(maxlen=_ERROR_LINES)
    with (
        (folder / LOG).open("a", encoding="utf-8") as log,
        subprocess.Popen(
            list(command), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            last.append(line.rstrip())
            if line.lstrip().startswith(_TOLD):
                progress(line.strip()[:120])
    if process.returncode != 0:
        raise ToolFailed(failure, list(last))


def output(command: Sequence[str]) -> str:
    """What a command prints. Raises CalledProcessError."""
    return subprocess.run(list(command), capture_output=True, text=True, check=True).stdout


def tail(lines: Sequence[str]) -> str:
    """The last lines that say what happened, each short enough to read: pip lists every release there ever was."""
    telling = [line for line in lines if not line.startswith(_SILENT)]
    return "\n".join(f"  {line[:_ERROR_CHARS]}" for line in telling[-_ERROR_LINES:])
