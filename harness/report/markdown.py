"""The run as a page of Markdown: what CI shows beside a build, and what goes into an issue."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from harness.campaign.events import Event, Mark
from harness.report.renderer import prove_writable
from harness.report.summary import Finding, Summary


class Markdown:
    """Writes ``path`` when the run is over; raises OSError at once when it cannot."""

    def __init__(self, path: Path) -> None:
        prove_writable(path)
        self._path = path
        self._summary = Summary()

    def handle(self, event: Event) -> None:
        self._summary.handle(event)

    def close(self) -> None:
        self._path.write_text(page(self._summary), encoding="utf-8", errors="backslashreplace")


def page(summary: Summary) -> str:
    """The whole page."""
    parts = ["# Run", *_opening(summary), "## Consumers and scenarios", _matrix(summary)]
    findings = summary.findings()
    if findings:
        parts += ["## What does not hold", *(_finding(finding, summary) for finding in findings)]
    return "\n\n".join(parts) + "\n"


def _opening(summary: Summary) -> list[str]:
    lines = []
    if summary.started is not None:
        lines.append(f"stream-harness {summary.started.version}; consumers: {', '.join(summary.started.consumers)}.")
    if summary.interrupted is not None:
        lines.append(f"Interrupted: {summary.interrupted.left} cases were not run.")
    if summary.finished is not None:
        marks = ", ".join(f"{number} {mark}" for mark, number in summary.finished.marks.items())
        lines.append(
            f"{summary.finished.cases} cases in {summary.finished.elapsed_ms / 1000:.1f} s: {marks or 'none'}."
        )
    lines += summary.remarks()
    lines += [f"**{event.consumer} could not be started:** {event.error}" for event in summary.unusable]
    return lines


def _matrix(summary: Summary) -> str:
    consumers = list(dict.fromkeys(case.consumer for case in summary.cases))
    rows = [f"| scenario | {' | '.join(consumers)} |", "|---" * (len(consumers) + 1) + "|"]
    for scenario, cells in summary.cells().items():
        rows.append(f"| {scenario} | {' | '.join(cell(cells.get(name, Counter())) for name in consumers)} |")
    return "\n".join(rows)


def cell(marks: Counter[Mark]) -> str:
    """One cell of the matrix, in words."""
    return ", ".join(f"{number} {mark.value}" for mark, number in marks.items()) or "-"


def _finding(finding: Finding, summary: Summary) -> str:
    fault, first = finding.fault, finding.first
    frames = [f"{frame.number}: {frame.text}" for attempt in first.attempts for frame in attempt.frames]
    parts = [
        f"### {fault.rule}: {finding.consumer} on {first.id}",
        summary.rules.get(fault.rule, ""),
        f"{first.summary} {first.why}",
        fault.reason,
        _fenced("evidenced", fault.evidenced),
        _fenced("assembled", fault.assembled),
        _fenced("frames", "\n".join(frames)),
        f"Reproduce with: `{first.reproduce}`",
    ]
    if finding.others:
        parts.append("The same in: " + ", ".join(f"`{case.id}`" for case in finding.others))
    return "\n\n".join(part for part in parts if part)


def _fenced(title: str, text: str) -> str:
    # A fence longer than any run of backticks inside, so that no stream can close it.
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{title}:\n\n{fence}text\n{text}\n{fence}" if text else ""
