"""Bytes as lines, and each line as the JSON object it holds; sans-IO."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.wire import Frame


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``message`` is None where it is no JSON object."""

    number: int
    message: Mapping[str, Any] | None

    @property
    def method(self) -> str:
        method = (self.message or {}).get("method")
        return method if isinstance(method, str) else ""

    @property
    def params(self) -> Mapping[str, Any]:
        params = (self.message or {}).get("params")
        return params if isinstance(params, dict) else {}


@dataclass(frozen=True, slots=True)
class Lines:
    """A body. ``frames`` have the exact bytes of each line, for people."""

    frames: tuple[Frame, ...]
    lines: tuple[Line, ...]
    tail: bytes
    """What no line feed ended."""


def lines_of(body: bytes) -> Lines:
    """Every line of a body; empty ones keep their number and hold nothing that could be damaged."""
    *whole, tail = body.split(b"\n")
    frames: list[Frame] = []
    start = 0
    for raw in whole:
        frames.append(Frame(raw + b"\n", start, "", raw.decode("utf-8", "replace")))
        start += len(raw) + 1
    lines = [Line(number, _message(raw)) for number, raw in enumerate(whole) if raw.strip()]
    return Lines(tuple(frames), tuple(lines), tail)


def _message(raw: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
