"""Any event as a mapping: decoded JSON is used as it is, an object by its attributes, everything else not at all.

The fold never asks an event what class it has. Attributes are read from where the object stores them, not through
``getattr``: a property that raises is somebody else's code, and reading a stream must not run it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SCALARS = (str, bytes, bytearray, int, float, complex, type(None), type)
_DEEPEST = 200


def mapping(value: Any) -> Mapping[str, Any] | None:
    """The fields of a JSON object, a mapping or an attribute-style object; None for anything else."""
    if type(value) is dict:
        return value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (*_SCALARS, list, tuple, set, frozenset)):
        return None
    return _attributes(value)


def sequence(value: Any) -> Sequence[Any]:
    """The entries of a list or tuple; nothing for anything else (null, a text, a number, an object)."""
    return value if isinstance(value, list | tuple) else ()


def text(value: Any) -> str:
    """A text, or the empty one for anything that is none."""
    return value if isinstance(value, str) else ""


def plain(value: Any, depth: int = 0) -> Any:
    """The value as JSON would hold it, attribute-style objects included; what is nested past reason becomes None."""
    if depth > _DEEPEST:
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [plain(entry, depth + 1) for entry in value]
    fields = mapping(value)
    if fields is None:
        return f"<{type(value).__name__}>"
    return {str(name): plain(entry, depth + 1) for name, entry in fields.items()}


def _attributes(value: object) -> Mapping[str, Any] | None:
    own: dict[str, Any] | None = getattr(value, "__dict__", None)
    fields: dict[str, Any] = {}
    for cls in type(value).__mro__:
        for name, descriptor in vars(cls).items():
            if type(descriptor) is _SlotDescriptor and not name.startswith("__") and hasattr(value, name):
                fields[name] = getattr(value, name)
    fields.update(own or {})
    # Pydantic keeps the fields that its model does not know apart from those it does.
    fields.update(getattr(value, "__pydantic_extra__", None) or {})
    return fields if fields or own is not None else None


class _Slotted:
    __slots__ = ("member",)


_SlotDescriptor = type(vars(_Slotted)["member"])
