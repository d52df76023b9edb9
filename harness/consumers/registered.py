"""Consumers that users register in their own project: ``[tool.harness.consumers]`` of the nearest pyproject.toml.

Each is a function of theirs, which a driver calls in a process of its own with the Python that runs the harness, or a
command that speaks the driver protocol, in any language. Nothing in this package has to know of it.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.consumers.base import UnknownConsumer
from harness.consumers.process import READY_MS, Program
from harness.contract import Capabilities
from harness.contract.validate import problem

_DRIVER = Path(__file__).with_name("drivers") / "own_function.py"

_PLAIN: Mapping[str, Any] = {
    # Nothing is known of a function but what it returns, and nearly all of them return a text.
    "items": False,
    "tool_calls": False,
    "custom_tools": False,
    "reasoning": False,
    "encrypted_reasoning": False,
    "refusals": False,
    "phases": False,
    "status": False,
    "usage": "none",
    "streams": False,
    "announces_resets": False,
}
"""Promises of a function that declares none."""


def registered(start: Path | None = None) -> Mapping[str, Program]:
    """All of them by name; none where there is no pyproject.toml from ``start`` upwards.

    Raises UnknownConsumer, naming file and pointer, when the table is not as it must be.
    """
    file = _nearest(start or Path.cwd())
    if file is None:
        return {}
    try:
        body = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnknownConsumer(f"{file}: {error}") from None
    table = body.get("tool", {}).get("harness", {}).get("consumers", {})
    if wrong := problem("registered", table):
        raise UnknownConsumer(f"{file}: /tool/harness/consumers{wrong}")
    return {name: _program(name, entry, file.parent) for name, entry in table.items()}


def _nearest(start: Path) -> Path | None:
    folders = (start.absolute(), *start.absolute().parents)
    return next((folder / "pyproject.toml" for folder in folders if (folder / "pyproject.toml").is_file()), None)


def _program(name: str, entry: str | Mapping[str, Any], folder: Path) -> Program:
    stated: Mapping[str, Any] = {"call": entry} if isinstance(entry, str) else entry
    promises: Mapping[str, Any] = stated.get("capabilities", {})
    if "call" in stated:
        command = [sys.executable, str(_DRIVER), stated["call"], str(folder)]
        promises = {**_PLAIN, **promises}
    else:
        command = stated["command"]
    return Program(
        name=name,
        version=None,
        command=command,
        capabilities=Capabilities.read(promises),
        ready_ms=stated.get("ready_ms", READY_MS),
        deadline_ms=stated.get("deadline_ms", float("inf")),
        folder=str(folder),
    )
