"""A case, run and judged: over one lane into a consumer, or over two that are held against each other."""

from __future__ import annotations

from dataclasses import dataclass

from harness.campaign.acting import unanswerable, went_on
from harness.campaign.waiting import observe
from harness.consumers.base import Consumer, Observation
from harness.contract import Case
from harness.delivery import Exchange
from harness.delivery.handed import handable
from harness.judge import Lane, Observed, TurnEvidence, Verdict, agreement, gather, judge_by


@dataclass(frozen=True, slots=True)
class Judged:
    """What the full lane came to, and what is said of it."""

    observation: Observation
    evidence: tuple[TurnEvidence, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    skipped: str = ""
    """Why it cannot be judged although it was run; empty when it can."""


def run_and_judge(consumer: Consumer, case: Case, exchange: Exchange, fast: Consumer | None = None) -> Judged:
    """Run a case and judge it; where ``fast`` can be asked too, the last verdict is whether both lanes agree.

    Raises ConsumerError, NoVerdict and UnreadableEvidence.
    """
    judged = _judged(consumer, case, exchange)
    if fast is None or judged.skipped or unaskable(fast, exchange):
        return judged
    agreed = agreement(_lane(case, judged), _lane(case, _judged(fast, case, exchange)))
    return Judged(judged.observation, judged.evidence, (*judged.verdicts, agreed))


def unaskable(consumer: Consumer, exchange: Exchange) -> str:
    """Why a consumer cannot be given the exchange; empty when it can."""
    if not consumer.capabilities.opens and not handable(exchange):
        return "the lane is handed the bytes of an answer, and this one is no stream that comes at once, and whole"
    return unanswerable(consumer.capabilities, exchange)


def _judged(consumer: Consumer, case: Case, exchange: Exchange) -> Judged:
    seen = observe(consumer, case, exchange)
    if reason := went_on(consumer.capabilities, seen.transcript):
        return Judged(seen, skipped=reason)
    evidence = gather(seen.transcript, consumer.capabilities, case)
    return Judged(seen, evidence, judge_by(evidence, case, seen.outcome, consumer.capabilities))


def _lane(case: Case, judged: Judged) -> Lane:
    seen = judged.observation
    return Lane(Observed(case, seen.outcome, seen.transcript, judged.evidence), judged.verdicts)
