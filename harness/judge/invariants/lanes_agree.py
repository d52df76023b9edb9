"""The way in makes no difference to what a program makes of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.judge.alike import differences
from harness.judge.lanes import Lanes
from harness.judge.rule import Breach, invariant


@invariant(
    "lanes-agree",
    rule="A program that is handed the bytes of a stream makes the same of them as when it opens the stream itself.",
    why="A campaign asks the fast lane first: what only the full one does would be missed, or blamed on another layer.",
    incident="The null of May 2026 broke the SDK's helper: who fed its events to the program alone saw nothing wrong.",
    arity="lanes",
)
def check(lanes: Lanes) -> Iterator[Breach]:
    full, fast = lanes.full, lanes.fast
    for name, opened, handed in differences(full.observed.came_to_exactly, fast.observed.came_to_exactly):
        told = f" ({opened!r} and {handed!r})" if name in _NORMAL else ""
        yield _breach(f"{name} differs between the lanes", told, opened, handed)
    asked = full.asked & fast.asked
    failing = full.failing(asked), fast.failing(asked)
    if failing[0] != failing[1]:
        only = sorted({rule for rule, _ in {*failing[0]} ^ {*failing[1]}})
        yield _breach("the lanes fail in different rules", f" ({', '.join(only)})", *failing)


_NORMAL = frozenset({"the way it ended", "the error's words"})
"""The parts that are equal for equal bugs as they are."""


def _breach(what: str, told: str, opened: Any, handed: Any) -> Breach:
    shown = f"over HTTP {opened!r:.300}; handed its bytes {handed!r:.300}"
    return Breach(what, f"{what}{told:.200}", assembled=shown)
