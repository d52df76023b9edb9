"""A plan: mutations in order, each aimed at all requests of a case or at one of them.

A mutation aimed at attempt n leaves the attempt after it as recorded: that is how "cut, then success" is said. One
that names no attempt holds for every attempt of its turn, as a server that is broken stays broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from harness.cassette.yamlsource import as_yaml
from harness.delivery import Delivery, Exchange
from harness.mutations.operator import Operator, Unmatched, operators
from harness.mutations.take import Take


class PlanError(ValueError):
    """A written plan that means nothing. ``pointer`` (RFC 6901) says where in the plan."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(reason)
        self.pointer = pointer


_NO_STREAM = "operators edit what goes over HTTP, and this is what a process writes"


@dataclass(frozen=True, slots=True)
class Mutation:
    """An operator and the requests it is aimed at; None means all of them."""

    operator: Operator
    turn: int | None = None
    attempt: int | None = None

    def concerns(self, turn: int, attempt: int) -> bool:
        return self.turn in {None, turn} and self.attempt in {None, attempt}

    def to_json(self) -> dict[str, Any]:
        aims = {"turn": self.turn, "attempt": self.attempt}
        stated = {name: number for name, number in aims.items() if number is not None}
        return {self.operator.name: self.operator.to_json(), **stated}


@dataclass(frozen=True, slots=True)
class Miss:
    """A mutation that changed no request of the case."""

    number: int
    """Its place in the plan, from 0."""
    operator: str
    reason: str

    def __str__(self) -> str:
        return f"mutation {self.number + 1} of the plan ({self.operator}) matched nothing: {self.reason}"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a plan made of an exchange."""

    exchange: Exchange
    misses: tuple[Miss, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """An ordered list of mutations."""

    mutations: tuple[Mutation, ...] = ()

    def apply(self, exchange: Exchange) -> Applied:
        """The edited exchange, with those mutations named that found nothing to change in any request."""
        hits: set[int] = set()
        reasons: dict[int, str] = {}
        deliveries: dict[tuple[int, int], Delivery] = {}
        for turn in range(exchange.turns):
            for attempt in range(self._attempts(exchange, turn)):
                recorded = exchange.answer(turn, attempt)
                assert recorded is not None
                deliveries[turn, attempt] = self._edited(recorded, turn, attempt, hits, reasons)
        misses = [
            Miss(number, mutation.operator.name, reasons.get(number, "the case has no such turn"))
            for number, mutation in enumerate(self.mutations)
            if number not in hits
        ]
        return Applied(Exchange(deliveries), tuple(misses))

    def _attempts(self, exchange: Exchange, turn: int) -> int:
        """How many attempts must be written out: all that were recorded, and one past the last that is aimed at."""
        recorded = max(attempt for number, attempt in exchange.deliveries if number == turn)
        aimed = [m.attempt + 1 for m in self.mutations if m.attempt is not None and m.turn in {None, turn}]
        return 1 + max(recorded, *aimed, 0)

    def _edited(self, delivery: Delivery, turn: int, attempt: int, hits: set[int], reasons: dict[int, str]) -> Delivery:
        concerned = [(n, m.operator) for n, m in enumerate(self.mutations) if m.concerns(turn, attempt)]
        if not concerned:
            return delivery
        if delivery.stdio is not None:
            reasons.update(dict.fromkeys((number for number, _ in concerned), _NO_STREAM) | reasons)
            return delivery
        take = Take.of(delivery)
        for number, operator in concerned:
            try:
                take = operator.apply(take)
            except Unmatched as miss:
                reasons.setdefault(number, str(miss))
            else:
                hits.add(number)
        return take.delivery()

    def to_json(self) -> list[dict[str, Any]]:
        return [mutation.to_json() for mutation in self.mutations]

    def to_yaml(self) -> str:
        """The text that :meth:`from_yaml` reads back."""
        return as_yaml(self.to_json())

    @classmethod
    def from_json(cls, value: Any) -> Plan:
        """From the written form: a list of mappings, each with one operator's name. Raises PlanError."""
        if not isinstance(value, list):
            raise PlanError("", "a plan is a list of mutations")
        return cls(tuple(_mutation(number, entry) for number, entry in enumerate(value)))

    @classmethod
    def from_yaml(cls, text: str) -> Plan:
        """Raises PlanError."""
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise PlanError("", f"not YAML: {' '.join(str(error).split())}") from error
        return cls.from_json([] if value is None else value)


def _mutation(number: int, entry: Any) -> Mutation:
    here = f"/{number}"
    if not isinstance(entry, Mapping):
        raise PlanError(here, "a mutation is a mapping: one operator's name, and optionally turn and attempt")
    names = [name for name in entry if name not in {"turn", "attempt"}]
    if len(names) != 1:
        raise PlanError(here, f"a mutation names one operator, this one names {len(names)}")
    known = operators()
    name = names[0]
    if name not in known:
        raise PlanError(here, f"there is no operator {name!r}; 'harness mutations list' shows them")
    for aim in ("turn", "attempt"):
        value = entry.get(aim, 0)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise PlanError(f"{here}/{aim}", f"{aim} counts from 0: {value!r}")
    parameters = entry[name] if entry[name] is not None else {}
    _check(f"{here}/{name}", parameters, known[name])
    return Mutation(known[name].from_json(parameters), entry.get("turn"), entry.get("attempt"))


def _check(pointer: str, parameters: Any, operator: type[Operator]) -> None:
    worst = best_match(Draft202012Validator(operator.schema()).iter_errors(parameters))
    if worst is not None:
        where = "".join(f"/{step}" for step in worst.absolute_path)
        raise PlanError(pointer + where, worst.message)
