"""The conformance matrix: consumers against invariants and against scenarios, as JSON for programs and as a page.

It is told the events of one run over many consumers, and of a campaign a consumer. Nothing is left out to look
better: what a consumer does not promise, what it was not asked and what could not be judged have numbers of their own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.campaign.events import (
    CaseFinished,
    ConsumerReady,
    ConsumerUnusable,
    Event,
    FindingFound,
    FindingShrunk,
    FindingView,
    FuzzFinished,
    FuzzStarted,
    Mark,
    RunStarted,
    plain,
)
from harness.report.renderer import prove_writable

FORMAT = 1

_SIGNS = ((Mark.FAIL, "✗"), (Mark.ERROR, "!"), (Mark.LENIENT, "~"), (Mark.PASS, "✓"), (Mark.SKIPPED, "·"))
"""The worst first: a cell shows the first of these it has."""


@dataclass(slots=True)
class Row:
    """All there is to say of one consumer."""

    name: str
    version: str = ""
    promises: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    """Why it could not be started; empty when it could."""
    invariants: dict[str, Counter[Mark]] = field(default_factory=dict)
    scenarios: dict[str, Counter[Mark]] = field(default_factory=dict)
    skips: Counter[str] = field(default_factory=Counter)
    """Cases that it was not asked, by reason."""
    troubles: Counter[str] = field(default_factory=Counter)
    """Cases that could not be judged, by reason."""
    campaign: FuzzFinished | None = None
    findings: dict[str, FindingView] = field(default_factory=dict)


class Matrix:
    """Writes ``folder/matrix.json`` and ``matrix.md`` when all is over; raises OSError at once when it cannot."""

    def __init__(self, folder: Path, date: str) -> None:
        self._json, self._page = folder / "matrix.json", folder / "matrix.md"
        for path in (self._json, self._page):
            prove_writable(path)
        self._date = date
        self._version = ""
        self._rules: Mapping[str, str] = {}
        self._seed: int | None = None
        self._rows: dict[str, Row] = {}
        self._fuzzed = ""

    def handle(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._version, self._rules = event.version, event.rules
            case ConsumerUnusable():
                self._row(event.consumer).error = event.error
            case ConsumerReady():
                row = self._row(event.consumer)
                row.version, row.promises = event.version, event.promises
            case CaseFinished():
                _count(self._row(event.consumer), event)
            case FuzzStarted():
                self._fuzzed, self._seed = event.consumer, event.seed
            case FindingFound() | FindingShrunk():
                self._row(self._fuzzed).findings[event.finding.id] = event.finding
            case FuzzFinished():
                self._row(self._fuzzed).campaign = event

    def close(self) -> None:
        rows = list(self._rows.values())
        body = {
            "matrix": FORMAT,
            "version": self._version,
            "date": self._date,
            "seed": self._seed,
            "rules": dict(self._rules),
            "consumers": [_written(row) for row in rows],
        }
        self._json.write_text(json.dumps(body, ensure_ascii=False, indent=1, default=repr) + "\n", encoding="utf-8")
        self._page.write_text(self._as_page(rows), encoding="utf-8", errors="backslashreplace")

    def _row(self, name: str) -> Row:
        return self._rows.setdefault(name, Row(name))

    def _as_page(self, rows: list[Row]) -> str:
        parts = [
            "# Matrix",
            f"stream-harness {self._version}, {self._date}"
            + (f", campaigns with seed {self._seed}." if self._seed is not None else "."),
            "A cell shows its worst mark: ✗ fails, ! could not be judged, ~ right by the letter or by common practice "
            "only, ✓ holds, · not asked; with how many cases have it.",
            "## Consumers and invariants",
            _table(rows, "invariant", {row.name: row.invariants for row in rows}),
            "## Consumers and scenarios",
            _table(rows, "scenario", {row.name: row.scenarios for row in rows}),
            "## The consumers",
            *(_of_consumer(row) for row in rows),
        ]
        return "\n\n".join(parts) + "\n"


def _count(row: Row, case: CaseFinished) -> None:
    row.scenarios.setdefault(case.scenario, Counter())[case.mark] += 1
    if case.mark is Mark.SKIPPED:
        row.skips[case.reason] += 1
    elif case.mark is Mark.ERROR:
        row.troubles[case.reason.rstrip().rpartition("\n")[2]] += 1
    # A case counts once an invariant, whatever its turns: as the worst of them.
    worst: dict[str, Mark] = {}
    order = [mark for mark, _ in _SIGNS]
    for verdict in case.verdicts:
        known = worst.get(verdict.invariant, verdict.mark)
        worst[verdict.invariant] = min(known, verdict.mark, key=order.index)
    for invariant, mark in worst.items():
        row.invariants.setdefault(invariant, Counter())[mark] += 1


def _written(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "promises": dict(row.promises),
        "error": row.error or None,
        "invariants": {name: _marks(marks) for name, marks in row.invariants.items()},
        "scenarios": {name: _marks(marks) for name, marks in row.scenarios.items()},
        "skips": dict(row.skips),
        "troubles": dict(row.troubles),
        "campaign": None if row.campaign is None else plain(row.campaign),
        "findings": [
            {
                "id": finding.id,
                "invariant": finding.invariant,
                "cause": finding.cause,
                "cassette": finding.cassette,
                "plan": finding.plan,
            }
            for finding in row.findings.values()
        ],
    }


def _marks(marks: Counter[Mark]) -> dict[str, int]:
    return {mark.value: marks[mark] for mark in Mark if marks[mark]}


def _table(rows: list[Row], title: str, cells: Mapping[str, Mapping[str, Counter[Mark]]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in cells[row.name]))
    lines = [f"| {title} | {' | '.join(row.name for row in rows)} |", "|---" * (len(rows) + 1) + "|"]
    for name in names:
        shown = (_cell(cells[row.name].get(name, Counter())) for row in rows)
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _cell(marks: Counter[Mark]) -> str:
    return next((f"{sign} {marks[mark]}" for mark, sign in _SIGNS if marks[mark]), "")


def _of_consumer(row: Row) -> str:
    if row.error:
        return f"### {row.name}\n\nCould not be started: {row.error}"
    lines = [f"### {row.name}", f"Release {row.version}."]
    if row.promises:
        lines.append("Declares: " + ", ".join(f"{name} {json.dumps(value)}" for name, value in row.promises.items()))
    for title, reasons in (("Not asked", row.skips), ("Not judged", row.troubles)):
        lines += [f"{title}, {count} cases: {reason}" for reason, count in reasons.items()]
    if row.campaign is not None:
        lines.append(f"Campaign: {row.campaign.examples} examples, {len(row.findings)} distinct findings.")
        lines += [f"- `{finding.id}` {finding.invariant}: {finding.cause}" for finding in row.findings.values()]
    return "\n\n".join(lines)
