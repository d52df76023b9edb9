"""What all in-process adapters do alike: play the exchange, hold the conversation, notice a call that never ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from harness.clock import VirtualClock
from harness.consumers.base import Observation
from harness.consumers.drivers import _driver
from harness.consumers.leftovers import Standing
from harness.contract import Callback, Capabilities, Case, Failure, Outcome, Turn, from_json
from harness.contract.outcome import callback
from harness.delivery import Ending, Exchange
from harness.replay import NeverEnds, Player

BASE_URL = "http://replayed.invalid/v1"
"""No name anybody could resolve: a request that escapes the transport fails at once."""
MODEL = "gpt-5"


class Trace(_driver.Trace):
    """The callbacks of one turn; knows when the case cancels it, by their number or by the simulated time."""

    def __init__(self, clock: VirtualClock, cancel_after: int | None = None, cancel_at_ms: float | None = None) -> None:
        super().__init__(cancel_after, self._cancelled_now)
        self._clock = clock
        self.cancel_at_s = None if cancel_at_ms is None else clock.now() + cancel_at_ms / 1000
        self.on_cancel: Callable[[], object] = lambda: None
        """Called at the callback that cancels, for consumers that are told and do not ask."""

    @property
    def cancellable(self) -> bool:
        return self.cancel_after is not None or self.cancel_at_s is not None

    @property
    def cancelled(self) -> bool:
        due = self.cancel_at_s is not None and self._clock.now() >= self.cancel_at_s
        return due or super().cancelled

    def _cancelled_now(self) -> None:
        self.on_cancel()


class Adapter(ABC):
    """An in-process consumer. Its client is built once and serves all cases: building one costs more than a case."""

    def __init__(self, name: str, version: str, capabilities: Capabilities) -> None:
        self._name, self._version, self._capabilities = name, version, capabilities
        self._trace = Trace(VirtualClock())
        self.tasks_left = 0
        """Tasks that outlived a call of the case; an async adapter adds them up."""
        self.sockets_left = 0
        """Deliveries that were open when a call of the case was over; an async adapter looks before its loop ends."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def version(self) -> str:
        return self._version

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def run(self, case: Case, exchange: Exchange) -> Observation:
        clock = VirtualClock()
        player = Player(exchange, clock)
        self.begin(player, clock, case)
        self.tasks_left = self.sockets_left = 0
        before = Standing.now()
        turns = tuple(self._turns(case, clock))
        transcript = player.transcript()
        still_open = sum(entry.ending is Ending.OPEN for entry in transcript.served)
        # A timer that still waits on the simulated clock is work that outlived the call.
        left = before.left_since(tasks=clock.pending + self.tasks_left, sockets=max(still_open, self.sockets_left))
        return Observation(Outcome(self._name, self._version, turns, left), transcript)

    @abstractmethod
    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        """Hand the player to the client's transport and set the deadlines the case asks for."""

    @abstractmethod
    def call(self, request: dict[str, Any], trace: Trace) -> Turn:
        """One turn: ``request`` has ``model``, ``input`` (the whole conversation) and, if there are any, ``tools``."""

    @abstractmethod
    def close(self) -> None: ...

    def asked(self, turn: dict[str, Any]) -> list[dict[str, Any]]:
        """What a turn of the case adds to the conversation, in the form that the consumer takes."""
        return _driver.new_items(turn)

    def answered(self, turn: Turn) -> list[dict[str, Any]]:
        """What a turn that returned adds to it."""
        return _driver.answered(asdict(turn))

    def request_sent(self, *_: Any) -> None:
        """A hook for the HTTP client: counts the attempts of the turn under way."""
        self._trace.request_sent()

    def _turns(self, case: Case, clock: VirtualClock) -> list[Turn]:
        said: list[dict[str, Any]] = []
        turns: list[Turn] = []
        for number, asked in enumerate(case.turns):
            said = said + self.asked(asked)
            self._trace = Trace(clock, *((case.cancel_after, case.cancel_at_ms) if number == 0 else ()))
            request: dict[str, Any] = {"model": MODEL, "input": said}
            if case.tools:
                request["tools"] = list(case.tools)
            turns.append(self._ended(request))
            if turns[-1].ended != "returned" or number + 1 == len(case.turns):
                break
            said = said + self.answered(turns[-1])
        return turns

    def _ended(self, request: dict[str, Any]) -> Turn:
        try:
            return self.call(request, self._trace)
        except NeverEnds as stall:
            return Turn("hung", trace=trace_of(self._trace), notes=str(stall))


def trace_of(trace: _driver.Trace) -> tuple[Callback, ...]:
    """The trace in the contract's form."""
    return tuple([callback(*told) for told in trace.told])


def turn_of(body: dict[str, Any]) -> Turn:
    """A turn from the JSON that the shared driver code makes."""
    return from_json({"consumer": "", "version": "", "turns": [body]}).turns[0]


def failure_of(error: BaseException, partial_text: str | None = None) -> Failure:
    """An exception as its user sees it, in the contract's form."""
    failure = turn_of({"ended": "raised", "failure": _driver.describe(error)}).failure
    assert failure is not None
    return Failure(failure.chain, failure.printable, partial_text)
