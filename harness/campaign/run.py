"""The run loop: cases in, events out. It prints nothing and decides nothing that a renderer could decide.

One broken case never ends a run, and an interrupt never loses what was found: whoever reads the events may throw
KeyboardInterrupt into the generator, and gets the closing events like after any other run.
"""

from __future__ import annotations

import shlex
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from harness import __version__
from harness.campaign.case import PlanMissed, Planned
from harness.campaign.events import (
    CaseFinished,
    CaseStarted,
    ConsumerReady,
    ConsumerUnusable,
    Event,
    Expectation,
    Interrupted,
    Mark,
    RunFinished,
    RunStarted,
    Verdict,
    plain,
)
from harness.campaign.expectation import check_expectations
from harness.campaign.judging import run_and_judge, unaskable
from harness.campaign.view import attempts_of
from harness.campaign.waiting import unfit
from harness.consumers import registry
from harness.consumers.base import Consumer, ConsumerError, NoVerdict, Observation
from harness.contract import Capabilities, to_json
from harness.judge import REGISTRY, TurnEvidence, UnreadableEvidence, failures

DEFAULT_CONSUMER = "runtime"

HURRIED_MS = 120_000.0
"""Real time that the silences of one answer may take for a program whose clock is hurried: they are what it is for."""

_TELLING = {Mark.LENIENT, Mark.FAIL, Mark.ERROR}
"""Of a case that simply held, nobody needs plan and outcome; a report would be ten times as long."""

_SEVERITY = (Mark.SKIPPED, Mark.PASS, Mark.LENIENT, Mark.FAIL, Mark.ERROR)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case, run and judged, with everything there is to know about it."""

    planned: Planned
    mark: Mark
    observation: Observation | None = None
    evidence: tuple[TurnEvidence, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    reason: str = ""


def run_case(consumer: Consumer, planned: Planned) -> CaseResult:
    """Run one case. What keeps it from being judged is in the result, never raised."""
    excluded = _excluded(planned, consumer.capabilities)
    if excluded:
        return CaseResult(planned, Mark.SKIPPED, reason=excluded)
    try:
        return _judged(consumer, planned)
    except (PlanMissed, UnreadableEvidence) as error:
        return CaseResult(planned, Mark.ERROR, reason=str(error))
    except NoVerdict as error:
        return CaseResult(planned, Mark.SKIPPED, reason=str(error))
    except ConsumerError as error:
        return CaseResult(planned, Mark.ERROR, reason=f"{consumer.name}: {error}")
    except Exception:  # noqa: BLE001 - a bug of ours in one case must not lose what the others found
        return CaseResult(planned, Mark.ERROR, reason=f"a bug of the harness:\n{traceback.format_exc()}")


def _judged(consumer: Consumer, planned: Planned) -> CaseResult:
    case, exchange = planned.prepare()
    budget_ms = HURRIED_MS if consumer.capabilities.time_scale > 1 else case.deadline_ms
    if reason := unfit(case, exchange, consumer.capabilities, budget_ms):
        return CaseResult(planned, Mark.SKIPPED, reason=reason)
    if reason := unaskable(consumer, exchange):
        return CaseResult(planned, Mark.SKIPPED, reason=reason)
    with _fast_lane(consumer, planned) as fast:
        if planned.scenario.lanes and fast is None:
            return CaseResult(planned, Mark.SKIPPED, reason="the consumer has no fast lane to be held against")
        judged = run_and_judge(consumer, case, exchange, fast)
    seen, evidence, verdicts = judged.observation, judged.evidence, judged.verdicts
    if judged.skipped:
        return CaseResult(planned, Mark.SKIPPED, seen, reason=judged.skipped)
    expectations = check_expectations(planned.scenario.expect, case, seen, evidence, consumer.capabilities, exchange)
    accused = any(failures(verdicts))
    # Whoever breaks a rule may have gone on where the scenario ends: its last turn is not the one that is meant.
    ours = [expectation.mark for expectation in expectations if not (accused and expectation.mark is Mark.ERROR)]
    marks = [*(verdict.mark for verdict in verdicts), *ours]
    mark = max((mark for mark in marks if mark is not Mark.SKIPPED), key=_SEVERITY.index, default=Mark.PASS)
    return CaseResult(planned, mark, seen, evidence, verdicts, expectations)


@contextmanager
def _fast_lane(consumer: Consumer, planned: Planned) -> Iterator[Consumer | None]:
    """Only for scenarios that are about it: nobody else needs a second program."""
    fast = registry.open_fast(consumer) if planned.scenario.lanes else None
    try:
        yield fast
    finally:
        if fast is not None:
            fast.close()


def concerned(planned: Planned, capabilities: Capabilities) -> bool:
    """Whether a consumer with these capabilities promises what the scenario asks for."""
    return not _excluded(planned, capabilities)


def _excluded(planned: Planned, capabilities: Capabilities) -> str:
    if (planned.cassette.kind == "jsonl") != capabilities.app_server:
        spoken = "JSON-RPC lines" if capabilities.app_server else "streams over HTTP"
        return f"the consumer reads {spoken}, and this cassette is of kind {planned.cassette.kind}"
    scenario = planned.scenario
    # A moment is counted in callbacks or in ms; who tells no deltas has no callbacks to count by.
    cancels = {"timed_cancel": scenario.cancel_at_ms, "streams": scenario.cancel_after}
    needs = dict.fromkeys([*scenario.needs, *(name for name, moment in cancels.items() if moment is not None)])
    lacking = [name for name in needs if getattr(capabilities, name) in (False, "none")]
    return f"the consumer does not promise: {', '.join(lacking)}" if lacking else ""


@dataclass(slots=True)
class Run:
    """Cases for each of several consumers, one after another."""

    cases: Sequence[Planned]
    consumers: Sequence[str]
    open_consumer: Callable[[str], Consumer]
    """Raises ConsumerError."""
    options: Sequence[str] = ()
    """Options of the command line that ``replay`` must be given too."""
    concerns: Callable[[str, Planned], bool] = lambda name, planned: True
    """Whether a consumer is asked about a case at all."""
    marks: Counter[Mark] = field(default_factory=Counter)
    verdicts: Counter[Mark] = field(default_factory=Counter)
    done: int = 0

    def events(self) -> Generator[Event, None, None]:
        """Run everything. The last event is always RunFinished."""
        started = time.monotonic()
        total = sum(len(self._asked(name)) for name in self.consumers)
        try:
            scenarios = tuple(dict.fromkeys(planned.scenario.id for planned in self.cases))
            rules = {rule.id: rule.rule for rule in REGISTRY.values()}
            yield RunStarted(__version__, tuple(self.consumers), scenarios, total, rules)
            for name in self.consumers:
                yield from self._consumer(name)
        except KeyboardInterrupt:
            yield Interrupted(total - self.done)
        elapsed_ms = (time.monotonic() - started) * 1000
        yield RunFinished.of(self.done, self.marks, self.verdicts, elapsed_ms)

    def _consumer(self, name: str) -> Iterator[Event]:
        try:
            consumer = self.open_consumer(name)
        except ConsumerError as error:
            self.marks[Mark.ERROR] += 1
            yield ConsumerUnusable(name, str(error))
            return
        try:
            yield ConsumerReady(consumer.name, consumer.version, told(consumer.capabilities))
            for planned in self._asked(name):
                yield CaseStarted(planned.id, name)
                yield self._case(consumer, planned)
        finally:
            consumer.close()

    def _asked(self, name: str) -> list[Planned]:
        return [planned for planned in self.cases if self.concerns(name, planned)]

    def _case(self, consumer: Consumer, planned: Planned) -> CaseFinished:
        started = time.perf_counter()
        result = run_case(consumer, planned)
        self.done += 1
        self.marks[result.mark] += 1
        self.verdicts.update(verdict.mark for verdict in result.verdicts)
        return finished(result, consumer, self.options, (time.perf_counter() - started) * 1000)


def told(capabilities: Capabilities) -> dict[str, Any]:
    """What a consumer declares that a full consumer does not."""
    full = Capabilities()
    return {
        spec.name: plain(getattr(capabilities, spec.name))
        for spec in fields(capabilities)
        if getattr(capabilities, spec.name) != getattr(full, spec.name)
    }


def finished(result: CaseResult, consumer: Consumer, options: Sequence[str], elapsed_ms: float) -> CaseFinished:
    """The event that tells all about a result; ``options`` are those that ``replay`` needs to find the files."""
    planned, observation = result.planned, result.observation
    telling = result.mark in _TELLING
    faults = [verdict for verdict in result.verdicts if verdict.mark in {Mark.FAIL, Mark.ERROR}]
    return CaseFinished(
        id=planned.id,
        scenario=planned.scenario.id,
        cassette=planned.cassette.name,
        consumer=consumer.name,
        consumer_version=consumer.version,
        summary=planned.scenario.summary,
        why=planned.scenario.why,
        mark=result.mark,
        reproduce=reproduce(planned.id, consumer.name, options),
        plan=planned.scenario.plan.to_yaml() if telling and planned.scenario.plan.mutations else "",
        verdicts=result.verdicts,
        expectations=result.expectations,
        attempts=attempts_of(result.evidence, faults),
        outcome=to_json(observation.outcome) if telling and observation is not None else {},
        reason=result.reason,
        elapsed_ms=elapsed_ms,
    )


def reproduce(id: str, consumer: str, options: Sequence[str] = ()) -> str:
    """The command that runs one case again, ready to be pasted into a shell."""
    chosen = () if consumer == DEFAULT_CONSUMER else ("--consumer", consumer)
    return shlex.join(["harness", "replay", id, *chosen, *options])
