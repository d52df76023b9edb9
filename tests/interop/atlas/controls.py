"""Which bugs can be seen here: those whose control shows them on the vulnerable release and not on the fixed one."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from harness.campaign.run import CaseResult, run_case
from harness.consumers.registry import open_consumer
from harness.judge import Mark
from tests.interop.atlas.bug import Bug


@dataclass(frozen=True, slots=True)
class Side:
    """What the control came to on one release."""

    shows: bool
    """The bug: its rule, for its cause."""
    judged: bool
    """False where the case could not be run or judged."""
    says: str

    def to_json(self) -> dict[str, Any]:
        return {"shows": self.shows, "judged": self.judged, "says": self.says}


@dataclass(frozen=True, slots=True)
class Control:
    """A bug's control on both releases."""

    bug: Bug
    before: Side
    after: Side

    @property
    def applicable(self) -> bool:
        return self.before.shows and self.after.judged and not self.after.shows

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.bug.name,
            "reference": self.bug.reference,
            "vulnerable": self.bug.before,
            "fixed": self.bug.after,
            "rule": self.bug.rule,
            "cause": self.bug.cause,
            "applicable": self.applicable,
            "on_vulnerable": self.before.to_json(),
            "on_fixed": self.after.to_json(),
        }


def control(bug: Bug) -> Control:
    """Raises ConsumerError when a release is not installed."""
    return Control(bug, _side(bug, bug.before), _side(bug, bug.after))


def _side(bug: Bug, release: str) -> Side:
    with closing(open_consumer(release)) as consumer:
        result = run_case(consumer, bug.control)
    shown = bug.shown_by(result.verdicts)
    return Side(shown is not None, result.observation is not None, _said(result, bug))


def _said(result: CaseResult, bug: Bug) -> str:
    """The rule's own verdict first, then the other rules that do not hold."""
    if result.observation is None:
        return f"{result.mark}: {result.reason}"
    failed = [verdict for verdict in result.verdicts if verdict.mark is Mark.FAIL]
    failed.sort(key=lambda verdict: verdict.invariant != bug.rule)
    return "; ".join(f"{verdict.invariant}: {verdict.cause}" for verdict in failed) or "holds"
