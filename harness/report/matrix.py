"""The conformance matrix: consumers against invariants and against scenarios, as JSON for programs and as a page.

It is told the events of one run over many consumers, and of a campaign a consumer. Nothing is left out to look
better: what a consumer does not promise, what it was not asked and what could not be judged have numbers of their own.
A consumer that is not run again keeps the row that it has, with the date of that run: a matrix can be made in pieces.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
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
    FuzzFinished,
    FuzzStarted,
    Mark,
    RunStarted,
    plain,
)
from harness.campaign.naming import fault_id
from harness.report.summary import Fault, faults_of

FORMAT = 2

_SIGNS = ((Mark.FAIL, "✗"), (Mark.ERROR, "!"), (Mark.LENIENT, "~"), (Mark.PASS, "✓"), (Mark.SKIPPED, "·"))
"""The worst first: a cell shows the first of these it has."""

Json = dict[str, Any]


@dataclass(slots=True)
class Known:
    """One finding of a consumer: the scenarios that show it, and the campaign's least case, where there is one."""

    invariant: str
    cause: str
    reason: str
    scenarios: list[str] = field(default_factory=list)
    reproduce: str = ""
    """The first case of a scenario that shows it; empty when only the campaign does."""
    campaign: Json | None = None


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
    seed: int | None = None
    findings: dict[str, Known] = field(default_factory=dict)


class Matrix:
    """Writes ``folder/matrix.json`` and ``matrix.md`` when all is over; raises OSError at once when it cannot."""

    def __init__(self, folder: Path, date: str) -> None:
        self._json, self._page = folder / "matrix.json", folder / "matrix.md"
        folder.mkdir(parents=True, exist_ok=True)
        for path in (self._json, self._page):
            path.open("ab").close()  # not emptied: it holds the rows of those that are not run again
        self._date = date
        self._version = ""
        self._rules: Mapping[str, str] = {}
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
                self._fuzzed = event.consumer
                self._row(event.consumer).seed = event.seed
            case FindingFound(finding) | FindingShrunk(finding):
                findings = self._row(self._fuzzed).findings
                known = findings.setdefault(finding.id, Known(finding.invariant, finding.cause, finding.reason))
                known.campaign = {"cassette": finding.cassette, "plan": finding.plan}
            case FuzzFinished():
                self._row(self._fuzzed).campaign = event

    def close(self) -> None:
        stamp = {"date": self._date, "harness": self._version}
        rows = {row.name: {**_written(row), **stamp} for row in self._rows.values()}
        kept = {row["name"]: row for row in _rows_in(self._json) if row["name"] not in rows}
        every = sorted({**kept, **rows}.values(), key=lambda row: str(row["name"]))
        body = {"matrix": FORMAT, "version": self._version, "date": self._date, "rules": dict(self._rules)}
        text = json.dumps({**body, "consumers": every}, ensure_ascii=False, indent=1, default=repr)
        self._json.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        self._page.write_text(_page(every), encoding="utf-8", errors="backslashreplace")

    def _row(self, name: str) -> Row:
        return self._rows.setdefault(name, Row(name))


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
    for fault in _accusations(case):
        new = Known(fault.rule, fault.cause, fault.reason, reproduce=case.reproduce)
        finding = row.findings.setdefault(fault_id(row.name, fault.rule, fault.cause), new)
        finding.scenarios = list(dict.fromkeys([*finding.scenarios, case.scenario]))


def _accusations(case: CaseFinished) -> list[Fault]:
    """What the invariants say, and only where they say nothing what the scenario expects beyond them."""
    faults = [fault for fault in faults_of(case) if fault.mark is Mark.FAIL]
    return [fault for fault in faults if fault.turn is not None] or faults


def _written(row: Row) -> Json:
    return {
        "name": row.name,
        "version": row.version,
        "promises": dict(row.promises),
        "error": row.error or None,
        "invariants": {name: _marks(marks) for name, marks in row.invariants.items()},
        "scenarios": {name: _marks(marks) for name, marks in row.scenarios.items()},
        "skips": dict(row.skips),
        "troubles": dict(row.troubles),
        "seed": row.seed,
        "campaign": None if row.campaign is None else plain(row.campaign),
        "findings": [{"id": id, **plain(finding)} for id, finding in row.findings.items()],
    }


def _marks(marks: Counter[Mark]) -> dict[str, int]:
    return {mark.value: marks[mark] for mark in Mark if marks[mark]}


def _rows_in(path: Path) -> list[Json]:
    """Those of an earlier run; none where there was no such run, or one of another format."""
    try:
        body = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    return list(body["consumers"]) if body.get("matrix") == FORMAT else []


def _page(rows: Sequence[Json]) -> str:
    parts = [
        "# Matrix",
        "A cell shows its worst mark: ✗ fails, ! could not be judged, ~ right by the letter or by common practice "
        "only, ✓ holds, · not asked; with how many cases have it.",
        "## Consumers and invariants",
        _table(rows, "invariant", "invariants"),
        "## Consumers and scenarios",
        _table(rows, "scenario", "scenarios"),
        "## The consumers",
        *(_of_consumer(row) for row in rows),
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Json], title: str, member: str) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row[member]))
    lines = [f"| {title} | {' | '.join(row['name'] for row in rows)} |", "|---" * (len(rows) + 1) + "|"]
    for name in names:
        shown = (_cell(row[member].get(name, {})) for row in rows)
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _cell(marks: Mapping[str, int]) -> str:
    return next((f"{sign} {marks[mark.value]}" for mark, sign in _SIGNS if mark.value in marks), "")


def _of_consumer(row: Json) -> str:
    if row["error"]:
        return f"### {row['name']}\n\nCould not be started on {row['date']}: {row['error']}"
    lines = [f"### {row['name']}", f"Release {row['version']}, by stream-harness {row['harness']} on {row['date']}."]
    if row["promises"]:
        lines.append("Declares: " + ", ".join(f"{key} {json.dumps(value)}" for key, value in row["promises"].items()))
    for title, member in (("Not asked", "skips"), ("Not judged", "troubles")):
        lines += [f"{title}, {count} cases: {reason}" for reason, count in row[member].items()]
    if row["campaign"] is not None:
        drawn = sum(finding["campaign"] is not None for finding in row["findings"])
        lines.append(f"Campaign with seed {row['seed']}: {row['campaign']['examples']} examples, {drawn} findings.")
    lines += [_of_finding(finding) for finding in row["findings"]]
    return "\n\n".join(lines)


def _of_finding(finding: Json) -> str:
    shown = len(finding["scenarios"])
    where = [f"{shown} scenario{'s' * (shown != 1)}"] * bool(shown) + ["the campaign"] * bool(finding["campaign"])
    return f"- `{finding['id']}` {finding['invariant']}: {finding['cause']} ({', '.join(where)})"
