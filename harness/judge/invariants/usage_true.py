"""The usage a caller sees is the usage the stream stated, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from harness.contract import Capabilities
from harness.judge.duty import Duty
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.reading import UsageReading

COUNTS = ("input", "output", "total")
DETAILS = ("cached", "reasoning")


def _needs(capabilities: Capabilities) -> str | None:
    return "it hands out no usage" if capabilities.usage == "none" else assemblers(capabilities)


@invariant(
    "usage-true",
    rule="Stated token counts arrive unchanged and once; counts nobody stated are not made up.",
    why="Usage is money: doubled counts are billed on, absent ones exceed budgets unseen.",
    incident="Cumulative usage on every chunk was added up by an agent framework: reasoning tokens doubled.",
    needs=_needs,
)
def check(scene: Scene) -> Iterator[Breach]:
    if scene.turn.ended != "returned" or scene.obligation.duty not in {Duty.COMPLETE, Duty.INCOMPLETE}:
        return
    stated = _in_scope(scene)
    shown = scene.turn.usage
    for name in (*COUNTS, *DETAILS):
        told, seen = stated.get(name), getattr(shown, name, None)
        reason = _wrong(name, told, seen, stated, scene)
        if reason:
            yield Breach(
                f"{name} tokens: {reason}",
                f"{reason} ({'detail' if name in DETAILS else 'count'})",
                evidenced=repr(told),
                assembled=repr(seen),
                mark=Mark.LENIENT if _defensible(name, told, seen, scene) else Mark.FAIL,
            )


def _defensible(name: str, told: Any, seen: Any, scene: Scene) -> bool:
    """Counts under another protocol's names need not be read, and a number in quotes may be read as one."""
    if name in scene.attempt.reading.usage.foreign:
        return seen is None or seen == 0
    return isinstance(told, str) and str(seen) == told.strip()


def _in_scope(scene: Scene) -> dict[str, Any]:
    own = _values(scene.attempt.reading.usage)
    if scene.capabilities.usage != "run":
        return own
    for turn in scene.history:
        for name, value in _values(turn.last.reading.usage).items():
            if _count(value) and _count(own.get(name)):
                own[name] += value
    return own


def _values(usage: UsageReading) -> dict[str, Any]:
    return dict(usage.values) if usage.state == "stated" else {}


def _wrong(name: str, told: Any, seen: Any, stated: dict[str, Any], scene: Scene) -> str:
    if _count(told):
        if seen == told and not isinstance(seen, bool):
            return ""
        if name == "total" and (seen == _sum(stated) if seen is not None else told == _told_sum(scene)):
            return ""  # counted anew by the consumer, or left to be counted, from what was stated
        if seen is None:
            return "stated, but lost" if name in COUNTS else ""
        if seen == 0 and name in DETAILS and scene.capabilities.usage_absent_is_zero:
            return "stated, but told as zero"
        return "added up twice" if seen == 2 * told and told else "not the stated number"
    if seen is None or seen == told or (seen == 0 and scene.capabilities.usage_absent_is_zero):
        return ""
    if name == "total" and seen == _sum(stated):
        return ""
    return "made up: the stream states none" if told is None else "made up: the stated value is no count"


def _sum(stated: Mapping[str, Any]) -> int | None:
    given, made = stated.get("input"), stated.get("output")
    return given + made if _count(given) and _count(made) else None


def _told_sum(scene: Scene) -> int | None:
    """What the consumer's own counts come to: for many programs a total is no third thing to hand out."""
    shown = scene.turn.usage
    return _sum({"input": shown.input, "output": shown.output}) if shown is not None else None


def _count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
