"""One trial, run and judged. Nothing that a case does ends a campaign: what cannot be judged is said and counted."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from harness.campaign.fuzz.drawing import Trial
from harness.campaign.judging import run_and_judge, unaskable
from harness.campaign.waiting import unfit
from harness.consumers.base import Consumer, ConsumerError, NoVerdict, Observation
from harness.delivery import Exchange
from harness.judge import Mark, Verdict, failures, fingerprint
from harness.mutations import Plan

REAL_TIME_MS = 1_000
"""What the silences of an answer may take in real time, where it is not simulated: a campaign waits for them all."""
HURRIED_TRIAL_MS = 3_000
"""The same where the clock is hurried, so that there is more to see in it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial."""

    trial: Trial
    """Without the mutations that found nothing to change."""
    failed: Mapping[str, Verdict] = field(default_factory=dict)
    """What accuses the consumer, by fingerprint."""
    lenient: bool = False
    """Whether a verdict is right by the letter or by common practice, not by both."""
    seen: Observation | None = None
    trouble: str = ""
    """Why there is no verdict: it is our fault, or that of a driver or the machine."""
    skipped: bool = False
    """The consumer was not asked, or asked on: it takes too long in real time, nothing answers it, the lane cannot be
    asked this at all, or the machine is too busy for a verdict."""
    form: str = ""
    """What came of it without what differs from case to case, where only the fast lane was asked; else empty."""


def attempt(consumer: Consumer, trial: Trial, fast: Consumer | None = None) -> Tried:
    """Run a trial; with a fast lane, over both. What keeps it from being judged is in the result, never raised."""
    try:
        trial, exchange = _applied(trial)
    except Exception:  # noqa: BLE001 - a bug of ours in one case must not lose what the others found
        return _bug(trial)
    budget_ms = HURRIED_TRIAL_MS if consumer.capabilities.time_scale > 1 else REAL_TIME_MS
    if unfit(trial.ground.case, exchange, consumer.capabilities, budget_ms):
        return Tried(trial, skipped=True)
    return serve(consumer, trial, exchange, fast)


def serve(consumer: Consumer, trial: Trial, exchange: Exchange, fast: Consumer | None = None) -> Tried:
    """Run a trial on an exchange that its plan has made, or what is left of it. Raises nothing either."""
    try:
        return _judged(consumer, trial, exchange, fast)
    except NoVerdict:
        return Tried(trial, skipped=True)
    except ConsumerError as error:
        return Tried(trial, trouble=f"{consumer.name}: {error}")
    except Exception:  # noqa: BLE001 - as above
        return _bug(trial)


def _applied(trial: Trial) -> tuple[Trial, Exchange]:
    """What is served, and the trial without the mutations that found nothing to change."""
    applied = trial.plan.apply(trial.ground.exchange)
    if not applied.misses:
        return trial, applied.exchange
    missed = {miss.number for miss in applied.misses}
    kept = (mutation for number, mutation in enumerate(trial.plan.mutations) if number not in missed)
    return replace(trial, plan=Plan(tuple(kept))), applied.exchange


def _judged(consumer: Consumer, trial: Trial, exchange: Exchange, fast: Consumer | None) -> Tried:
    if unaskable(consumer, exchange):
        return Tried(trial, skipped=True)
    judged = run_and_judge(consumer, trial.ground.case, exchange, fast)
    if judged.skipped:
        return Tried(trial, skipped=True)
    failed: dict[str, Verdict] = {}
    for verdict in failures(judged.verdicts):
        failed.setdefault(fingerprint(verdict), verdict)
    lenient = any(verdict.mark is Mark.LENIENT for verdict in judged.verdicts)
    return Tried(trial, failed, lenient, judged.observation)


def _bug(trial: Trial) -> Tried:
    return Tried(trial, trouble=f"a bug of the harness on {trial}:\n{traceback.format_exc()}")
