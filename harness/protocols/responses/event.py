"""One SSE frame of a Responses stream, decoded: its JSON, and what was wrong with it.

Nothing is judged here. A payload that is no JSON object is kept as damage, because a stream may go on after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from harness.wire import Frame


class Event(NamedTuple):
    """A dispatched frame. A tuple, because a case makes hundreds and a frozen dataclass costs three times as much."""

    frame: int
    """Number of the frame in its stream, from 0; frames that dispatch nothing are counted too."""
    name: str
    """The ``event:`` field; empty when there was none."""
    type: str
    """The payload's ``type`` when it is a text, else ``name``, else empty."""
    payload: dict[str, Any] | None
    """The JSON object, shared between readers and never changed; None for ``[DONE]``, for empty data and for damage."""
    data: str
    damage: str | None = None
    """Why ``data`` is no event: not JSON, or JSON that is no object. ``[DONE]`` and empty data are no damage."""
    lawless: bool = False
    """Data on which decoders lawfully differ: NaN, lone surrogates, duplicate keys, integers past 2**53, bytes that
    are not UTF-8 (the standard replaces them; a strict decoder refuses them)."""


DONE = "[DONE]"


def decode(number: int, frame: Frame) -> Event | None:
    """The event of a frame; None when the frame dispatches nothing."""
    data = frame.data
    if data is None:
        return None
    if data in {"", DONE}:
        return Event(number, frame.event, frame.event, None, data)
    payload, damage, lawless = _parse(data)
    if damage is None and not isinstance(payload, dict):
        payload, damage = None, f"the data is JSON, but no object: {data[:80]!r}"
    stated = payload.get("type") if payload is not None else None
    kind = stated if isinstance(stated, str) else frame.event
    return Event(number, frame.event, kind, payload, data, damage, lawless or frame.replaced)


def decode_all(frames: Iterable[Frame]) -> list[Event]:
    """Events of all frames that dispatch one, in order."""
    decoded = (decode(number, frame) for number, frame in enumerate(frames))
    return [event for event in decoded if event is not None]


def _parse(data: str) -> tuple[Any, str | None, bool]:
    # Mutated streams share almost all of their frames, so the slow, careful reading is paid once a frame.
    return _read(data) if len(data) > _CACHED_CHARS else _cached(data)


def _read(data: str) -> tuple[Any, str | None, bool]:
    try:
        value = orjson.loads(data)
        canonical = orjson.dumps(value) == data.encode()
    except (ValueError, TypeError, RecursionError):
        canonical = False
    # A text that comes back as it was had no key twice, and nothing else in it that a strict decoder refuses.
    return (value, None, False) if canonical and not _LONG_NUMBER.search(data) else _careful(data)


def _careful(data: str) -> tuple[Any, str | None, bool]:
    marks: list[str] = []

    def pairs(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        merged = dict(entries)
        if len(merged) != len(entries):
            marks.append("duplicate key")
        return merged

    def constant(name: str) -> float:
        marks.append(name)
        return float(name.replace("Infinity", "inf"))

    def integer(digits: str) -> int | float:
        value = int(digits) if len(digits) < _INT_DIGITS else float("inf")
        if abs(value) > 2**53:
            marks.append("integer past 2**53")
        return value

    try:
        value = json.loads(data, object_pairs_hook=pairs, parse_constant=constant, parse_int=integer)
    except (ValueError, RecursionError) as error:
        return None, f"the data is not JSON: {error}", False
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        marks.append("a strict decoder rejects it")
    return value, None, bool(marks)


_CACHED_CHARS = 65_536
_INT_DIGITS = 4_000
_LONG_NUMBER = re.compile(r"\d{16}")
"""Any integer past 2**53 has as many digits."""
_cached = lru_cache(maxsize=16_384)(_read)
