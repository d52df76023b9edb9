"""How many examples it takes to find a defect: by the campaign, and by the two ways that it is compared with.

All three run the same consumer on the same cassettes and are judged by the same rules. A failure counts only where
the runtime without the defect holds: then it is the defect that was found.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

from harness.campaign.fuzz.drawing import Drawing, Trial, hypothesis_draws
from harness.campaign.fuzz.ground import Ground, grounds
from harness.campaign.fuzz.shrink import shrink
from harness.campaign.fuzz.trying import Tried, attempt, serve
from harness.cassette import load
from harness.consumers.base import Consumer
from harness.consumers.registry import open_consumer
from harness.delivery import Delivery, Exchange, Send
from harness.mutations import Mutation, Plan, operators
from tests.quality.planted import Defect

CASSETTES = Path(__file__).parents[2] / "cassettes"
CLEAN = ("codex", "openai")
"""Folders of cassettes on which nothing is wrong: they are synthesized."""

EXAMPLES = 2_000
SEEDS = (0, 1, 2, 3, 4)

Try = Callable[[Consumer], Tried]
Way = Callable[[int], Iterator[Try]]
"""From a seed to an endless stream of cases, each to be run on any consumer."""


@cache
def clean() -> tuple[Ground, ...]:
    """Ready for drawing; what each operator can do to them is worked out once for all defects."""
    folders = (path for name in CLEAN for path in sorted((CASSETTES / name).iterdir()) if path.is_dir())
    return grounds(map(load, folders))


@cache
def _drawn(seed: int) -> tuple[bytes, ...]:
    return tuple(islice(hypothesis_draws(seed), EXAMPLES))


@cache
def _drawing() -> Drawing:
    return Drawing(clean())


def campaign(seed: int) -> Iterator[Try]:
    """What ``harness fuzz`` tries with this seed."""
    for drawn in _drawn(seed):
        yield _trying(_drawing().read(drawn))


def one_operator(seed: int) -> Iterator[Try]:
    """One operator at random, with parameters at random, on a cassette at random."""
    dice = random.Random(seed)
    names = list(operators().values())
    while True:
        ground, operator = dice.choice(clean()), dice.choice(names)
        space = ground.space(operator, 0)
        if len(space):
            yield _trying(Trial(ground, Plan((Mutation(space[dice.randrange(len(space))]),))))


def bytes_at_random(seed: int) -> Iterator[Try]:
    """One to eight bytes of the bodies flipped, taken out or put in, on a cassette at random."""
    dice = random.Random(seed)
    while True:
        ground = dice.choice(clean())
        served = {key: _scrambled(one, dice) for key, one in ground.exchange.deliveries.items()}
        yield _serving(Trial(ground, Plan(())), replace(ground.exchange, deliveries=served))


def _scrambled(delivery: Delivery, dice: random.Random) -> Delivery:
    actions = list(delivery.actions)
    sends = [number for number, action in enumerate(actions) if isinstance(action, Send)]
    for _ in range(dice.randint(1, 8) if sends else 0):
        number = dice.choice(sends)
        data = bytearray(actions[number].data)
        place = dice.randrange(len(data) + 1)
        match dice.choice(("flip", "delete", "insert")):
            case "flip" if place < len(data):
                data[place] ^= 1 << dice.randrange(8)
            case "delete" if len(data) > 1:
                del data[place : place + 1]
            case _:
                data.insert(place, dice.randrange(256))
        actions[number] = Send(bytes(data))
    return replace(delivery, actions=tuple(actions))


def _trying(trial: Trial) -> Try:
    return lambda consumer: attempt(consumer, trial)


def _serving(trial: Trial, exchange: Exchange) -> Try:
    return lambda consumer: serve(consumer, trial, exchange)


@dataclass(frozen=True, slots=True)
class Search:
    """What came of looking for one defect with one seed."""

    example: int | None
    """Number of the case that showed it first, from 1; None where none did."""
    invariant: str = ""
    cause: str = ""
    tried: Tried | None = None
    fingerprint: str = ""


def look_for(defect: Defect, way: Way, seed: int, examples: int = EXAMPLES) -> Search:
    """Try until the defect shows. Raises RuntimeError at a case that cannot be judged."""
    cases = enumerate(islice(way(seed), examples), 1)
    while (shown := _next_failure(defect, cases)) is not None:
        number, trying, tried = shown
        healthy = trying(_healthy(defect.lane))
        found = next((name for name in tried.failed if name not in healthy.failed), None)
        if found is not None:
            verdict = tried.failed[found]
            return Search(number, verdict.invariant, verdict.cause, tried, found)
    return Search(None)


def _next_failure(defect: Defect, cases: Iterator[tuple[int, Try]]) -> tuple[int, Try, Tried] | None:
    with defect.planted() as consumer:
        for number, trying in cases:
            tried = trying(consumer)
            if tried.trouble:
                raise RuntimeError(tried.trouble)
            if tried.failed:
                return number, trying, tried
    return None


@cache
def _healthy(lane: str) -> Consumer:
    return open_consumer(lane)


def mutations_needed(defect: Defect, found: Search) -> int:
    """How many mutations are left of the plan that showed it, once it is shrunk."""
    assert found.tried is not None
    with defect.planted() as consumer:

        def shows(trial: Trial) -> Trial | None:
            tried = attempt(consumer, trial)
            return tried.trial if found.fingerprint in tried.failed else None

        best = found.tried.trial
        for best in shrink(found.tried.trial, shows, clean()):  # noqa: B007  (the last one is the smallest)
            pass
        return len(best.plan.mutations)
