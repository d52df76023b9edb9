"""``time:`` steps: the silences of a scenario, said the way people say them, turned into mutations.

    time:
      - {stall: 45 s, before: head}
      - {stall: for ever, after: {type: response.output_text.delta, nth: 1}, attempt: 0}
      - {drip: 10 s}
      - {keep-alives: 15 s, for: 900 s, before: response.created}

``stall`` is silence; ``drip`` is the same silence before every event; ``keep-alives`` are comments at that distance,
and nothing else, for so long. Each may name the turn and the attempt it happens in, as mutations do. They are made
last, when all that is to be sent stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

FOR_EVER = "for ever"
_DURATION = re.compile(r"(\d+(?:\.\d+)?) (ms|s|min|h)")
_UNITS_MS = {"ms": 1.0, "s": 1_000.0, "min": 60_000.0, "h": 3_600_000.0}
_EVERY_EVENT = {"type": "*"}


def duration_ms(text: str) -> float:
    """``45 s``, ``1.5 min``, ``250 ms`` in ms. Raises ValueError."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"no duration: {text!r}; write a number, a space and ms, s, min or h")
    return float(found[1]) * _UNITS_MS[found[2]]


def mutations_of(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps as mutations in their written form, for steps that the scenario's schema has accepted."""
    return [{**_mutation(step), **_aim(step)} for step in steps]


def _mutation(step: Mapping[str, Any]) -> dict[str, Any]:
    verb = next(name for name in _VERBS if name in step)
    return _VERBS[verb](step)


def _aim(step: Mapping[str, Any]) -> dict[str, Any]:
    return {name: step[name] for name in ("turn", "attempt") if name in step}


def _stall(step: Mapping[str, Any]) -> dict[str, Any]:
    place, at = _place(step)
    endless = step["stall"] == FOR_EVER
    if at == "head":
        return {"unanswered": {"by": "stall"}} if endless else {"wait-for-head": {"ms": duration_ms(step["stall"])}}
    if endless:
        return {"stop": {"at": at, "inside": place, "by": "stall"}}
    return {"wait": {"at": at, "ms": duration_ms(step["stall"]), "place": place}}


def _drip(step: Mapping[str, Any]) -> dict[str, Any]:
    return {"wait": {"at": _EVERY_EVENT, "ms": duration_ms(step["drip"])}}


def _keep_alives(step: Mapping[str, Any]) -> dict[str, Any]:
    place, at = _place(step)
    every_ms = duration_ms(step["keep-alives"])
    times = max(1, round(duration_ms(step["for"]) / every_ms))
    return {"keep-alives": {"at": at, "every_ms": every_ms, "times": times, "place": place}}


def _place(step: Mapping[str, Any]) -> tuple[str, Any]:
    place = "before" if "before" in step else "after"
    return place, step[place]


_VERBS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "stall": _stall,
    "drip": _drip,
    "keep-alives": _keep_alives,
}
