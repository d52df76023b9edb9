"""Exploring: draw, try, and tell each distinct failure once, when it is first met."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from harness.campaign.fuzz.drawing import Drawing, Draws, Trial, hypothesis_draws
from harness.campaign.fuzz.ground import grounds
from harness.campaign.fuzz.trying import Tried, attempt
from harness.cassette import Cassette
from harness.consumers.base import Consumer
from harness.judge import Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """A distinct failure."""

    fingerprint: str
    verdict: Verdict
    trial: Trial
    """That showed it first."""
    example: int
    """Number of that trial, from 1."""


def tries(consumer: Consumer, drawing: Drawing, seed: int, draws: Draws = hypothesis_draws) -> Iterator[Tried]:
    """Trial after trial, without end."""
    for drawn in draws(seed):
        yield attempt(consumer, drawing.read(drawn))


def explore(
    consumer: Consumer,
    cassettes: Iterable[Cassette],
    *,
    examples: int,
    seed: int,
    layers: Collection[str] | None = None,
    draws: Draws = hypothesis_draws,
) -> Iterator[Found]:
    """Every distinct failure that so many examples show, in the order of their first showing.

    Raises RuntimeError at a trial that cannot be judged: whoever counts examples must not count those.
    """
    drawing = Drawing(grounds(cassettes), layers)
    known: set[str] = set()
    for number, tried in enumerate(islice(tries(consumer, drawing, seed, draws), examples), 1):
        if tried.trouble:
            raise RuntimeError(tried.trouble)
        yield from news(tried, known, number)


def news(tried: Tried, known: set[str], number: int) -> Iterator[Found]:
    """The failures of a trial that were not known; from now on they are."""
    for name, verdict in tried.failed.items():
        if name not in known:
            known.add(name)
            yield Found(name, verdict, tried.trial, number)
