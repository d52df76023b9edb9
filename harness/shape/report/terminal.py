"""Drift for a person at a terminal: the most dangerous first, each with what was, what is, and why it matters."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.text import Text

from harness.shape.drift import Drift
from harness.shape.report.groups import Group, details, groups, title

_WIDTH = 120


def render(drift: Drift) -> str:
    """The text, without colours: whoever prints it may be a log."""
    file = StringIO()
    console = Console(file=file, width=_WIDTH, highlight=False, color_system=None)
    console.print(Text(title(drift)))
    for number, group in enumerate(groups(drift.changes), 1):
        _print(console, number, group)
    return file.getvalue()


def _print(console: Console, number: int, group: Group) -> None:
    change = group.first
    mark = "DANGEROUS" if change.danger.dangerous else "harmless"
    detail = f" ({change.detail})" if change.detail else ""
    console.print()
    console.print(Text(f"{number}. {mark}  {change.danger.title}{detail}"))
    for line in (change.place, *details(group), f"why it matters: {change.danger.reason}"):
        console.print(Text(f"   {line}"), soft_wrap=True)
