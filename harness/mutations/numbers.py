"""Numbers: the indexes that say where an event belongs, and the sequence numbers that say when it was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.editing import Payload, repayloaded
from harness.mutations.fit import kinds
from harness.mutations.operator import AT, Layer, Operator, applies, register
from harness.mutations.places import MISSING
from harness.mutations.selector import EVERY, Selector
from harness.mutations.space import Product
from harness.mutations.take import Take

Renumber = Callable[[int, int], Any]
"""From a number and the count of those changed before it to another number, or to MISSING."""

_INDEXES: Mapping[str, Renumber] = {
    "missing": lambda old, count: MISSING,
    "zero": lambda old, count: 0,
    "nulled": lambda old, count: None,
    "negative": lambda old, count: -1,
    "shifted": lambda old, count: old + 1,
    "gapped": lambda old, count: old * 10 + 5,
    "huge": lambda old, count: old + 10**9,
    "text": lambda old, count: str(old),
    "fraction": lambda old, count: float(old),
    "counting": lambda old, count: count,
}
_SEQUENCES: Mapping[str, Renumber] = {
    "missing": lambda old, count: MISSING,
    "constant": lambda old, count: 1,
    "nulled": lambda old, count: None,
    "gapped": lambda old, count: old * 3,
    "falling": lambda old, count: 10_000 - old,
    "from-one": lambda old, count: old + 1,
    "repeated": lambda old, count: old // 2,
    "text": lambda old, count: str(old),
}


@dataclass(frozen=True, slots=True)
class _Numbers(Operator):
    """Base of the operators that renumber one member of the selected events."""

    how: str
    at: Selector = EVERY

    layer: ClassVar[Layer] = "identity"
    ways: ClassVar[Mapping[str, Renumber]] = _INDEXES
    members: ClassVar[tuple[str, ...]]

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [each for each in Product(cls, list(cls.ways), list(kinds(take))) if applies(each, take)]

    def apply(self, take: Take) -> Take:
        count = 0

        def renumbered(payload: Payload) -> Payload:
            nonlocal count
            fresh = dict(payload)
            for member in self.members:
                old = payload.get(member)
                if isinstance(old, int) and not isinstance(old, bool):
                    fresh[member] = self.ways[self.how](old, count)
                    count += 1
            # By text, because 1 == 1.0.
            same = all(repr(fresh[member]) == repr(payload[member]) for member in self.members if member in payload)
            return payload if same else {name: value for name, value in fresh.items() if value is not MISSING}

        return repayloaded(take, self.at, renumbered, f"no {' or '.join(self.members)} would change")


@register
@dataclass(frozen=True, slots=True)
class OutputIndex(_Numbers):
    """Send the output_index of the selected events missing, all zero, shifted, with gaps, or as no index at all."""

    name: ClassVar[str] = "output-index"
    incident: ClassVar[str] = (
        "llama.cpp and lemonade sent no output_index; a load balancer filed all arguments under index 0."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"how": {"enum": list(_INDEXES)}, "at": AT}
    members: ClassVar[tuple[str, ...]] = ("output_index",)


@register
@dataclass(frozen=True, slots=True)
class PartIndex(_Numbers):
    """Do the same to content_index and summary_index, which tell the parts of one item apart."""

    name: ClassVar[str] = "part-index"
    incident: ClassVar[str] = (
        "vLLM counted content_index up with every delta, so that each delta was a part of its own."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"how": {"enum": list(_INDEXES)}, "at": AT}
    members: ClassVar[tuple[str, ...]] = ("content_index", "summary_index")


@register
@dataclass(frozen=True, slots=True)
class SequenceNumbers(_Numbers):
    """Send the sequence numbers of the selected events missing, constant, with gaps, falling or repeated."""

    name: ClassVar[str] = "sequence-numbers"
    incident: ClassVar[str] = "A bridge numbers every event 1, and a keepalive repeats a number or skips one."
    parameters: ClassVar[Mapping[str, Any]] = {"how": {"enum": list(_SEQUENCES)}, "at": AT}
    ways: ClassVar[Mapping[str, Renumber]] = _SEQUENCES
    members: ClassVar[tuple[str, ...]] = ("sequence_number",)
