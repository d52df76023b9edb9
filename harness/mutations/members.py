"""Members: new ones that nobody knows, and known ones by another name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.fit import Place
from harness.mutations.operator import AT, Operator, register
from harness.mutations.places import ENTRIES, changed, plain, steps
from harness.mutations.reshape import PATH, Reshaping, each_place, one_each
from harness.mutations.take import Take


@register
@dataclass(frozen=True, slots=True)
class AddMember(Reshaping):
    """Give every object that a path leads to in the selected events a member that nobody knows."""

    member: str = "x_unknown"
    value: Any = None

    name: ClassVar[str] = "add-member"
    incident: ClassVar[str] = (
        "cache_write_tokens, phase and agent were new members once; a reader that forbids others fails on each."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "at": AT,
        "path": PATH,
        "member": {"type": "string", "minLength": 1},
        "value": {},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        values: list[Any] = [None, "", 1, [], {"nested": [None]}]
        return each_place(take, one_each(cls, ["x_unknown"], values), lambda value: isinstance(value, dict))

    def change(self, old: Any) -> Any:
        return {**old, self.member: self.value} if isinstance(old, dict) and self.member not in old else old


@register
@dataclass(frozen=True, slots=True)
class RenameMember(Reshaping):
    """Call the member that a path leads to something else, in the selected events."""

    to: str

    name: ClassVar[str] = "rename-member"
    incident: ClassVar[str] = "Proxies state usage by the chat protocol's names, prompt_tokens and completion_tokens."
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT, "path": PATH, "to": {"type": "string", "minLength": 1}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        def renamed(place: Place) -> Sequence[Operator]:
            last = steps(place.path)[-1]
            return () if last == ENTRIES else [cls(place.at, place.path, to) for to in _other_names(plain(last))]

        return each_place(take, renamed, lambda value: True)

    def _changed(self, payload: dict[str, Any]) -> dict[str, Any]:
        parent, _, last = self.path.rpartition("/")
        fresh = changed(payload, parent, lambda old: _renamed(old, plain(last), self.to))
        return fresh if isinstance(fresh, dict) else payload


def _other_names(name: str) -> list[str]:
    """In camel case, as some languages' gateways write it, and with the mark of a version."""
    head, *words = name.split("_")
    return [head + "".join(word.capitalize() for word in words), f"{name}_v2"] if words else [f"{name}_v2"]


def _renamed(old: Any, name: str, to: str) -> Any:
    if not isinstance(old, dict) or name not in old or name == to:
        return old
    return {to if key == name else key: value for key, value in old.items()}
