"""Judging by the evidence: what the bytes said, what that obliges to, and whether the consumer did it."""

from harness.judge.alike import Observed
from harness.judge.duty import Duty, Obligation, obligation_of
from harness.judge.evidence import Attempt, TurnEvidence, gather
from harness.judge.fingerprint import fingerprint
from harness.judge.lanes import Lane
from harness.judge.plain import UnreadableEvidence
from harness.judge.rule import REGISTRY, Breach, Invariant, Scene
from harness.judge.several import LANES_AGREE, agreement, compare
from harness.judge.verdict import Mark, Verdict
from harness.judge.verdicts import failures, judge, judge_by

__all__ = [
    "LANES_AGREE",
    "REGISTRY",
    "Attempt",
    "Breach",
    "Duty",
    "Invariant",
    "Lane",
    "Mark",
    "Obligation",
    "Observed",
    "Scene",
    "TurnEvidence",
    "UnreadableEvidence",
    "Verdict",
    "agreement",
    "compare",
    "failures",
    "fingerprint",
    "gather",
    "judge",
    "judge_by",
    "obligation_of",
]
