"""What all renderers need to know about a run, gathered from its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.campaign.events import (
    CaseFinished,
    ConsumerReady,
    ConsumerUnusable,
    Event,
    Expectation,
    Interrupted,
    Mark,
    RunFinished,
    RunStarted,
    Verdict,
)

FAULTS = (Mark.FAIL, Mark.ERROR)


@dataclass(slots=True)
class Summary:
    """Everything so far; complete once ``finished`` is set. A renderer itself, for whoever wants only to know."""

    started: RunStarted | None = None
    ready: list[ConsumerReady] = field(default_factory=list)
    cases: list[CaseFinished] = field(default_factory=list)
    unusable: list[ConsumerUnusable] = field(default_factory=list)
    interrupted: Interrupted | None = None
    finished: RunFinished | None = None

    def handle(self, event: Event) -> None:
        match event:
            case RunStarted():
                self.started = event
            case ConsumerReady():
                self.ready.append(event)
            case CaseFinished():
                self.cases.append(event)
            case ConsumerUnusable():
                self.unusable.append(event)
            case Interrupted():
                self.interrupted = event
            case RunFinished():
                self.finished = event

    def close(self) -> None:
        """Nothing to write: others ask."""

    @property
    def rules(self) -> Mapping[str, str]:
        """Invariants and what they say."""
        return self.started.rules if self.started is not None else {}

    def remarks(self) -> list[str]:
        """What a reader of the figures must know of them: whose time was hurried, and what was not asked, and why."""
        hurried = [
            f"{event.consumer}: while kept waiting, its clock ran up to {event.promises['time_scale']} times as fast."
            for event in self.ready
            if "time_scale" in event.promises
        ]
        skips = Counter((case.consumer, case.reason) for case in self.cases if case.mark is Mark.SKIPPED)
        return hurried + [f"{name} was not asked {count} cases: {why}" for (name, why), count in skips.items()]

    def findings(self) -> list[Finding]:
        """Faults with one cause together, in the order in which they were found."""
        found: dict[tuple[str, str, str], Finding] = {}
        for case in self.cases:
            for fault in faults_of(case):
                key = (case.consumer, fault.rule, fault.cause)
                found.setdefault(key, Finding(case.consumer, fault, case)).cases.append(case)
        return list(found.values())

    def cells(self) -> dict[str, dict[str, Counter[Mark]]]:
        """Scenario by consumer: how many of its cases got which mark."""
        table: dict[str, dict[str, Counter[Mark]]] = {}
        for case in self.cases:
            table.setdefault(case.scenario, {}).setdefault(case.consumer, Counter())[case.mark] += 1
        return table


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a case, whoever says so."""

    rule: str
    """The invariant's id, ``expect.NAME``, or ``harness``."""
    mark: Mark
    reason: str
    cause: str
    evidenced: str = ""
    assembled: str = ""
    turn: int | None = None


@dataclass(slots=True)
class Finding:
    """A fault, the case it was first seen in, and all cases that have it."""

    consumer: str
    fault: Fault
    first: CaseFinished
    cases: list[CaseFinished] = field(default_factory=list)

    @property
    def others(self) -> list[CaseFinished]:
        return [case for case in self.cases if case is not self.first]


def faults_of(case: CaseFinished) -> list[Fault]:
    """What is wrong with a case; empty when it held, was lenient or was skipped."""
    found = [_of_verdict(verdict) for verdict in case.verdicts if verdict.mark in FAULTS]
    found += [_of_expectation(expectation) for expectation in case.expectations if expectation.mark in FAULTS]
    if not found and case.mark in FAULTS:
        found.append(Fault("harness", case.mark, case.reason, case.reason.rstrip().rpartition("\n")[2]))
    return found


def _of_verdict(verdict: Verdict) -> Fault:
    return Fault(
        verdict.invariant,
        verdict.mark,
        verdict.reason,
        verdict.cause,
        verdict.evidenced,
        verdict.assembled,
        verdict.turn,
    )


def _of_expectation(expectation: Expectation) -> Fault:
    name = f"expect.{expectation.name}"
    whose = "the evidence obliges to something else" if expectation.mark is Mark.ERROR else "it is not so"
    return Fault(
        name,
        expectation.mark,
        f"the scenario expects {expectation.name} {expectation.wanted!r}; {whose}",
        cause="",
        evidenced=repr(expectation.wanted),
        assembled=repr(expectation.found)[:400],
    )
