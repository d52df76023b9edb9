"""Drift as Markdown, for a pull request or an issue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harness.shape.drift import Change, Drift
from harness.shape.report.groups import Group, details, groups, title


def render(drift: Drift) -> str:
    """The text."""
    lines = ["# Drift", "", title(drift), *_section("Dangerous", drift.changes, dangerous=True)]
    return "\n".join([*lines, *_section("Harmless", drift.changes, dangerous=False)]) + "\n"


def _section(heading: str, changes: Iterable[Change], *, dangerous: bool) -> Iterator[str]:
    found = list(groups(change for change in changes if change.danger.dangerous is dangerous))
    if found:
        yield from ("", f"## {heading}", "")
    for group in found:
        yield from _entry(group)


def _entry(group: Group) -> Iterator[str]:
    change = group.first
    detail = f" ({_plain(change.detail)})" if change.detail else ""
    yield f"- **{change.danger.title}**{detail}: `{change.place}`"
    yield from (f"  - {_plain(line)}" for line in details(group))
    yield f"  - {change.danger.reason}"


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", text)
