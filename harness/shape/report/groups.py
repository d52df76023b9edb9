"""Changes of one cause, told once: a response object is echoed in several events, and what changed in it with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.shape.drift import Change, Drift


@dataclass(frozen=True, slots=True)
class Group:
    """The same change at the same path of one or more event types; the first is the most prominent."""

    changes: tuple[Change, ...]

    @property
    def first(self) -> Change:
        return self.changes[0]

    @property
    def also(self) -> tuple[str, ...]:
        """The other event types."""
        return tuple(change.event for change in self.changes[1:])


def groups(changes: Iterable[Change]) -> Iterator[Group]:
    """The groups, in the order of their first changes."""
    found: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        key = (change.kind, change.path, change.detail) if change.path else change.identity
        found.setdefault(key, []).append(change)
    for row in found.values():
        yield Group(tuple(row))


def title(drift: Drift) -> str:
    """How many changes there are, and between what."""
    dangerous = sum(change.danger.dangerous for change in drift.changes)
    harmless = len(drift.changes) - dangerous
    streams = f"{_streams(drift.baseline.streams)} to {_streams(drift.new.streams)}"
    if not drift.changes:
        return f"No drift from {streams}."
    return f"{dangerous} dangerous and {harmless} harmless changes from {streams}."


def details(group: Group) -> Sequence[str]:
    """What was, what is, where else, and what to do about it."""
    change = group.first
    lines = [f"was: {change.was}", f"now: {change.now}"]
    if group.also:
        lines.append(f"also in: {', '.join(group.also)}")
    if change.no_plan:
        lines.append(f"no plan: {change.no_plan}")
    return lines


def _streams(count: int) -> str:
    return f"{count} stream{'' if count == 1 else 's'}"
