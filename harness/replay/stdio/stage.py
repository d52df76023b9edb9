"""An exchange of lines, played by real processes to a client in another process, in real time.

The client starts what it is told to start, as often as it likes. Each process reports to a socket: it is given its
part of the play, and tells what it wrote and heard and when it waits. So the transcript is made of what the processes
themselves have seen, and nothing is asked of the client.
"""

from __future__ import annotations

import base64
import json
import selectors
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from harness.clock import Clock, RealClock
from harness.delivery import Exchange, Transcript
from harness.replay.stdio.script import steps_of
from harness.replay.stdio.talk import FOREIGN, PROGRAM, NeverAnswers, Talk, upcoming


class LineServer:
    """Listens to its processes from the moment it is made until ``close``."""

    def __init__(self, exchange: Exchange, clock: Clock | None = None) -> None:
        self._turns = [delivery for turn in range(exchange.turns) if (delivery := exchange.answer(turn, 0))]
        self._clock = clock or RealClock()
        self._began_s = self._clock.now()
        self._plays: list[_Play] = []
        self._folder = Path(tempfile.mkdtemp(prefix="stream-harness-"))
        self._address = str(self._folder / "stage")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._address)
        self._listener.listen()
        self._bell, self._ringer = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._bell, selectors.EVENT_READ, lambda: None)
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="line-server", daemon=True)
        self._thread.start()

    @property
    def command(self) -> tuple[str, ...]:
        """What a client starts in place of the server."""
        # Isolated and without site: it starts in a fraction of the time, and nothing of this environment reaches it.
        return (sys.executable, "-I", "-S", str(PROGRAM), "-", self._address)

    def transcript(self) -> Transcript:
        """What was said till now, turn by turn. Raises NeverAnswers."""
        with self._lock:
            while self._look():
                continue  # what a process told before this was asked is part of the answer
            for play in self._plays:
                if play.broken:
                    raise NeverAnswers(play.broken)
            return Transcript(tuple(entry for play in self._plays for entry in play.talk.served(self._now_ms())))

    def close(self) -> None:
        """Listen no more; the processes are their client's. Harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        self._ringer.send(b"\n")
        self._thread.join()
        for play in self._plays:
            play.connection.close()
        for end in (self._selector, self._listener, self._bell, self._ringer):
            end.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closed:
            self._selector.select(self._next_s())
            with self._lock:
                self._look()

    def _next_s(self) -> float | None:
        """How long until a wait is over; None when none is under way."""
        with self._lock:
            ends = [play.wait_ends_s for play in self._plays if play.wait_ends_s is not None]
        return max(0.0, min(ends) - self._clock.now()) if ends else None

    def _look(self) -> bool:
        """Take in what was told, and end the waits that are over. Returns whether anything was told."""
        told = [key.data for key, _ in self._selector.select(0) if key.fileobj is not self._bell]
        for take in told:
            take()
        for play in self._plays:
            play.go_on(self._clock.now())
        return bool(told)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        begun = sum(play.talk.begun for play in self._plays)
        turns = upcoming(self._turns, begun)
        play = _Play(connection, Talk(turns, begun, self._now_ms()), self._clock.now, self._now_ms)
        self._plays.append(play)
        play.say(json.dumps(steps_of(turns)).encode() + b"\n")
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._hear(play))

    def _hear(self, play: _Play) -> None:
        if not play.take():
            self._selector.unregister(play.connection)
            play.talk.end(self._now_ms())
            play.wait_ends_s = None

    def _now_ms(self) -> float:
        return (self._clock.now() - self._began_s) * 1000


class _Play:
    """One process, as it tells of itself."""

    def __init__(
        self, connection: socket.socket, talk: Talk, now_s: Callable[[], float], now_ms: Callable[[], float]
    ) -> None:
        self.connection, self.talk = connection, talk
        self.broken = ""
        """Why this is no talk that can be judged."""
        self.wait_ends_s: float | None = None
        self._now_s, self._now_ms = now_s, now_ms
        self._unread = b""

    def take(self) -> bool:
        """What the process tells; False when it is gone."""
        try:
            data = self.connection.recv(65_536)
        except ConnectionResetError:
            data = b""
        *whole, self._unread = (self._unread + data).split(b"\n")
        for line in whole:
            self._told(json.loads(line))
        return bool(data)

    def go_on(self, now_s: float) -> None:
        """Let the process go on once its wait is over."""
        if self.wait_ends_s is not None and now_s >= self.wait_ends_s:
            self.wait_ends_s = None
            self.say(b"\n")

    def say(self, words: bytes) -> None:
        """Tell the process something; one that was killed meanwhile is noticed when it is next heard."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.sendall(words)

    def _told(self, told: dict[str, Any]) -> None:
        self.talk.taken = told["sent"]
        if "heard" in told:
            self.talk.hear(base64.b64decode(told["heard"]), self._now_ms())
        if "over" in told:
            self.talk.exit(self._now_ms())
        match told.get("state"):
            case "wait":
                self.wait_ends_s = self._now_s() + told["ms"] / 1000
            case "foreign":
                self.broken = FOREIGN.format(told["line"])
