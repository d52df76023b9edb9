"""Cassettes of the app-server, played in memory: no process, no thread, virtual time."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from harness.cassette import Cassette, exchange_of, find, load
from harness.clock import VirtualClock
from harness.delivery import Await, Cut, Delivery, End, Send, Stall, Stdio, Wait
from harness.replay.stdio.program import like
from harness.runtime import Callbacks
from harness.runtime.appserver import AppServerSession, TurnDeadlines, TurnResult

LIBRARY = Path("cassettes/app-server")
NAMES = [folder.name for folder in find(LIBRARY)]
RECORDED = ["command", "failed", "file-change", "interrupted", "reasoning", "retried", "text", "two-turns"]


@cache
def cassette(name: str) -> Cassette:
    return load(LIBRARY / name)


def deliveries(name: str) -> list[Delivery]:
    exchange = exchange_of(cassette(name))
    return [entry for turn in range(exchange.turns) if (entry := exchange.answer(turn, 0))]


def body(name: str) -> bytes:
    return b"".join(delivery.body for delivery in deliveries(name))


class PlayedPipes:
    """Plays the steps of deliveries to whoever holds these pipes; ``cut``: how a send is cut into reads."""

    def __init__(
        self,
        turns: Iterable[Delivery],
        clock: VirtualClock,
        cut: Callable[[bytes], Iterable[bytes]] = lambda data: [data],
    ) -> None:
        turns = list(turns)
        self._steps = deque(action for turn in turns for action in turn.actions if not isinstance(action, End | Stdio))
        self._stdio = next(turn.stdio for turn in reversed(turns)) or Stdio()
        self._clock, self._cut = clock, cut
        self._reads: deque[bytes] = deque()
        self.written: list[dict[str, Any]] = []
        self._unmatched: list[dict[str, Any]] = []
        self.ended: bool | None = None
        """Whether it was at fault, once it was ended."""

    def send(self, data: bytes) -> None:
        lines = [json.loads(line) for line in data.splitlines()]
        self.written += lines
        self._unmatched += lines

    def read(self, within_s: float | None) -> bytes | None:
        patience_s = within_s
        while True:
            if self._reads:
                return self._reads.popleft()
            step = self._steps[0] if self._steps else Stall()
            if isinstance(step, Send):
                self._reads += [piece for piece in self._cut(step.data) if piece]
            elif isinstance(step, Cut):
                return b""
            elif isinstance(step, Wait) and (patience_s is None or step.ms / 1000 <= patience_s):
                self._clock.sleep(step.ms / 1000)
                patience_s = None if patience_s is None else patience_s - step.ms / 1000
            elif not (isinstance(step, Await) and self._heard(step)):
                assert patience_s is not None, "the session would wait for ever"
                self._clock.sleep(patience_s)
                return None
            self._steps.popleft()

    def end(self, *, at_fault: bool) -> None:
        self.ended = at_fault

    @property
    def ending(self) -> str:
        return f"exit code {self._stdio.exit_code}"

    @property
    def stderr(self) -> str:
        return self._stdio.stderr

    def _heard(self, step: Await) -> bool:
        wanted = json.loads(step.line)
        found = next((n for n, line in enumerate(self._unmatched) if like(line, wanted)), None)
        if found is None:
            return False
        del self._unmatched[: found + 1]
        return True


class Played:
    """A session on a cassette; ``results`` has what its turns came to."""

    def __init__(
        self,
        turns: str | Iterable[Delivery],
        *,
        says: Iterable[str] = ("Say something.",),
        cut: Callable[[bytes], Iterable[bytes]] = lambda data: [data],
        callbacks: Callbacks | None = None,
        deadlines: TurnDeadlines | None = None,
        approve: Callable[[Any], Any] = lambda _: "accept",
    ) -> None:
        self.clock = VirtualClock()
        self.pipes = PlayedPipes(deliveries(turns) if isinstance(turns, str) else turns, self.clock, cut)
        self.asked: list[Any] = []

        def decide(approval: Any) -> Any:
            self.asked.append(approval)
            return approve(approval)

        self.session = AppServerSession(lambda: self.pipes, deadlines=deadlines, approve=decide, clock=self.clock)
        self.results: list[TurnResult] = []
        for said in says:
            self.results.append(self.session.run_turn(said, callbacks=callbacks))

    @property
    def result(self) -> TurnResult:
        return self.results[-1]


def line(**message: Any) -> bytes:
    return json.dumps(message).encode() + b"\n"
