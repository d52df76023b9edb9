"""Plans in files: one a change, numbered by danger, each saying in its head what it does and why."""

from __future__ import annotations

import re
from pathlib import Path

from harness.shape.drift import Change, Drift


def write_plans(drift: Drift, folder: Path) -> list[Path]:
    """One file for each change that has a plan; returns them in order. What else is in the folder stays."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, change in enumerate(drift.changes, 1):
        if change.plan is None:
            continue
        path = folder / f"{number:03d}-{_slug(change)}.yaml"
        path.write_text(_text(change, change.plan.to_yaml()), encoding="utf-8")
        written.append(path)
    return written


def _text(change: Change, plan: str) -> str:
    head = [f"{change.danger.title}: {change.place}", f"was: {change.was}", f"now: {change.now}", change.danger.reason]
    return "".join(f"# {' '.join(line.split())}\n" for line in head) + plan


def _slug(change: Change) -> str:
    words = " ".join((change.kind, change.event, change.item, change.path, change.detail))
    return re.sub(r"[^a-zA-Z0-9]+", "-", words).strip("-")[:_LONGEST].rstrip("-")


_LONGEST = 100
