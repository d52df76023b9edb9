"""From a failing trial to a finding: shown again, made small, and written down at each step."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import hypothesis

from harness import __version__
from harness.campaign.findings import Finding
from harness.campaign.findings.stream import cassette_of, smallest
from harness.campaign.fuzz.drawing import Trial
from harness.campaign.fuzz.engine import Found
from harness.campaign.fuzz.ground import Ground
from harness.campaign.fuzz.shrink import MOST_TRIALS, shrink
from harness.campaign.fuzz.trying import Tried, attempt, serve
from harness.campaign.view import attempts_of
from harness.cassette import Cassette
from harness.consumers.base import Consumer
from harness.contract import to_json
from harness.delivery import Exchange
from harness.judge import LANES_AGREE, Duty, gather, obligation_of

_FEW_TRIALS = 24
"""Of a finding that shows by a hang in real time: each showing takes the program's whole deadline."""

VERSIONS = {
    "stream-harness": __version__,
    "hypothesis": hypothesis.__version__,
    "python": platform.python_version(),
}


@dataclass(frozen=True, slots=True)
class Shrinker:
    """Makes findings of one consumer."""

    consumer: Consumer
    grounds: Sequence[Ground]
    seed: int | None = None
    enough: Callable[[], bool] = lambda: False
    """Whether time is up: what was reached by then is the smallest."""
    fast: Consumer | None = None
    """The consumer's fast lane, for findings that are a difference of both."""

    def attempt(self, trial: Trial, invariant: str) -> Tried:
        """Try what shows, or should show, a failure of this invariant."""
        return attempt(self.consumer, trial, self._beside(invariant))

    def _beside(self, invariant: str) -> Consumer | None:
        return self.fast if invariant == LANES_AGREE else None

    def first(self, found: Found, tried: Tried) -> Finding:
        """The finding as it was met."""
        return self._finding(found, tried)

    def shrunk(self, found: Found) -> Iterator[Finding]:
        """Ever smaller forms, the smallest last; a single unsteady one when the trial does not fail again."""
        best: list[Tried] = []

        def shows(trial: Trial) -> Trial | None:
            if self.enough():
                return None
            tried = self.attempt(trial, found.verdict.invariant)
            if found.fingerprint not in tried.failed:
                return None
            best[:] = [tried]
            return tried.trial

        again = self.attempt(found.trial, found.verdict.invariant)
        if found.fingerprint not in again.failed:
            yield replace(self._finding(found, again), steady=False)
            return
        best[:] = [again]
        most = _FEW_TRIALS if self._waited_for(again) else MOST_TRIALS
        for _ in shrink(found.trial, shows, self.grounds, most):
            yield self._finding(found, best[0])
        finding = self._finding(found, best[0])
        yield finding if self.enough() else replace(finding, stream=self._stream(finding, found, best[0]))

    def trial_of(self, finding: Finding) -> Trial:
        """The trial that a finding keeps, to be tried again."""
        known = (ground for ground in self.grounds if ground.name == finding.cassette.name)
        return Trial(next(known, Ground(finding.cassette)), finding.plan)

    def _finding(self, found: Found, tried: Tried) -> Finding:
        verdict = tried.failed.get(found.fingerprint, found.verdict)
        finding = Finding(
            consumer=self.consumer.name,
            version=self.consumer.version,
            verdict=verdict,
            cassette=tried.trial.ground.cassette,
            plan=tried.trial.plan,
            example=found.example,
            seed=self.seed,
            versions=VERSIONS,
        )
        if tried.seen is None:
            return finding
        evidence = gather(tried.seen.transcript, self.consumer.capabilities, tried.trial.ground.case)
        return replace(finding, attempts=attempts_of(evidence, [verdict]), outcome=to_json(tried.seen.outcome))

    def _duties(self, tried: Tried) -> list[Duty]:
        """What each turn obliges to, by the letter."""
        if tried.seen is None:
            return []
        evidence = gather(tried.seen.transcript, self.consumer.capabilities, tried.trial.ground.case)
        return [obligation_of(turn.last).duty for turn in evidence]

    def _waited_for(self, tried: Tried) -> bool:
        """Whether it took real time until the program was given up."""
        hung = tried.seen is not None and any(turn.ended == "hung" for turn in tried.seen.outcome.turns)
        return hung and not self.consumer.capabilities.simulated_time

    def _stream(self, finding: Finding, found: Found, best: Tried) -> Cassette | None:
        """The least stream that shows it, or the whole one where each try takes its time; None for lines over stdio."""
        trial = best.trial
        if trial.ground.cassette.kind != "sse":
            return None

        def shows(exchange: Exchange) -> bool:
            if self.enough():
                return False
            served = serve(self.consumer, trial, exchange, self._beside(found.verdict.invariant))
            # A stream that obliges to something else shows another fault, whatever the consumer makes of both.
            return found.fingerprint in served.failed and self._duties(served) == duties

        duties = self._duties(best)
        exchange = trial.plan.apply(trial.ground.exchange).exchange
        if not self._waited_for(best):
            exchange = smallest(exchange, shows)
        return cassette_of(exchange, trial.ground.cassette, f"found/{finding.id}", finding.verdict.reason)
