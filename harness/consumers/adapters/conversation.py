"""What all in-process adapters do alike: play the exchange, hold the conversation, notice a call that never ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from harness.clock import VirtualClock
from harness.consumers.base import Observation
from harness.consumers.drivers import _driver
from harness.contract import Callback, Capabilities, Case, Failure, Leftovers, Outcome, Turn, from_json
from harness.delivery import Exchange
from harness.replay import NeverEnds, Player

BASE_URL = "http://replayed.invalid/v1"
"""No name anybody could resolve: a request that escapes the transport fails at once."""
MODEL = "gpt-5"


class Adapter(ABC):
    """An in-process consumer. Its client is built once and serves all cases: building one costs more than a case."""

    def __init__(self, name: str, version: str, capabilities: Capabilities) -> None:
        self._name, self._version, self._capabilities = name, version, capabilities
        self._trace = _driver.Trace()

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
        turns = tuple(self._turns(case))
        # A timer that still waits on the simulated clock is work that outlived the call.
        left = Leftovers(tasks=clock.pending)
        return Observation(Outcome(self._name, self._version, turns, left), player.transcript())

    @abstractmethod
    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        """Hand the player to the client's transport and set the deadlines the case asks for."""

    @abstractmethod
    def call(self, request: dict[str, Any], trace: _driver.Trace) -> Turn:
        """One turn: ``request`` has ``model``, ``input`` and, if there are any, ``tools``."""

    @abstractmethod
    def close(self) -> None: ...

    def request_sent(self, *_: Any) -> None:
        """A hook for the HTTP client: counts the attempts of the turn under way."""
        self._trace.request_sent()

    def _turns(self, case: Case) -> list[Turn]:
        said: list[dict[str, Any]] = []
        turns: list[Turn] = []
        for number, asked in enumerate(case.turns):
            said = said + _driver.new_items(asked)
            self._trace = _driver.Trace(case.cancel_after if number == 0 else None)
            request: dict[str, Any] = {"model": MODEL, "input": said}
            if case.tools:
                request["tools"] = list(case.tools)
            turns.append(self._ended(request))
            if turns[-1].ended != "returned" or number + 1 == len(case.turns):
                break
            said = said + _driver.answered(asdict(turns[-1]))
        return turns

    def _ended(self, request: dict[str, Any]) -> Turn:
        try:
            return self.call(request, self._trace)
        except NeverEnds as stall:
            return Turn("hung", trace=trace_of(self._trace), notes=str(stall))


def trace_of(trace: _driver.Trace) -> tuple[Callback, ...]:
    """The trace in the contract's form."""
    return tuple([Callback(entry["kind"], entry["data"], entry["attempt"]) for entry in trace.entries])


def turn_of(body: dict[str, Any]) -> Turn:
    """A turn from the JSON that the shared driver code makes."""
    return from_json({"consumer": "", "version": "", "turns": [body]}).turns[0]


def failure_of(error: BaseException, partial_text: str | None = None) -> Failure:
    """An exception as its user sees it, in the contract's form."""
    failure = turn_of({"ended": "raised", "failure": _driver.describe(error)}).failure
    assert failure is not None
    return Failure(failure.chain, failure.printable, partial_text)
