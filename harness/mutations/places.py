"""Paths that lead to many places of a JSON value at once, so that one edit fits every stream.

They are JSON pointers with two steps more: ``*`` is every entry of an array, ``<message>`` goes on only in an object
whose ``type`` is that. ``/response/output/*/<message>/content`` is the content of all messages. A member whose own
name is ``*``, or begins with ``<``, is written ``~2`` and ``~3``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

ENTRIES = "*"

MISSING: Any = object()
"""Stands for a member that is not there: given to a change, and returned by one to remove it."""

Change = Callable[[Any], Any]
"""From the value at a place to its new one; the same object means: left alone."""


def step(name: str) -> str:
    """A member's name as a step of a path."""
    return "".join(_ESCAPES.get(letter, letter) for letter in name) if _odd(name) else name


def variant(type_: str) -> str:
    """The step into objects of this type."""
    return f"<{step(type_)}>"


def is_variant(token: str) -> bool:
    return token.startswith("<")


def plain(token: str) -> str:
    """The name that a step stands for, without the brackets of a variant."""
    name = token[1:-1] if is_variant(token) else token
    for letter, escape in reversed(_ESCAPES.items()):
        name = name.replace(escape, letter)
    return name


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[str, ...]:
    """The steps of a path, escaped as they are written. Raises ValueError."""
    if path and not path.startswith("/"):
        raise ValueError(f"a path is empty or begins with '/': {path!r}")
    return tuple(path.split("/")[1:])


def changed(value: Any, path: str, change: Change) -> Any:
    """A copy in which every place of the path has been changed; the same object when none was."""
    return _changed(value, steps(path), change)


def _changed(value: Any, path: tuple[str, ...], change: Change) -> Any:
    if not path:
        return change(value)
    token, rest = path[0], path[1:]
    if token == ENTRIES:
        return _each(value, rest, change) if isinstance(value, list) else value
    if not isinstance(value, dict):
        return value
    if is_variant(token):
        return _changed(value, rest, change) if value.get("type") == plain(token) else value
    return _member(value, plain(token), rest, change)


def _each(entries: list[Any], rest: tuple[str, ...], change: Change) -> list[Any]:
    fresh = [_changed(entry, rest, change) for entry in entries]
    same = all(new is old for new, old in zip(fresh, entries, strict=True))
    return entries if same else [entry for entry in fresh if entry is not MISSING]


def _member(members: dict[str, Any], name: str, rest: tuple[str, ...], change: Change) -> dict[str, Any]:
    old = members.get(name, MISSING)
    if old is MISSING and rest:
        return members
    new = _changed(old, rest, change)
    if new is old:
        return members
    kept = {key: value for key, value in members.items() if key != name}
    return kept if new is MISSING else {**members, name: new}


def _odd(name: str) -> bool:
    return name == ENTRIES or name.startswith("<") or "~" in name or "/" in name


# In this order, so that undoing them backwards touches no tilde that another escape has brought.
_ESCAPES = {"~": "~0", "/": "~1", "*": "~2", "<": "~3"}
