"""Runs every rule over a stream and lets known habits explain what they can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.protocols.responses.lint import framing, identity, lifecycle, order, schema, sequence, usage, witnesses
from harness.protocols.responses.lint.habits import Habit, habits_of
from harness.protocols.responses.lint.remark import Remark, Rule
from harness.protocols.responses.lint.stream import Stream
from harness.wire import Frame, Tail

RULES: tuple[Rule, ...] = (
    *framing.RULES,
    *schema.RULES,
    *lifecycle.RULES,
    *sequence.RULES,
    *order.RULES,
    *identity.RULES,
    *witnesses.RULES,
    *usage.RULES,
)
"""Every rule, in the order it is told."""


def lint(frames: Sequence[Frame], tail: Tail | None = None) -> list[Remark]:
    """What deviates from the protocol, in the order of :data:`RULES`; equal remarks once, with how often.

    Args:
        frames: the frames of one response, decoded.
        tail: what was left when the stream ended, as the decoder gave it.

    Never raises, whatever the frames hold. Remarks that a known habit of a server explains have that habit's level
    and name; all others the rule's own.
    """
    stream = Stream.of(frames, tail)
    habits = habits_of(stream)
    return [_explained(remark, habits) for remark in _gathered(stream)]


def _gathered(stream: Stream) -> list[Remark]:
    known: dict[tuple[str, ...], Remark] = {}
    for remark in _signed(stream):
        key = (remark.level, remark.rule, remark.pointer, remark.message)
        first = known.get(key)
        known[key] = remark if first is None else replace(first, times=first.times + 1)
    return list(known.values())


def _signed(stream: Stream) -> Iterator[Remark]:
    for rule in RULES:
        for flaw in rule.check(stream):
            yield Remark(flaw.level, rule.name, flaw.frame, flaw.pointer, flaw.message)


def _explained(remark: Remark, habits: Sequence[Habit]) -> Remark:
    habit = next((habit for habit in habits if habit.explains(remark)), None)
    return remark if habit is None else replace(remark, level=habit.level, habit=habit.name)
