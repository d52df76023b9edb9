"""Two lanes into one program on the same exchange: the one that opens its stream, and a fast one that is handed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.judge.alike import Observed
from harness.judge.verdict import Mark, Verdict


@dataclass(frozen=True, slots=True)
class Lane:
    """What one lane made of the exchange, and what is said of it."""

    observed: Observed
    verdicts: Sequence[Verdict]

    def failing(self, asked: frozenset[str]) -> list[tuple[str, str]]:
        """Rule and cause of each failure, of the rules that were asked."""
        failed = (verdict for verdict in self.verdicts if verdict.mark is Mark.FAIL and verdict.invariant in asked)
        return sorted({(verdict.invariant, verdict.cause) for verdict in failed})

    @property
    def asked(self) -> frozenset[str]:
        """The rules that it was held to: what a lane cannot see is skipped."""
        return frozenset(verdict.invariant for verdict in self.verdicts if verdict.mark is not Mark.SKIPPED)


@dataclass(frozen=True, slots=True)
class Lanes:
    """The two, to be held against each other."""

    full: Lane
    fast: Lane
