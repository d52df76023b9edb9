"""RFC 6902 on values that are never changed: every edit copies the path it touches and shares the rest.

Payloads are cached and shared between all readers of a stream, so an edit in place would change other cases.
Pointers are RFC 6901; ``-`` means past the last entry of an array, for ``add`` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

Edit = Mapping[str, Any]
"""One operation: ``op``, ``path``, and ``value`` or ``from`` where the operation has one."""


class PatchError(ValueError):
    """The document has no such place, or a ``test`` did not hold."""


def apply_patch(document: Any, edits: Iterable[Edit]) -> Any:
    """The document after all edits, in order, or PatchError and nothing done (RFC 6902 section 5)."""
    for edit in edits:
        document = _OPERATIONS[edit["op"]](document, edit)
    return document


@lru_cache(maxsize=4096)
def tokens(pointer: str) -> tuple[str, ...]:
    """The reference tokens of a JSON pointer (RFC 6901 section 4). Raises PatchError."""
    if pointer == "":
        return ()
    if not pointer.startswith("/"):
        raise PatchError(f"a JSON pointer is empty or begins with '/': {pointer!r}")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/"))


def look_up(document: Any, pointer: str) -> Any:
    """The value a pointer names. Raises PatchError."""
    for token in tokens(pointer):
        document = document[_key(document, token, pointer)]
    return document


def _key(container: Any, token: str, pointer: str, *, room: int = 0) -> Any:
    """The key or index of an existing entry; with ``room`` 1 also the place past the last entry."""
    if isinstance(container, dict):
        if token in container or room:
            return token
    elif isinstance(container, list):
        if token == "-" and room:
            return len(container)
        canonical = token.isascii() and token.isdigit() and (token == "0" or token[0] != "0")
        if canonical and int(token) < len(container) + room:
            return int(token)
    raise PatchError(f"there is nothing at {pointer}")


def _edit(document: Any, path: tuple[str, ...], pointer: str, change: Callable[[Any, str], Any]) -> Any:
    """A copy of the document in which ``change(container, last token)`` replaced the container at the path's end."""
    if len(path) == 1:
        return change(document, path[0])
    key = _key(document, path[0], pointer)
    copy = document.copy()
    copy[key] = _edit(document[key], path[1:], pointer, change)
    return copy


def _place(document: Any, pointer: str, value: Any, *, insert: bool) -> Any:
    def change(container: Any, token: str) -> Any:
        key = _key(container, token, pointer, room=int(insert))
        copy = container.copy()
        if insert and isinstance(copy, list):
            copy.insert(key, value)
        else:
            copy[key] = value
        return copy

    path = tokens(pointer)
    return _edit(document, path, pointer, change) if path else value


def _add(document: Any, edit: Edit) -> Any:
    return _place(document, edit["path"], edit["value"], insert=True)


def _replace(document: Any, edit: Edit) -> Any:
    return _place(document, edit["path"], edit["value"], insert=False)


def _remove(document: Any, edit: Edit) -> Any:
    pointer = edit["path"]

    def change(container: Any, token: str) -> Any:
        key = _key(container, token, pointer)
        copy = container.copy()
        del copy[key]
        return copy

    path = tokens(pointer)
    if not path:
        raise PatchError("the whole document cannot be removed")
    return _edit(document, path, pointer, change)


def _move(document: Any, edit: Edit) -> Any:
    source, target = edit["from"], edit["path"]
    if tokens(target)[: len(tokens(source))] == tokens(source) and target != source:
        raise PatchError(f"{source} cannot be moved into itself")
    value = look_up(document, source)
    return _add(_remove(document, {"path": source}), {"path": target, "value": value})


def _copy(document: Any, edit: Edit) -> Any:
    return _add(document, {"path": edit["path"], "value": look_up(document, edit["from"])})


def _test(document: Any, edit: Edit) -> Any:
    found = look_up(document, edit["path"])
    if not _same(found, edit["value"]):
        raise PatchError(f"{edit['path']} is {found!r}, not {edit['value']!r}")
    return document


def _same(left: Any, right: Any) -> bool:
    # JSON keeps true and 1 apart, Python's == does not (RFC 6902 section 4.6).
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(_same(a, b) for a, b in zip(left, right, strict=True))
    return bool(left == right)


_OPERATIONS: dict[str, Callable[[Any, Edit], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}

_POINTER = {"type": "string", "pattern": "^(/([^~]|~[01])*)?$"}

EDIT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"op": {"enum": list(_OPERATIONS)}, "path": _POINTER, "from": _POINTER, "value": {}},
    "required": ["op", "path"],
    "allOf": [
        {"if": {"properties": {"op": {"enum": list(names)}}}, "then": {"required": [needed]}}
        for names, needed in ((("add", "replace", "test"), "value"), (("move", "copy"), "from"))
    ],
}
