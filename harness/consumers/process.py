"""A consumer in a process of its own, which may hang, die or talk rubbish without taking the harness along.

Whose fault it is decides what comes of it. A hang or a death during a case is the consumer's, and becomes that
case's outcome; but before a death is blamed on it, the healthy probe must pass in a fresh process. Everything else
(a driver that never gets ready, lines that break the protocol, a driver's own error) is ours: ConsumerError.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from harness.consumers import probe
from harness.consumers.base import ConsumerError, NoVerdict, Observation
from harness.consumers.checking import check
from harness.consumers.handed import answers_of
from harness.consumers.hurry import Hurried, Unavailable
from harness.consumers.pipe import Exited, Left, Pipe, Rubbish, Silent, within
from harness.contract import DRIVER_PROTOCOL, Capabilities, Case, Outcome, Ready, Turn, from_json
from harness.delivery import Exchange, Transcript
from harness.delivery.handed import transcript_of
from harness.replay import LoopbackServer
from harness.replay.connection import Phase
from harness.replay.stdio import LineServer, NeverAnswers

READY_MS = 60_000.0

_SPARE_S = 60.0
"""Real seconds that a program in hurried time gets beyond three times what its deadline takes at full speed."""


@dataclass(frozen=True, slots=True)
class Program:
    """How a driver is started and what is expected of it."""

    name: str
    """The consumer's name, as given to ``--consumer``."""
    version: str | None
    """None: whatever it says it is."""
    command: Sequence[str]
    capabilities: Capabilities
    ready_ms: float = READY_MS
    deadline_ms: float = float("inf")
    """Past this a case is hung, whatever the case allows."""
    variables: Mapping[str, str] | None = None
    """Environment variables beside the few that every driver gets."""
    folder: str | None = None
    """Where it is started; None: in a scratch folder of its own."""


class ProcessConsumer:
    """Serves cases one after another to one driver, and starts a new one whenever the last was lost."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._hurried: Hurried | None = None
        self._driver: _Driver | None = None

    @property
    def name(self) -> str:
        return self._program.name

    @property
    def version(self) -> str:
        return self._program.version or "local"

    @property
    def capabilities(self) -> Capabilities:
        return self._program.capabilities

    def run(self, case: Case, exchange: Exchange) -> Observation:
        lines = self.capabilities.app_server
        if any((delivery.stdio is not None) != lines for delivery in exchange.deliveries.values()):
            read, served = ("lines", "HTTP") if lines else ("HTTP", "lines")
            raise ConsumerError(f"it reads {read}, and this exchange is one of {served}")
        if lines and self.capabilities.time_scale > 1:
            raise NoVerdict("the clock of a program that is told lines cannot be hurried")
        if lines:
            return self._run_lines(case, exchange)
        return self._run_http(case, exchange) if self.capabilities.opens else self._run_handed(case, exchange)

    def _run_http(self, case: Case, exchange: Exchange) -> Observation:
        if self.capabilities.time_scale > 1:
            return self._run_hurried(case, exchange)
        with LoopbackServer(exchange) as server:
            return self._observed(case, server)

    def _run_lines(self, case: Case, exchange: Exchange) -> Observation:
        with LineServer(exchange) as server:
            outcome = self._ask(replace(case, command=server.command))
            try:
                return Observation(outcome, server.transcript())
            except NeverAnswers as error:
                raise ConsumerError(str(error)) from None

    def _run_handed(self, case: Case, exchange: Exchange) -> Observation:
        outcome = self._ask(replace(case, answers=answers_of(exchange)))
        return Observation(outcome, transcript_of(exchange, len(outcome.turns)))

    def close(self) -> None:
        self._end()
        if self._hurried is not None:
            self._hurried.close()
            self._hurried = None

    def _run_hurried(self, case: Case, exchange: Exchange) -> Observation:
        """Raises NoVerdict where its clock cannot be driven, or not all of it follows."""
        if self._hurried is None:
            try:
                self._hurried = Hurried(self.capabilities.time_scale)
            except Unavailable as lack:
                raise NoVerdict(str(lack)) from None
        hurried = self._hurried
        opened = hurried.clock.now()
        with LoopbackServer(exchange, clock=hurried.clock, pace=hurried) as server:
            seen = self._observed(case, server)
        if hurried.strangers:
            raise NoVerdict(f"its time cannot be hurried: {', '.join(hurried.strangers)} keeps a clock of its own")
        undue_ms = _lived_ms(seen.transcript, (hurried.began - opened) * 1000) - hurried.meant_ms
        return replace(seen, undue_ms=max(0.0, undue_ms))

    def _observed(self, case: Case, server: LoopbackServer) -> Observation:
        outcome = self._ask(replace(case, base_url=server.base_url))
        pooled = sum(connection.phase is Phase.IDLE for connection in server.connections())
        return Observation(_but_for_pooled(outcome, pooled), server.transcript())

    def _end(self) -> None:
        if self._driver is not None:
            self._driver.kill()
            self._driver = None

    def _ask(self, case: Case) -> Outcome:
        turns: list[Turn] = []
        deadline_ms = min(case.deadline_ms, self._program.deadline_ms)
        try:
            driver = self._running()
            return driver.ask(case, self._until(deadline_ms, driver), turns)
        except Silent:
            self._end()
            self._refuse_if_early(deadline_ms)
            return self._lost(turns, Turn("hung", notes=f"killed after {deadline_ms:g} ms"))
        except Exited as death:
            self._end()
            self._blame(death)
            return self._lost(turns, Turn("crashed", notes=str(death)))
        except (Rubbish, ConsumerError) as error:
            self._end()
            raise ConsumerError(f"the driver of {self.name} is broken: {error}") from None

    def _until(self, deadline_ms: float, driver: _Driver) -> Left:
        """The deadline of a case that begins now: on the program's own clock, which the machine must not keep from
        getting there for ever."""
        if self._hurried is None:
            return within(deadline_ms)
        self._hurried.begin(driver.pid)
        clock = self._hurried.clock
        due = clock.now() + deadline_ms / 1000
        at_most = within(3 * deadline_ms / clock.fastest + _SPARE_S * 1000)
        return lambda: min(clock.look_s(due), at_most())

    def _refuse_if_early(self, deadline_ms: float) -> None:
        if self._hurried is not None and self._hurried.clock.now() < self._hurried.began + deadline_ms / 1000:
            raise NoVerdict("it was never at rest for long, so its clock could not be hurried to the deadline")

    def _running(self) -> _Driver:
        if self._driver is None:
            self._driver = _Driver(self._program, self._hurried.variables if self._hurried is not None else {})
        return self._driver

    def _lost(self, turns: list[Turn], last: Turn) -> Outcome:
        return Outcome(self.name, self.version, (*turns, last))

    def _blame(self, death: Exited) -> None:
        """Return if the consumer died of the case; raise ConsumerError if it cannot even serve a healthy stream."""
        driver = self._running()
        with self._healthy() as case:
            try:
                outcome = driver.ask(case, within(case.deadline_ms), [])
            except (Silent, Exited, Rubbish) as error:
                self._end()
                raise ConsumerError(f"it fails on a healthy stream too ({error}); before that: {death}") from None
        if complaint := probe.complaint(outcome, self.capabilities):
            self._end()
            raise ConsumerError(f"it fails on a healthy stream too ({complaint}); before that: {death}")

    @contextmanager
    def _healthy(self) -> Iterator[Case]:
        """The healthy probe, served."""
        exchange = probe.exchange_for(self.capabilities)
        if self.capabilities.app_server:
            with LineServer(exchange) as lines:
                yield replace(probe.CASE, command=lines.command)
        elif not self.capabilities.opens:
            yield replace(probe.CASE, answers=answers_of(exchange))
        else:
            with LoopbackServer(exchange) as server:
                yield replace(probe.CASE, base_url=server.base_url)


class _Driver:
    """One living process that said ready. Raises ConsumerError when it does not come to that."""

    def __init__(self, program: Program, clock: Mapping[str, str]) -> None:
        """``clock``: the environment variables that put it on a clock of its own."""
        self._scratch = tempfile.TemporaryDirectory(prefix="stream-harness-", ignore_cleanup_errors=True)
        try:
            variables = {**(program.variables or {}), **clock}
            self._pipe = Pipe(program.command, self._scratch.name, variables, program.folder)
        except OSError as error:
            self._scratch.cleanup()
            raise ConsumerError(f"the driver of {program.name} cannot be started: {error}") from None
        try:
            self.ready = self._await_ready(program)
        except (Silent, Exited, Rubbish, ConsumerError) as error:
            self.kill()
            raise ConsumerError(f"the driver of {program.name} did not get ready: {error}") from None

    @property
    def pid(self) -> int:
        return self._pipe.pid

    def ask(self, case: Case, left_s: Left, turns: list[Turn]) -> Outcome:
        """Run one case. Finished turns are put into ``turns`` as they come, so that a loss keeps them.

        Raises Silent past the deadline, Exited when the process died, Rubbish and ConsumerError.
        """
        self._pipe.forget_stderr()
        self._pipe.send(case.to_json())
        told: list[dict[str, Any]] = []
        while True:
            answer = self._pipe.receive(left_s)
            kind = next((key for key in ("outcome", "turn", "error") if key in answer), None)
            check(f"driver#{kind or 'outcome'}", answer, told)
            if answer["case"] != case.id:
                raise Rubbish(f"asked about case {case.id!r}, it answers about {answer['case']!r}")
            if kind == "error":
                raise ConsumerError(f"it failed itself:\n{answer['error']}")
            if kind == "outcome":
                return from_json(answer["outcome"])
            told.append(answer["turn"])
            turns.append(turn_from_json(answer["turn"]))

    def kill(self) -> None:
        self._pipe.kill()
        self._scratch.cleanup()

    def _await_ready(self, program: Program) -> Ready:
        body = self._pipe.receive(within(program.ready_ms))
        if body.get("protocol") != DRIVER_PROTOCOL:
            raise ConsumerError(f"it speaks protocol {body.get('protocol')!r}, the harness {DRIVER_PROTOCOL}")
        check("driver#ready", body)
        ready = Ready(**body["ready"])
        if program.version is not None and ready.version != program.version:
            raise ConsumerError(f"it drives release {ready.version}, not {program.version}")
        return ready


def _but_for_pooled(outcome: Outcome, pooled: int) -> Outcome:
    """A connection that idles in a client's pool after a whole answer is a socket the driver counts, and no leak."""
    sockets = outcome.leftovers.sockets
    if not pooled or not sockets:
        return outcome
    return replace(outcome, leftovers=replace(outcome.leftovers, sockets=max(0, sockets - pooled)))


def _lived_ms(transcript: Transcript, begun_ms: float) -> float:
    """How long its clock ran while it was served, all answers together, and from ``begun_ms`` to its first request."""
    served = transcript.served
    prelude = served[0].opened_ms - begun_ms if served else 0.0
    return prelude + sum(entry.lasted_ms for entry in served)


def turn_from_json(body: Mapping[str, Any]) -> Turn:
    """One turn in the form of the outcome's schema."""
    return from_json({"consumer": "", "version": "", "turns": [body]}).turns[0]
