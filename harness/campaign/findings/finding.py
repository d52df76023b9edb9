"""A finding: one bug of one consumer, and the least case that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.campaign.case import Planned
from harness.campaign.events import AttemptView, FindingView
from harness.campaign.naming import finding_id
from harness.campaign.scenario import Scenario
from harness.cassette import Cassette
from harness.judge import LANES_AGREE, fingerprint
from harness.judge.verdict import Verdict
from harness.mutations import Plan


@dataclass(frozen=True, slots=True)
class Finding:
    """What ``.harness/findings/<id>/`` holds."""

    consumer: str
    """As it was named to the campaign; a replay takes the same."""
    version: str
    verdict: Verdict
    cassette: Cassette
    """As it was before the plan."""
    plan: Plan
    example: int = 0
    """Number of the example that showed it first."""
    seed: int | None = None
    steady: bool = True
    """Whether it showed again when the same case was run again."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the programs that found it."""
    attempts: Sequence[AttemptView] | None = field(default=None, compare=False)
    """The evidence, for people; None where it was not gathered."""
    outcome: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """In the normal form of the outcome schema."""
    stream: Cassette | None = None
    """What was served, with every frame left out that the failure does not need: a cassette of its own."""

    @property
    def id(self) -> str:
        return finding_id(self.consumer, fingerprint(self.verdict))

    @property
    def reproduce(self) -> str:
        return f"harness replay {self.id}"

    def planned(self) -> Planned:
        """The case, to be run like that of any scenario."""
        return Planned(self.scenario(), self.cassette, handle=self.id)

    def scenario(self) -> Scenario:
        mutations = len(self.plan.mutations)
        served = f"{mutations} mutation{'s' * (mutations != 1)} of {self.cassette.name}" if mutations else "As recorded"
        return Scenario(
            id=self.id,
            summary=f"{served}.",
            why=f"A campaign found it: {self.verdict.invariant} failed on {self.consumer} {self.version}.",
            cassettes=(self.cassette.name,),
            plan=self.plan,
            lanes=self.verdict.invariant == LANES_AGREE,
        )

    def view(self) -> FindingView:
        verdict = self.verdict
        return FindingView(
            id=self.id,
            consumer=self.consumer,
            consumer_version=self.version,
            invariant=verdict.invariant,
            cause=verdict.cause,
            reason=verdict.reason,
            cassette=self.cassette.name,
            plan=self.plan.to_yaml() if self.plan.mutations else "",
            mutations=len(self.plan.mutations),
            example=self.example,
            steady=self.steady,
            reproduce=self.reproduce,
            evidenced=verdict.evidenced,
            assembled=verdict.assembled,
            attempts=tuple(self.attempts or ()),
        )
