"""What Hypothesis draws: one short string of bytes a case, read by us as a cassette and a plan.

A draw costs Hypothesis a third of a millisecond whatever its size, so one brings several cases. The bytes of each are
laid out from what matters most to what matters least, and a smaller byte always means the simpler choice: the least
string is the smallest cassette unmutated, and Hypothesis' own order of bytes is fewest mutations, smallest cassette,
simplest values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, islice
from typing import get_args

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from harness.campaign.fuzz.ground import Ground
from harness.mutations import Layer, Mutation, Operator, Plan, operators

MOST_MUTATIONS = 5
_HEAD, _EACH = 6, 6
LENGTH = _HEAD + _EACH * MOST_MUTATIONS
"""Bytes of one case."""

LAYERS: tuple[Layer, ...] = get_args(Layer)

_WEIGHTS: Mapping[Layer, int] = {
    "shape": 8, "order": 8, "error": 4, "connection": 4, "identity": 4, "time": 3, "size": 1, "frame": 3, "chunk": 1,
}  # fmt: skip
"""How often a mutation is of a layer. In trials on released consumers byte framing broke almost nothing, while
shapes, terminals, errors, ends of streams, identities and time broke every one of them."""

_MUTATIONS = (0.03, 0.48, 0.76, 0.88, 0.95, 1.0)
"""Up to which part of all cases there are 0, 1, 2 ... mutations."""
_REFRAMED = 0.9
_RECHUNKED = 0.97
"""From which part on a case is framed and chunked anew: what no reader may care about is cheap to leave alone."""
_NEXT_AS_RECORDED = 0.65
_NEXT_OTHERWISE = 0.88


@dataclass(frozen=True, slots=True)
class Trial:
    """One case of a campaign."""

    ground: Ground
    plan: Plan

    def __repr__(self) -> str:
        return f"{self.ground.name} with {self.plan.to_json()}"


class Drawing:
    """Reads drawn bytes as trials on given cassettes.

    ``layers`` leaves only the operators of those layers. Raises ValueError when there is no cassette or no operator.
    """

    def __init__(self, grounds: Sequence[Ground], layers: Collection[str] | None = None) -> None:
        self.grounds = grounds
        chosen = [operator for operator in operators().values() if layers is None or operator.layer in layers]
        if not grounds or not chosen:
            raise ValueError("there is nothing to draw from")
        sizes = {layer: sum(operator.layer == layer for operator in chosen) for layer in LAYERS}
        shares = [_WEIGHTS[operator.layer] / sizes[operator.layer] for operator in chosen]
        self._operators = chosen
        self._bounds = [bound / sum(shares) for bound in accumulate(shares)]
        self._chunkings = [operator for operator in chosen if operator.layer == "chunk"]
        self._framings = [operator for operator in chosen if operator.name == "framing"]

    def strategy(self) -> st.SearchStrategy[Trial]:
        """For a test of one's own under ``@given``."""
        return st.binary(min_size=LENGTH, max_size=LENGTH).map(self.read)

    def read(self, drawn: bytes) -> Trial:
        """The trial of ``LENGTH`` bytes."""
        amount = bisect_right(_MUTATIONS, drawn[0] / 256)
        ground = self.grounds[len(self.grounds) * int.from_bytes(drawn[1:3]) >> 16]
        drawn_ones = (
            self._mutation(ground, drawn[at : at + _EACH]) for at in range(_HEAD, _HEAD + _EACH * amount, _EACH)
        )
        mutations = list(_one_of_size(mutation for mutation in drawn_ones if mutation is not None))
        mutations += self._again(ground, self._framings, drawn[3] / 256, _REFRAMED)
        mutations += self._again(ground, self._chunkings, drawn[4] / 256, _RECHUNKED)
        return Trial(ground, Plan(tuple(_aimed(mutations, drawn[5] / 256))))

    def _mutation(self, ground: Ground, drawn: bytes) -> Mutation | None:
        """One mutation that fits the cassette: where an operator finds nothing to do, the next one has its turn."""
        turn = ground.exchange.turns * max(0, drawn[0] - 128) // 128
        first = bisect_right(self._bounds, int.from_bytes(drawn[1:3]) / 65536)
        for number in range(len(self._operators)):
            space = ground.space(self._operators[(first + number) % len(self._operators)], turn)
            if len(space):
                operator = space[len(space) * int.from_bytes(drawn[3:6]) >> 24]
                return Mutation(operator, turn=turn if drawn[0] > 128 and ground.exchange.turns > 1 else None)
        return None

    def _again(self, ground: Ground, ways: Sequence[type[Operator]], share: float, since: float) -> Iterator[Mutation]:
        known = [space for way in ways if len(space := ground.space(way, 0))]
        if share >= since and known:
            place = (share - since) / (1 - since) * len(known)
            space = known[int(place)]
            yield Mutation(space[int(place % 1 * len(space))])


def _one_of_size(mutations: Iterable[Mutation]) -> Iterator[Mutation]:
    """Sizes multiply: a huge delta dealt out in single characters would keep a program busy for minutes."""
    large = False
    for mutation in mutations:
        if not (large and mutation.operator.layer == "size"):
            yield mutation
        large = large or mutation.operator.layer == "size"


def _aimed(mutations: Sequence[Mutation], share: float) -> Iterator[Mutation]:
    """What the next attempt gets: the same, or the recording, or a fault of its own."""
    last = len(mutations) - 1
    for number, mutation in enumerate(mutations):
        attempt = None if share < _NEXT_AS_RECORDED else int(share >= _NEXT_OTHERWISE and number == last > 0)
        yield Mutation(mutation.operator, mutation.turn, attempt)


Draws = Callable[[int], Iterator[bytes]]
"""From a seed to an endless stream of ``LENGTH`` bytes each."""

_BATCH = 64
"""Draws of one engine run."""
_AT_ONCE = 8
"""Cases of one draw."""


def hypothesis_draws(seed: int) -> Iterator[bytes]:
    """What Hypothesis draws with this seed: the same on every machine, for one release of Hypothesis.

    One engine run a batch, and nothing is run inside it: the cases that follow may take as long as they like, be
    interrupted, or be many processes' work.
    """
    yield bytes(LENGTH)
    for number in count():
        # Every run begins with the simplest draw.
        for drawn in islice(_batch(f"{seed}/{number}"), 1, None):
            yield from (drawn[at : at + LENGTH] for at in range(0, LENGTH * _AT_ONCE, LENGTH))


def _batch(seed: str) -> list[bytes]:
    drawn: list[bytes] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=_BATCH,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(st.binary(min_size=LENGTH * _AT_ONCE, max_size=LENGTH * _AT_ONCE))
    def draw(one: bytes) -> None:
        drawn.append(one)

    draw()
    return drawn
