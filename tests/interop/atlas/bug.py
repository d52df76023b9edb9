"""A real bug of a released program: where it was, where it no longer is, and a control case written by hand.

The control is a plan on a clean cassette, with the rule that it breaks. It says nothing to the campaign, which is given
neither plan nor cassette nor rule; it decides whether a bug can be seen here at all, and which findings are that bug.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.campaign.case import Planned
from harness.campaign.scenario import Scenario
from harness.cassette import load
from harness.judge import Mark, Verdict
from harness.mutations import Plan

HERE = Path(__file__).parent
CASSETTES = HERE.parents[2] / "cassettes"


@dataclass(frozen=True, slots=True)
class Bug:
    """One file of ``bugs/``."""

    name: str
    reference: str
    """Where the project itself tells of it."""
    says: str
    consumer: str
    vulnerable: str
    fixed: str
    rule: str
    """The invariant that it breaks."""
    clock: str
    """``@x50`` where it takes a silence that nobody waits for: both releases run with their time hurried; else empty."""
    cause: str
    """Part of the normalised cause, where the rule alone does not tell this bug from others; else empty."""
    control: Planned

    @property
    def before(self) -> str:
        """The vulnerable release, as ``--consumer`` takes it."""
        return f"{self.consumer}=={self.vulnerable}{self.clock}"

    @property
    def after(self) -> str:
        return f"{self.consumer}=={self.fixed}{self.clock}"

    def shown_by(self, verdicts: Iterable[Verdict]) -> Verdict | None:
        """The first verdict that is this bug: its rule is broken, for its cause."""
        failed = (verdict for verdict in verdicts if verdict.mark is Mark.FAIL and verdict.invariant == self.rule)
        return next((verdict for verdict in failed if self.cause in verdict.cause), None)


def bugs() -> list[Bug]:
    """All of them, by name."""
    return [read(path) for path in sorted((HERE / "bugs").glob("*.yaml"))]


def read(path: Path) -> Bug:
    """Raises KeyError, PlanError or CassetteError for a file that is not in order."""
    body: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    control, fails = body["control"], body["fails"]
    scenario = Scenario(
        id=f"atlas/{path.stem}",
        summary=body["bug"],
        why=body["reference"],
        cassettes=(control["cassette"],),
        plan=Plan.from_json(control.get("plan", [])),
        timeouts=control.get("timeouts", {}),
        cancel_after=control.get("cancel_after"),
    )
    return Bug(
        name=path.stem,
        reference=body["reference"],
        says=body["bug"],
        consumer=body["consumer"],
        vulnerable=body["vulnerable"],
        fixed=body["fixed"],
        rule=fails["rule"],
        clock=body.get("clock", ""),
        cause=fails.get("cause", ""),
        control=Planned(scenario, load(CASSETTES / control["cassette"])),
    )
