"""An exchange of lines, played by a real process to a client in this one, in simulated time.

Nobody may move the clock while either side still has something to do. The program tells through a socket of its own
how much it has written and read whenever it must wait; once all of that has crossed the pipes, nothing but time can
happen, and only then the clock runs, to the end of the wait or to the end of the client's patience.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Protocol, Self

from harness.clock import VirtualClock
from harness.delivery import Delivery, Exchange, Served, Transcript
from harness.replay.player import NeverEnds
from harness.replay.stdio.script import steps_of
from harness.replay.stdio.talk import FOREIGN, PROGRAM, NeverAnswers, Talk, upcoming

_LOOK_S = 0.001
_MUTE_S = 30.0
"""Real seconds after which a program that says nothing at all is broken."""


class Pipes(Protocol):
    """A process as the client's own code holds it."""

    def send(self, data: bytes) -> None: ...
    def read(self, within_s: float | None) -> bytes | None: ...
    def end(self, *, at_fault: bool) -> None: ...
    @property
    def ending(self) -> str: ...
    @property
    def stderr(self) -> str: ...


class ScriptedServer:
    """Hands out one command after another, each playing the turns from where the last one left off."""

    def __init__(self, exchange: Exchange, clock: VirtualClock) -> None:
        self._turns = [delivery for turn in range(exchange.turns) if (delivery := exchange.answer(turn, 0))]
        self._clock = clock
        self._folder = Path(tempfile.mkdtemp(prefix="stream-harness-"))
        self._plays: list[SimulatedPipes] = []
        self._listener: socket.socket | None = None

    def command(self) -> list[str]:
        """The command to start next."""
        number = len(self._plays)
        script, address = self._folder / f"{number}.json", self._folder / f"{number}.sock"
        script.write_text(json.dumps(steps_of(self._upcoming())), encoding="utf-8")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(address))
        self._listener.listen(1)
        # Isolated and without site: it starts in a fraction of the time, and nothing of this environment reaches it.
        return [sys.executable, "-I", "-S", str(PROGRAM), str(script), str(address)]

    def attach(self, process: Pipes) -> SimulatedPipes:
        """The process of the last command, in simulated time."""
        assert self._listener is not None
        listener, self._listener = self._listener, None
        play = SimulatedPipes(process, listener, self._clock, self._upcoming(), self._begun())
        self._plays.append(play)
        return play

    def transcript(self) -> Transcript:
        """What was really said, turn by turn."""
        return Transcript(tuple(served for play in self._plays for served in play.served()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.close()
        for play in self._plays:
            play.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begun(self) -> int:
        return sum(play.begun for play in self._plays)

    def _upcoming(self) -> list[Delivery]:
        return upcoming(self._turns, self._begun())


class SimulatedPipes:
    """One process's pipes; waits on them are waits on the simulated clock."""

    def __init__(
        self, process: Pipes, listener: socket.socket, clock: VirtualClock, turns: list[Delivery], first: int
    ) -> None:
        self._process, self._listener, self._clock = process, listener, clock
        self._talk = Talk(turns, first, clock.now() * 1000)
        self._stage: socket.socket | None = None
        self._told = b""
        self._state: dict[str, Any] = {}
        self._wait_ends: float | None = None
        self._written = 0

    @property
    def begun(self) -> int:
        """Turns that were begun; the first one is begun with the process."""
        return self._talk.begun

    @property
    def ending(self) -> str:
        return self._process.ending

    @property
    def stderr(self) -> str:
        return self._process.stderr

    def send(self, data: bytes) -> None:
        self._talk.hear(data, self._clock.now() * 1000)
        self._written += len(data)
        self._process.send(data)

    def read(self, within_s: float | None) -> bytes | None:
        patience_ends = None if within_s is None else self._clock.now() + within_s
        mute_until = time.monotonic() + _MUTE_S
        while True:
            output = self._process.read(_LOOK_S)
            if output is not None:
                self._talk.taken += len(output)
                return output
            self._look()
            if self._still():
                if self._time_passes(patience_ends):
                    return None
                mute_until = time.monotonic() + _MUTE_S
            elif time.monotonic() > mute_until:
                raise NeverAnswers(f"the program is stuck in {self._state}; {self._process.stderr}")

    def end(self, *, at_fault: bool) -> None:
        self._talk.end(self._clock.now() * 1000)
        self._process.end(at_fault=at_fault)

    def close(self) -> None:
        self._listener.close()
        if self._stage is not None:
            self._stage.close()

    def served(self) -> list[Served]:
        """The turns that were begun, each with what of it was read."""
        return self._talk.served(self._clock.now() * 1000)

    def _look(self) -> None:
        """What the program has told since the last look; its last word counts."""
        if self._stage is None:
            self._listener.setblocking(False)
            try:
                self._stage, _ = self._listener.accept()
            except BlockingIOError:
                return
            self._stage.setblocking(False)
        try:
            self._told += self._stage.recv(65_536)
        except BlockingIOError:
            return
        *whole, self._told = self._told.split(b"\n")
        for line in whole:
            told = json.loads(line)
            if "state" not in told:
                continue  # its pipes tell that here, and at once
            self._state, self._wait_ends = told, None
            if told["state"] == "foreign":
                raise NeverAnswers(FOREIGN.format(told["line"]))

    def _still(self) -> bool:
        """Whether nothing is under way in either direction, so that only time can change anything."""
        state = self._state.get("state")
        if state is None or self._state["sent"] != self._talk.taken:
            return False
        return state in {"wait", "stall"} or self._state["taken"] == self._written

    def _time_passes(self, patience_ends: float | None) -> bool:
        """Let the time go on to what comes first. Returns whether it is the end of the reader's patience."""
        if self._state["state"] == "wait" and self._wait_ends is None:
            self._wait_ends = self._clock.now() + self._state["ms"] / 1000
        due = self._wait_ends
        # What arrives in the very instant of a deadline is in time.
        if due is not None and (patience_ends is None or due <= patience_ends):
            self._clock.sleep(due - self._clock.now())
            self._state, self._wait_ends = {}, None
            assert self._stage is not None
            self._stage.send(b"\n")
            return False
        if patience_ends is None:
            raise NeverEnds("the server is silent for ever, and the client has no deadline")
        self._clock.sleep(patience_ends - self._clock.now())
        return True
