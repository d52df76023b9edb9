"""The one stream of what happens in a run. Renderers read nothing else, so every event carries all they need.

Values are plain data: an event can be written to a file and understood without the run it came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from harness.judge.verdict import Mark, Verdict

__all__ = [
    "AttemptView",
    "CaseFinished",
    "CaseStarted",
    "ConsumerUnusable",
    "Event",
    "Expectation",
    "FrameView",
    "Interrupted",
    "Mark",
    "RunFinished",
    "RunStarted",
    "Verdict",
    "to_json",
]

EVENTS_VERSION = 1


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation that a scenario adds to the invariants."""

    name: str
    mark: Mark
    wanted: Any
    found: Any


@dataclass(frozen=True, slots=True)
class FrameView:
    """One frame of the stream, for people."""

    number: int
    text: str
    """Its bytes as text, shortened."""
    pointed_at: bool = False


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One request and what it was served."""

    turn: int
    attempt: int
    answer: str
    status: int | None
    ending: str
    duty: str
    why: str
    taken: int
    """Body bytes that reached the client."""
    sent: int
    """Body bytes the server meant to send."""
    frames: tuple[FrameView, ...] = ()
    """Those around the fault; empty when nothing is wrong."""
    total_frames: int = 0


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run knows what it will do."""

    version: str
    """Of this program."""
    consumers: tuple[str, ...]
    scenarios: tuple[str, ...]
    cases: int
    """Over all consumers."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Every invariant's id and its rule in one sentence."""


@dataclass(frozen=True, slots=True)
class ConsumerUnusable:
    """A consumer could not be started: none of its cases is run."""

    consumer: str
    error: str


@dataclass(frozen=True, slots=True)
class CaseStarted:
    id: str
    consumer: str


@dataclass(frozen=True, slots=True)
class CaseFinished:
    """One case, run and judged."""

    id: str
    scenario: str
    cassette: str
    consumer: str
    consumer_version: str
    summary: str
    why: str
    mark: Mark
    """The worst of all marks; skipped only when the consumer was not asked at all."""
    reproduce: str
    """The command that runs this very case again."""
    plan: str = ""
    """As YAML; empty for a case that simply held."""
    verdicts: tuple[Verdict, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    attempts: tuple[AttemptView, ...] = ()
    outcome: Mapping[str, Any] = field(default_factory=dict)
    """The normal form of the outcome schema; empty for a case that simply held."""
    reason: str = ""
    """Why it was skipped, or what went wrong in the harness or a driver."""
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user stopped the run; what was found so far follows."""

    left: int
    """Cases that were not run."""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event of every run."""

    cases: int
    marks: Mapping[str, int]
    """Cases by mark."""
    verdicts: Mapping[str, int]
    """Verdicts by mark, over all cases."""
    elapsed_ms: float

    @classmethod
    def of(cls, cases: int, marks: Counter[Mark], verdicts: Counter[Mark], elapsed_ms: float) -> RunFinished:
        return cls(cases, _counted(marks), _counted(verdicts), elapsed_ms)


Event = RunStarted | ConsumerUnusable | CaseStarted | CaseFinished | Interrupted | RunFinished

_NAMES: Mapping[type, str] = {
    RunStarted: "run-started",
    ConsumerUnusable: "consumer-unusable",
    CaseStarted: "case-started",
    CaseFinished: "case-finished",
    Interrupted: "interrupted",
    RunFinished: "run-finished",
}


def to_json(event: Event) -> dict[str, Any]:
    """The event as JSON values, with its kind under ``event``."""
    body: dict[str, Any] = _plain(event)
    return {"event": _NAMES[type(event)], "format": EVENTS_VERSION, **body}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {spec.name: _plain(getattr(value, spec.name)) for spec in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return value.value if isinstance(value, Mark) else value


def _counted(marks: Counter[Mark]) -> dict[str, int]:
    return {mark.value: marks[mark] for mark in Mark if marks[mark]}
