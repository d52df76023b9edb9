"""What crosses a process or a file boundary is checked against a published schema, once, at the boundary.

The schemas lie beside this module, so that a driver in another language can be written from them alone.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource

SCHEMAS = ("outcome", "driver", "consumer", "registered")


@cache
def schema(name: str) -> dict[str, Any]:
    """The published JSON Schema (2020-12) called ``name``: one of :data:`SCHEMAS`."""
    text = files("harness.contract").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")
    body: dict[str, Any] = json.loads(text)
    return body


def problem(name: str, body: Any) -> str | None:
    """The most telling thing wrong with ``body``, as ``/pointer: message``; None when it fits.

    ``name`` may end in ``#definition`` to ask for one definition of a schema: ``driver#ready``.
    """
    error = best_match(_validator(name).iter_errors(body))
    if error is None:
        return None
    pointer = "".join(f"/{part}" for part in error.absolute_path)
    return f"{pointer or '/'}: {error.message[:300]}"


@cache
def _validator(name: str) -> Draft202012Validator:
    base, _, definition = name.partition("#")
    target = schema(base)["$id"] + (f"#/$defs/{definition}" if definition else "")
    return Draft202012Validator({"$ref": target}, registry=_registry())


@cache
def _registry() -> Registry[Any]:
    bodies = [schema(name) for name in SCHEMAS]
    return Registry().with_resources((body["$id"], Resource.from_contents(body)) for body in bodies)
