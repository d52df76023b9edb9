"""The generic campaign on both releases of each bug: when it is met on the one, and that it is not met on the other.

What is tried is what ``harness fuzz`` tries with this seed on these cassettes: the same draws, run and judged in the
same way. A bug was found where a trial shows it on the vulnerable release and the very same trial, replayed on the fixed one,
does not. Another bug may break the same rule for the same cause, on the fixed release too: that is told, not hidden.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from harness.campaign.fuzz.drawing import Drawing, Trial
from harness.campaign.fuzz.engine import tries
from harness.campaign.fuzz.ground import Ground, grounds
from harness.campaign.fuzz.trying import Tried, attempt
from harness.campaign.library import Library
from harness.consumers.base import Consumer
from harness.consumers.registry import open_consumer
from harness.mutations import Plan
from tests.interop.atlas.bug import CASSETTES, HERE, Bug

CLEAN = ("codex/*", "openai/*", "litellm/*-greeting", "litellm/*-two-calls", "litellm/*-two-turns")
"""Streams with which nothing is wrong: the synthesized ones, and whole answers of a proxy that ends them by [DONE]."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Whichever is over first, for each release."""

    examples: int
    time_s: float
    seed: int


@dataclass(slots=True)
class Met:
    """A bug on one release: at which example, after how many seconds, by what plan, on which cassette, and what the judge said."""

    example: int
    after_s: float
    plan: list[dict[str, Any]]
    cassette: str
    verdict: str

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "after_s": round(self.after_s, 1)}


@dataclass(slots=True)
class Ran:
    """One campaign on one release."""

    release: str
    examples: int = 0
    skipped: int = 0
    """Trials whose silences are too long for real time."""
    troubles: int = 0
    took_s: float = 0.0
    met: dict[str, Met] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        told = ("release", "examples", "skipped", "troubles")
        return {**{name: getattr(self, name) for name in told}, "took_s": round(self.took_s, 1)}


@dataclass(frozen=True, slots=True)
class Result:
    """A bug after the campaigns on both of its releases."""

    bug: Bug
    before: Ran
    after: Ran

    @property
    def found(self) -> bool:
        return self.bug.name in self.before.met

    def to_json(self) -> dict[str, Any]:
        met, other = self.before.met.get(self.bug.name), self.after.met.get(self.bug.name)
        return {
            "name": self.bug.name,
            "reference": self.bug.reference,
            "found": self.found,
            "met": met.to_json() if met else None,
            "same_cause_on_fixed": other.to_json() if other else None,
            "on_vulnerable": self.before.to_json(),
            "on_fixed": self.after.to_json(),
        }


def results(bugs: Sequence[Bug], budget: Budget, say: Callable[[str], None]) -> Iterator[Result]:
    """Bugs of the same two releases share their campaigns."""
    drawing = Drawing(grounds(Library(HERE, CASSETTES).selection(CLEAN)))
    for before, after in dict.fromkeys((bug.before, bug.after) for bug in bugs):
        these = [bug for bug in bugs if (bug.before, bug.after) == (before, after)]
        with closing(open_consumer(before)) as old, closing(open_consumer(after)) as new:
            first = _ran(old, these, drawing, budget, lambda bug, trial, new=new: not _shows(new, bug, trial))
            say(_line(first))
            second = _ran(new, these, drawing, budget, lambda bug, trial: True)
            say(_line(second))
        yield from (Result(bug, first, second) for bug in these)


def replayed(bug: Bug, met: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether the trial that was kept shows the bug on the vulnerable release, and whether it does on the fixed one."""
    (cassette,) = Library(HERE, CASSETTES).selection([met["cassette"]])
    trial = Trial(Ground(cassette), Plan.from_json(met["plan"]))
    with closing(open_consumer(bug.before)) as old, closing(open_consumer(bug.after)) as new:
        return _shows(old, bug, trial), _shows(new, bug, trial)


def _ran(
    consumer: Consumer, bugs: Sequence[Bug], drawing: Drawing, budget: Budget, counts: Callable[[Bug, Trial], bool]
) -> Ran:
    """Until each bug was met, or the budget is used up."""
    ran = Ran(consumer.name)
    since = time.monotonic()
    for number, tried in enumerate(islice(tries(consumer, drawing, budget.seed), budget.examples), 1):
        ran.examples, ran.took_s = number, time.monotonic() - since
        ran.skipped += tried.skipped
        ran.troubles += bool(tried.trouble)
        for bug in bugs:
            if bug.name not in ran.met and (met := _met(bug, tried, number, ran.took_s)) and counts(bug, tried.trial):
                ran.met[bug.name] = met
        if len(ran.met) == len(bugs) or time.monotonic() - since > budget.time_s:
            break
    return ran


def _met(bug: Bug, tried: Tried, number: int, after_s: float) -> Met | None:
    shown = bug.shown_by(tried.failed.values())
    if shown is None:
        return None
    plan = tried.trial.plan.to_json()
    return Met(number, after_s, plan, tried.trial.ground.name, f"{shown.invariant}: {shown.cause}")


def _shows(consumer: Consumer, bug: Bug, trial: Trial) -> bool:
    return bug.shown_by(attempt(consumer, trial).failed.values()) is not None


def _line(ran: Ran) -> str:
    met = ", ".join(f"{name} at {met.example}" for name, met in ran.met.items()) or "nothing"
    return f"{ran.release}: {ran.examples} examples, {ran.took_s:.0f} s, {ran.troubles} troubles; met {met}"
