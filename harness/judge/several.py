"""Judging several runs of one consumer against each other: the rules that no single run can break."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import harness.judge.invariants  # noqa: F401  (registers them)
from harness.contract import Capabilities
from harness.judge.alike import Observed, Pair
from harness.judge.lanes import Lane, Lanes
from harness.judge.rule import REGISTRY, Breach, Invariant
from harness.judge.verdict import Mark, Verdict


def compare(runs: Sequence[Observed], capabilities: Capabilities) -> tuple[Verdict, ...]:
    """A verdict for each rule of arity ``several``; skipped where no two runs can be compared by it."""
    pairs = [Pair(one, other, capabilities) for one, other in combinations(runs, 2)]
    return tuple(_verdict(rule, pairs, capabilities) for rule in REGISTRY.values() if rule.arity == "several")


def _verdict(rule: Invariant, pairs: Sequence[Pair], capabilities: Capabilities) -> Verdict:
    excluded = rule.needs(capabilities)
    if excluded is not None or not pairs:
        return Verdict(rule.id, Mark.SKIPPED, excluded or "there is only one run")
    found = [list(rule.check(pair)) for pair in pairs]
    if [] not in found and all(breach.mark is Mark.SKIPPED for breaches in found for breach in breaches):
        return Verdict(rule.id, Mark.SKIPPED, found[0][0].reason)
    breaches = [breach for breaches in found for breach in breaches if breach.mark is not Mark.SKIPPED]
    return _of(rule.id, breaches)


LANES_AGREE = "lanes-agree"


def agreement(full: Lane, fast: Lane) -> Verdict:
    """Whether two lanes into one program made the same of one exchange."""
    return _of(LANES_AGREE, list(REGISTRY[LANES_AGREE].check(Lanes(full, fast))))


def _of(rule: str, breaches: Sequence[Breach]) -> Verdict:
    if not breaches:
        return Verdict(rule, Mark.PASS)
    first, more = breaches[0], len(breaches) - 1
    reason = first.reason + (f" (and {more} more)" if more else "")
    return Verdict(rule, first.mark, reason, None, first.evidenced, first.assembled, (), first.cause)
