"""Judging by the evidence: what the bytes said, what that obliges to, and whether the consumer did it."""

from harness.judge.duty import Duty, Obligation, obligation_of
from harness.judge.evidence import Attempt, TurnEvidence, gather
from harness.judge.rule import REGISTRY, Breach, Invariant, Scene
from harness.judge.verdict import Mark, Verdict
from harness.judge.verdicts import failures, judge

__all__ = [
    "REGISTRY",
    "Attempt",
    "Breach",
    "Duty",
    "Invariant",
    "Mark",
    "Obligation",
    "Scene",
    "TurnEvidence",
    "Verdict",
    "failures",
    "gather",
    "judge",
    "obligation_of",
]
