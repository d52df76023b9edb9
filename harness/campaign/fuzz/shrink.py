"""Shrinking: fewest mutations, then the smallest cassette, then the simplest values; one failure at a time.

Hypothesis could shrink the bytes it drew, but they mean other things on another cassette. A plan means the same
wherever its selectors match, so it is the plan that is made smaller. It is deterministic, and every step is a trial:
whoever counts them, or is interrupted between two, has the least one so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from harness.campaign.fuzz.drawing import Trial
from harness.campaign.fuzz.ground import Ground
from harness.mutations import Mutation, Plan, operators

Shows = Callable[[Trial], Trial | None]
"""Whether a trial still shows the failure: the trial as it was run, without mutations that changed nothing; or None."""

MOST_TRIALS = 400
"""Enough for a plan of seven mutations on a hundred cassettes; slow programs make each of them dear."""

_SIMPLER = 24
"""How many of an operator's simplest forms are tried in place of the one that was drawn."""


def shrink(trial: Trial, shows: Shows, grounds: Sequence[Ground], most: int = MOST_TRIALS) -> Iterator[Trial]:
    """Smaller and smaller trials that show the failure, the smallest last; ``trial`` itself must show it."""
    best, tried = trial, {repr(trial)}
    progress = True
    while progress:
        progress = False
        for candidates in (_fewer, _on_smaller, _simpler):
            while (smaller := _first(candidates(best, grounds), shows, tried, most)) is not None:
                best, progress = smaller, True
                yield best


def _first(candidates: Iterator[Trial], shows: Shows, tried: set[str], most: int) -> Trial | None:
    """The first that shows the failure; none is run twice, and no more than ``most`` in all."""
    for candidate in candidates:
        name = repr(candidate)
        if name in tried:
            continue
        if len(tried) > most:
            return None
        tried.add(name)
        shown = shows(candidate)
        if shown is not None:
            return shown
    return None


def _fewer(trial: Trial, _: Sequence[Ground]) -> Iterator[Trial]:
    """Without any mutation, with each one alone, then without each of them: most plans have one that matters."""
    mutations = trial.plan.mutations
    if mutations:
        yield _with(trial, ())
    if len(mutations) > 2:
        yield from (_with(trial, (mutation,)) for mutation in mutations)
    if len(mutations) > 1:
        yield from (_with(trial, _without(mutations, number)) for number in range(len(mutations)))


def _on_smaller(trial: Trial, grounds: Sequence[Ground]) -> Iterator[Trial]:
    smaller = grounds[: grounds.index(trial.ground)] if trial.ground in grounds else grounds
    for ground in smaller:
        # Where a mutation finds nothing to do it is not the same plan, and need not be run.
        if not trial.plan.apply(ground.exchange).misses:
            yield replace(trial, ground=ground)


def _simpler(trial: Trial, _: Sequence[Ground]) -> Iterator[Trial]:
    for number, mutation in enumerate(trial.plan.mutations):
        for simpler in _simpler_forms(mutation, trial.ground):
            yield _with(trial, (*trial.plan.mutations[:number], simpler, *trial.plan.mutations[number + 1 :]))


def _simpler_forms(mutation: Mutation, ground: Ground) -> Iterator[Mutation]:
    """Aimed at all requests, then the operator's own simplest forms, up to the one that it is."""
    if mutation.attempt is not None:
        yield replace(mutation, attempt=None)
    if mutation.turn is not None:
        yield replace(mutation, turn=None)
    space = ground.space(operators()[mutation.operator.name], mutation.turn or 0)
    for number in range(min(len(space), _SIMPLER)):
        if space[number] == mutation.operator:
            return
        yield replace(mutation, operator=space[number])


def _with(trial: Trial, mutations: Sequence[Mutation]) -> Trial:
    return replace(trial, plan=Plan(tuple(mutations)))


def _without(mutations: Sequence[Mutation], number: int) -> tuple[Mutation, ...]:
    return (*mutations[:number], *mutations[number + 1 :])
