"""Reshape: one change at every place a path leads to, which RFC 6902 cannot say without knowing the stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.editing import repayloaded
from harness.mutations.fit import Place, places
from harness.mutations.operator import AT, Layer, Operator, register
from harness.mutations.places import MISSING, changed
from harness.mutations.selector import Selector
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

PATH: dict[str, Any] = {"type": "string", "pattern": "^(/([^~]|~[0123])*)?$"}
"""The schema of a path of :mod:`harness.mutations.places`."""

_EMPTIES: Mapping[type, Any] = {str: "", list: [], dict: {}}


@dataclass(frozen=True, slots=True)
class Reshaping(Operator):
    """Base of the operators that put something else at every place of a path."""

    at: Selector
    path: str

    layer: ClassVar[Layer] = "shape"
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "path": PATH}

    def apply(self, take: Take) -> Take:
        unchanged = f"nothing at {self.path} could be changed"
        return repayloaded(take, self.at, self._changed, unchanged)

    def _changed(self, payload: dict[str, Any]) -> dict[str, Any]:
        fresh = changed(payload, self.path, self.change)
        return fresh if isinstance(fresh, dict) else payload

    def change(self, old: Any) -> Any:
        """What comes to a place, given what is there: MISSING in and out stands for no member."""
        raise NotImplementedError


def each_place(
    take: Take, make: Callable[[Place], Sequence[Operator]], fits: Callable[[Any], bool]
) -> Sequence[Operator]:
    """A space with half of it for the members that matter, and in each half an equal share for each group of places.

    A terminal echoes forty members of the request: by groups alone, nobody would draw the few that a reader reads.
    """
    return Shared(
        [Shared([Shared([make(place) for place in group]) for group in groups]) for groups in places(take, fits)]
    )


def one_each(make: Callable[..., Operator], *axes: Sequence[Any]) -> Callable[[Place], Sequence[Operator]]:
    return lambda place: Product(lambda *rest: make(place.at, place.path, *rest), *axes)


@register
@dataclass(frozen=True, slots=True)
class Nullify(Reshaping):
    """Put null at every place of a path in the selected events."""

    name: ClassVar[str] = "nullify"
    incident: ClassVar[str] = (
        "The terminal's response.output turned null in May 2026: every turn of a widely used agent died of it."
    )

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return each_place(take, one_each(cls), lambda value: value is not None)

    def change(self, old: Any) -> Any:
        return MISSING if old is MISSING else None


@register
@dataclass(frozen=True, slots=True)
class Omit(Reshaping):
    """Leave out the member or the entries that a path leads to in the selected events."""

    name: ClassVar[str] = "omit"
    incident: ClassVar[str] = (
        "response.completed came without output, response.created without created_at; a strict decoder died of each."
    )

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return each_place(take, one_each(cls), lambda value: True)

    def change(self, old: Any) -> Any:
        return MISSING


@register
@dataclass(frozen=True, slots=True)
class Empty(Reshaping):
    """Empty the texts, arrays and objects that a path leads to in the selected events."""

    name: ClassVar[str] = "empty"
    incident: ClassVar[str] = (
        "The terminal's output was [] after a whole answer had streamed; the answer came out empty."
    )

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return each_place(take, one_each(cls), lambda value: type(value) in _EMPTIES and bool(value))

    def change(self, old: Any) -> Any:
        return _EMPTIES.get(type(old), old) if old else old


def _as_text(old: Any) -> Any:
    return old if isinstance(old, str) else json.dumps(old)


_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "text": _as_text,
    "number": lambda old: old if _is_number(old) else 1,
    "boolean": lambda old: old if isinstance(old, bool) else True,
    "array": lambda old: old if isinstance(old, list) else [old],
    "object": lambda old: old if isinstance(old, dict) else {"value": old},
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@register
@dataclass(frozen=True, slots=True)
class Retype(Reshaping):
    """Put a value of another JSON type at every place of a path in the selected events."""

    to: str

    name: ClassVar[str] = "retype"
    incident: ClassVar[str] = (
        "The terminal's output came as a text; a reader asked each of its characters for its type, and died."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "path": PATH, "to": {"enum": list(_TYPES)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        def others(place: Place) -> Sequence[Operator]:
            fitting = [to for to, turn in _TYPES.items() if turn(place.value) is not place.value]
            return [cls(place.at, place.path, to) for to in fitting]

        return each_place(take, others, lambda value: True)

    def change(self, old: Any) -> Any:
        return MISSING if old is MISSING else _TYPES[self.to](old)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) else value


_BECOMES: Mapping[str, Callable[[Any, Any], Any]] = {
    "value": lambda old, given: given,
    "absent": lambda old, given: MISSING,
    "empty": lambda old, given: _EMPTIES.get(type(old), old),
    "text": lambda old, given: _as_text(old),
    "wrapped": lambda old, given: [old],
    "appended": lambda old, given: [*old, given] if isinstance(old, list) else old,
    "number": lambda old, given: _number(old),
    "integer": lambda old, given: _integer(old),
}
"""What a value that is there turns into, given the parameter ``value``."""

_ENTRIES: Sequence[Any] = (None, {}, "")
"""What may stand in an array and is no entry."""

_ODD: Mapping[type, Sequence[Any]] = {
    str: [" ", "\x00", "unknown", "Ünï", "null", "0"],
    int: [0, -1, 1, 2**31, 1.5],
    float: [0, -0.5, 1e300],
    bool: [False, True],
}
"""Values of the same type that a reader may not have reckoned with."""


@register
@dataclass(frozen=True, slots=True)
class Reshape(Reshaping):
    """Change every place of a path (``*`` entries, ``<type>`` of objects) in the selected events.

    ``added`` puts ``value`` also where the member is missing; all others change only what is there.
    """

    becomes: str = "value"
    value: Any = None

    name: ClassVar[str] = "reshape"
    incident: ClassVar[str] = (
        "A backend changed one member of all items at once; an edit that names one place tests one item of one stream."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "at": AT,
        "path": PATH,
        "becomes": {"enum": [*_BECOMES, "added"]},
        "value": {},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        """Odd values of the same type, and null entries in arrays: other types are what ``retype`` draws."""

        def odd(place: Place) -> Sequence[Operator]:
            if isinstance(place.value, list):
                return [cls(place.at, place.path, "appended", entry) for entry in _ENTRIES]
            return [cls(place.at, place.path, "value", value) for value in _others(place.value)]

        return each_place(take, odd, lambda value: isinstance(value, list) or bool(_others(value)))

    def change(self, old: Any) -> Any:
        if self.becomes == "added":
            return self.value
        return MISSING if old is MISSING else _BECOMES[self.becomes](old, self.value)


def _others(value: Any) -> list[Any]:
    # By type, because True == 1.
    return [odd for odd in _ODD.get(type(value), ()) if odd != value]
