"""What a mutation is: a small frozen class with a name, registered by its family's file.

An operator is a pure function from a take to a take. It carries no expectation: what a consumer owes follows from
what it was really served. An operator that finds nothing to change says so (``Unmatched``), because a plan
whose edits never happened would pass for a plan that was survived.

What may be drawn is a ``space``: all parameters that fit a take, as a sequence that is counted and never written
out. So a draw is one number, it replays without Hypothesis, and it shrinks towards the first entry, the simplest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from harness.mutations.selector import SELECTOR_SCHEMA, Selector
from harness.mutations.take import Take

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Layer = Literal["shape", "identity", "order", "error", "frame", "chunk", "connection", "time", "size"]
Place = Literal["before", "after"]

FAMILIES = (
    "shape",
    "reshape",
    "members",
    "states",
    "identity",
    "numbers",
    "order",
    "arrange",
    "strangers",
    "aftermath",
    "error",
    "answer",
    "frame",
    "fields",
    "chunk",
    "connection",
    "http",
    "time",
    "size",
)
"""The modules that register operators, from the payload outwards."""


class Unmatched(Exception):
    """The operator found nothing to change; its text says what it looked for."""


class Operator(ABC):
    """Base of all operators. Subclasses are frozen dataclasses whose fields are the parameters."""

    __slots__ = ()

    name: ClassVar[str]
    layer: ClassVar[Layer]
    incident: ClassVar[str]
    """Where this was seen, in words."""
    parameters: ClassVar[Mapping[str, Any]]
    """JSON Schema of each parameter; those whose field has no default are required."""

    @abstractmethod
    def apply(self, take: Take) -> Take:
        """The edited take. Raises Unmatched when there is nothing to edit."""

    @classmethod
    @abstractmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        """This operator with all parameters that fit the take, simplest first; empty where it finds nothing to do.

        Every entry applies to the take without ``Unmatched``, and can be written as YAML. The same take gives the same
        space. Building one may look at the whole take, so whoever draws often keeps it.
        """

    @classmethod
    def strategy(cls, take: Take) -> SearchStrategy[Operator] | None:
        """Draws from the space, one number a draw, shrinking towards its first entry; None where the space is empty."""
        from hypothesis import strategies

        fitting = cls.space(take)
        return strategies.integers(0, len(fitting) - 1).map(fitting.__getitem__) if fitting else None

    @classmethod
    def meaning(cls) -> str:
        """One sentence."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split()).replace("``", "")

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """JSON Schema of the parameters' mapping."""
        required = [spec.name for spec in _parameters(cls) if spec.default is MISSING]
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": dict(cls.parameters),
            **({"required": required} if required else {}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Operator:
        """From a mapping that the schema accepts."""
        return cls(**{name: _read(cls.parameters[name], value) for name, value in values.items()})

    def to_json(self) -> dict[str, Any]:
        """The mapping form, without what is at its default."""
        stated = {spec.name: (getattr(self, spec.name), spec.default) for spec in _parameters(type(self))}
        return {name: _written(value) for name, (value, default) in stated.items() if value != default}


AT: dict[str, Any] = SELECTOR_SCHEMA
"""The schema of a selector parameter."""

PLACE: dict[str, Any] = {"enum": ["before", "after"]}

_OPERATORS: dict[str, type[Operator]] = {}
_Class = TypeVar("_Class", bound=type[Operator])


def register(operator: _Class) -> _Class:
    """Class decorator: makes the operator known by its name."""
    if operator.name in _OPERATORS:
        raise ValueError(f"two operators are called {operator.name!r}")
    _OPERATORS[operator.name] = operator
    return operator


def operators() -> Mapping[str, type[Operator]]:
    """All registered operators by name, in the order of their families."""
    for family in FAMILIES:
        import_module(f"harness.mutations.{family}")
    return _OPERATORS


def selected(take: Take, at: Selector) -> Sequence[int]:
    """Positions of the pieces a selector aims at. Raises Unmatched."""
    positions = at.positions(take)
    if not positions:
        raise Unmatched(f"no frame matches {at}")
    return positions


def applies(operator: Operator, take: Take) -> bool:
    """Whether it finds something to change: for spaces whose entries depend on what the events say."""
    try:
        operator.apply(take)
    except Unmatched:
        return False
    return True


def changes(operator: Operator, take: Take) -> bool:
    """Whether something else is served after it: for what does not know itself whether it is there already."""
    return applies(operator, take) and operator.apply(take).delivery() != take.delivery()


def insertion_points(positions: Iterable[int], place: Place) -> set[int]:
    """Where new pieces go: each number is the position of the piece that will follow."""
    return {position + (place == "after") for position in positions}


def _parameters(operator: type[Operator]) -> Any:
    return fields(operator)  # type: ignore[arg-type]


def _read(schema: Any, value: Any) -> Any:
    if schema is AT:
        return Selector.from_json(value)
    if schema.get("type") == "array":
        return tuple(_read(schema["items"], entry) for entry in value)
    return value


def _written(value: Any) -> Any:
    if isinstance(value, Selector):
        return value.to_json() or "*"
    return [_written(entry) for entry in value] if isinstance(value, tuple) else value
