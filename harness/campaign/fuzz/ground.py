"""One cassette made ready for many cases: what does not change from case to case is worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from harness.campaign.case import UNSERVED, tools_of, turns_of
from harness.cassette import Cassette, exchange_of
from harness.contract import Case
from harness.delivery import Exchange
from harness.mutations import Operator, Take


@dataclass(frozen=True)
class Ground:
    """A cassette, what is asked of a consumer on it, and what each operator could do to it."""

    cassette: Cassette
    _spaces: dict[tuple[str, int], Sequence[Operator]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.cassette.name

    @cached_property
    def exchange(self) -> Exchange:
        return exchange_of(self.cassette)

    @cached_property
    def case(self) -> Case:
        """The same for every plan: a consumer must not be able to tell cases apart."""
        return Case("fuzz", UNSERVED, turns=turns_of(self.cassette), tools=tools_of(self.cassette))

    @cached_property
    def size(self) -> tuple[int, int]:
        """What smaller means: turns first, then bytes."""
        return self.exchange.turns, sum(len(delivery.body) for delivery in self.exchange.deliveries.values())

    def space(self, operator: type[Operator], turn: int) -> Sequence[Operator]:
        """What the operator could be on one turn's recording, simplest first; empty where it finds nothing to do."""
        key = operator.name, turn
        if key not in self._spaces:
            recorded = self.exchange.answer(turn, 0)
            assert recorded is not None
            self._spaces[key] = operator.space(Take.of(recorded))
        return self._spaces[key]


def grounds(cassettes: Iterable[Cassette]) -> tuple[Ground, ...]:
    """Ready for drawing, the smallest first; of equal ones, by name. Talks in lines have nothing to mutate yet."""
    streams = (cassette for cassette in cassettes if cassette.kind == "sse")
    return tuple(sorted((Ground(cassette) for cassette in streams), key=lambda ground: (ground.size, ground.name)))
