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
    "ConsumerReady",
    "ConsumerUnusable",
    "Event",
    "Expectation",
    "FindingFound",
    "FindingShrunk",
    "FindingView",
    "FrameView",
    "FuzzFinished",
    "FuzzProgress",
    "FuzzStarted",
    "FuzzTrouble",
    "Interrupted",
    "Mark",
    "RunFinished",
    "RunStarted",
    "Verdict",
    "plain",
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
class ConsumerReady:
    """A consumer's cases begin."""

    consumer: str
    version: str
    promises: Mapping[str, Any] = field(default_factory=dict)
    """Its capabilities that are not those of a full consumer."""


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


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as it stands now, with all there is to say about it."""

    id: str
    consumer: str
    consumer_version: str
    invariant: str
    cause: str
    reason: str
    cassette: str
    plan: str
    """As YAML; empty when the cassette shows it as it is."""
    mutations: int
    example: int
    """Number of the example that showed it first; 0 for one that was known before."""
    steady: bool
    """Whether it showed again when the same case was run again."""
    reproduce: str
    """The command that runs it again."""
    evidenced: str = ""
    assembled: str = ""
    attempts: tuple[AttemptView, ...] = ()


@dataclass(frozen=True, slots=True)
class FuzzStarted:
    """The campaign knows what it will do."""

    version: str
    """Of this program."""
    consumer: str
    consumer_version: str
    cassettes: int
    seed: int
    examples: int | None
    """The budget; None: as many as the time allows."""
    time_ms: float | None
    """The other budget; None: as long as the examples take."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Every invariant's id and its rule in one sentence."""
    fast_lane: str = ""
    """The consumer that is asked first where it can be; empty when there is none."""


@dataclass(frozen=True, slots=True)
class FuzzProgress:
    """A sign of life, some times a second."""

    examples: int
    findings: int
    doing: str
    """What the campaign is at, for people."""
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class FindingFound:
    """A distinct failure was met for the first time; it is written down already."""

    finding: FindingView


@dataclass(frozen=True, slots=True)
class FindingShrunk:
    """The same, as small as it gets; it is written down already."""

    finding: FindingView


@dataclass(frozen=True, slots=True)
class FuzzTrouble:
    """A case that could not be judged."""

    example: int
    reason: str


@dataclass(frozen=True, slots=True)
class FuzzFinished:
    """The last event of every campaign."""

    examples: int
    skipped: int
    """Examples that the consumer was not asked, because they take too long in real time."""
    findings: int
    troubles: int
    lenient: int
    """Examples with a verdict that is right by the letter or by common practice, not by both."""
    ended: str
    """Why: the budget that was used up, the user's interrupt, or trouble without end."""
    interrupted: bool
    elapsed_ms: float
    scouted: int = 0
    """Examples that went over the fast lane alone: nothing came of them that was new."""


Event = (
    RunStarted
    | ConsumerUnusable
    | ConsumerReady
    | CaseStarted
    | CaseFinished
    | Interrupted
    | RunFinished
    | FuzzStarted
    | FuzzProgress
    | FindingFound
    | FindingShrunk
    | FuzzTrouble
    | FuzzFinished
)

_NAMES: Mapping[type, str] = {
    RunStarted: "run-started",
    ConsumerUnusable: "consumer-unusable",
    ConsumerReady: "consumer-ready",
    CaseStarted: "case-started",
    CaseFinished: "case-finished",
    Interrupted: "interrupted",
    RunFinished: "run-finished",
    FuzzStarted: "fuzz-started",
    FuzzProgress: "fuzz-progress",
    FindingFound: "finding-found",
    FindingShrunk: "finding-shrunk",
    FuzzTrouble: "fuzz-trouble",
    FuzzFinished: "fuzz-finished",
}


def to_json(event: Event) -> dict[str, Any]:
    """The event as JSON values, with its kind under ``event``."""
    body: dict[str, Any] = plain(event)
    return {"event": _NAMES[type(event)], "format": EVENTS_VERSION, **body}


def plain(value: Any) -> Any:
    """A value of an event, or part of one, as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {spec.name: plain(getattr(value, spec.name)) for spec in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    return value.value if isinstance(value, Mark) else value


def _counted(marks: Counter[Mark]) -> dict[str, int]:
    return {mark.value: marks[mark] for mark in Mark if marks[mark]}
