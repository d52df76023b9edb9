"""Two lanes into one program: the fast one for breadth, the full one for whatever is new, and for every verdict.

A trial goes over the fast lane where that can be asked. It goes over the full one as well when what came of it was
never seen before, or its draw is one of the sample, and then both are held against each other: what the fast lane is
wrong about is a failure of its own. What only the full lane can be asked goes there alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from zlib import crc32

from harness.campaign.fuzz.drawing import Trial
from harness.campaign.fuzz.trying import Tried, attempt
from harness.consumers.base import Consumer
from harness.contract import Turn
from harness.judge import Verdict
from harness.judge.fingerprint import normal

SAMPLE = 32
"""Of so many draws, one goes over both lanes whatever comes of it."""


@dataclass(slots=True)
class Lanes:
    """The lanes of one campaign, and what they have shown."""

    full: Consumer
    fast: Consumer | None = None
    _forms: set[str] = field(default_factory=set)
    _confirmed: set[str] = field(default_factory=set)
    """Fingerprints of what the full lane has shown."""

    def scout(self, trial: Trial, drawn: bytes) -> Tried:
        """Try a draw, over the fast lane if it will do; knows nothing of other draws, so any process can do it."""
        if self.fast is None or crc32(drawn) % SAMPLE == 0:
            return attempt(self.full, trial, self.fast)
        tried = attempt(self.fast, trial)
        if tried.skipped:
            return attempt(self.full, trial)
        return tried if tried.seen is None else replace(tried, form=_form(tried.seen.outcome.turns, tried.failed))

    def settle(self, scouted: Tried) -> Tried:
        """The full lane's word on what was scouted, where it is new; to be told of all draws in their order."""
        if not scouted.form:
            self._confirmed |= scouted.failed.keys()
            return scouted
        if scouted.form in self._forms and scouted.failed.keys() <= self._confirmed:
            return scouted
        self._forms.add(scouted.form)
        return self.settle(attempt(self.full, scouted.trial, self.fast))


def _form(turns: tuple[Turn, ...], failed: Mapping[str, Verdict]) -> str:
    """The ways in which turns ended, and what fails: all that is wrong with what was assembled is among that."""
    told = sorted({_way(turn) for turn in turns}), sorted(failed)
    return hashlib.sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()


def _way(turn: Turn) -> str:
    chain = turn.failure.chain if turn.failure is not None else ()
    words = [(cause.type, normal(cause.message)) for cause in chain]
    return repr((turn.ended, normal(turn.status or ""), sorted(turn.flags), words))
