"""A program that plays its part of a recorded talk over its standard streams: ``program.py SCRIPT [SOCKET]``.

The script is a JSON list of steps, one member each: ``send`` (base64), ``await`` (a client's line), ``wait``
(milliseconds), ``stall``, ``exit`` (``code``, ``stderr``); it is the first line that the socket says where SCRIPT is
``-``. With a socket, whoever listens there is told what was written and heard, and where the play stands whenever it
cannot go on by itself, and says when a wait is over; without one, waits are waited for.

It imports nothing of the harness and little else, so that it starts in no time.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any


class Play:
    def __init__(self, stage: socket.socket | None) -> None:
        self._stage = stage
        self._sent = self._taken = 0
        self._unread = b""

    def step(self, step: dict[str, Any]) -> None:
        ((name, value),) = step.items()
        getattr(self, f"_{name}")(value)

    def idle(self) -> None:
        """The play is over: stay, as a server does, until the client closes."""
        while self._line("idle") is not None:
            continue

    def _send(self, encoded: str) -> None:
        data = base64.b64decode(encoded)
        for start in range(0, len(data), select.PIPE_BUF):
            piece = data[start : start + select.PIPE_BUF]
            select.select([], [1], [])
            # Told before it is written, which it is at once and in full: whoever reads it may end this program for it.
            self._sent += len(piece)
            self._tell()
            os.write(1, piece)

    def _await(self, wanted: dict[str, Any]) -> None:
        while (line := self._line("await")) is not None:
            said = json.loads(line)
            if like(said, wanted):
                return
            if said.get("method") == wanted.get("method") is not None:
                self._tell(state="foreign", line=line.decode())
        sys.exit(0)

    def _wait(self, ms: float) -> None:
        if self._stage is None:
            time.sleep(ms / 1000)
            return
        self._tell(state="wait", ms=ms)
        self._stage.recv(1)

    def _stall(self, _: Any) -> None:
        self._tell(state="stall")
        while True:
            signal.pause()

    def _exit(self, last: dict[str, Any]) -> None:
        os.write(2, last["stderr"].encode())
        self._tell(over=True)
        if last["code"] < 0:
            os.kill(os.getpid(), -last["code"])
        os._exit(last["code"])

    def _line(self, state: str) -> bytes | None:
        """The client's next line; None when it has closed."""
        while b"\n" not in self._unread:
            self._tell(state=state)
            more = os.read(0, 65_536)
            if not more:
                return None
            self._taken += len(more)
            self._unread += more
            self._tell(heard=base64.b64encode(more).decode())
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _tell(self, **state: Any) -> None:
        if self._stage is not None:
            told = {"sent": self._sent, "taken": self._taken, **state}
            self._stage.sendall(json.dumps(told).encode() + b"\n")


def like(said: Any, wanted: dict[str, Any]) -> bool:
    """Whether a client's line is the awaited one: its method and id, and of an answer also what it says."""
    if not isinstance(said, dict) or any(said.get(name) != wanted.get(name) for name in ("method", "id")):
        return False
    if "method" in wanted:
        return True
    return ("error" in said) == ("error" in wanted) and said.get("result") == wanted.get("result")


def main(script: str, address: str = "") -> None:
    stage = None
    if address:
        stage = socket.socket(socket.AF_UNIX)
        stage.connect(address)
    play = Play(stage)
    for step in steps_of(script, stage):
        play.step(step)
    play.idle()


def steps_of(script: str, stage: socket.socket | None) -> list[dict[str, Any]]:
    """Of the file, or ``-``: of the stage, in one line."""
    with stage.makefile("r") if script == "-" and stage is not None else open(script, encoding="utf-8") as source:
        steps: list[dict[str, Any]] = json.loads(source.readline())
    return steps


if __name__ == "__main__":
    main(*sys.argv[1:])
