"""The run in a terminal: a live line while it goes on, then the matrix, then each thing that does not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from harness.campaign.events import AttemptView, CaseFinished, CaseStarted, Event, Mark, RunStarted
from harness.report.summary import FAULTS, Finding, Summary

_STYLES = {
    Mark.PASS: "green",
    Mark.LENIENT: "yellow",
    Mark.SKIPPED: "dim",
    Mark.ERROR: "bold magenta",
    Mark.FAIL: "bold red",
}
_WORDS = {Mark.PASS: "held", Mark.LENIENT: "lenient", Mark.SKIPPED: "skipped", Mark.ERROR: "error", Mark.FAIL: "FAIL"}


class Terminal:
    """Prints to ``console``; the live line only where it is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._summary = Summary()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=None)

    def handle(self, event: Event) -> None:
        self._summary.handle(event)
        match event:
            case RunStarted(cases=total):
                self._progress.update(self._task, total=total)
                self._progress.start()
            case CaseStarted(id=id, consumer=consumer):
                self._progress.update(self._task, description=escape(f"{consumer} {id}"))
            case CaseFinished():
                self._progress.advance(self._task)

    def close(self) -> None:
        self._progress.stop()
        self._console.print(_matrix(self._summary))
        shown: set[tuple[str, str]] = set()
        for finding in self._summary.findings():
            served = (finding.consumer, finding.first.id)
            self._console.print()
            for line in _finding(finding, self._summary, with_stream=served not in shown):
                self._console.print(line, soft_wrap=True)
            shown.add(served)
        self._console.print()
        for line in _closing(self._summary):
            self._console.print(line, soft_wrap=True)


def _matrix(summary: Summary) -> Table:
    """Scenarios by consumers; a family in which everything holds takes one line."""
    consumers = list(dict.fromkeys(case.consumer for case in summary.cases))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("scenario", no_wrap=True)
    for name in consumers:
        table.add_column(name, overflow="fold")
    cells = summary.cells()
    for family in dict.fromkeys(_family(scenario) for scenario in cells):
        members = {scenario: row for scenario, row in cells.items() if _family(scenario) == family}
        count = f" ({len(members)} scenarios)" if len(members) > 1 else ""
        table.add_row(Text(f"{family}/{count}"), *(_cell(_sum(members.values(), name)) for name in consumers))
        for scenario, row in members.items():
            if any(marks[mark] for marks in row.values() for mark in FAULTS):
                table.add_row(Text(f"  {scenario}"), *(_cell(row.get(name, Counter())) for name in consumers))
    return table


def _sum(rows: Iterable[Mapping[str, Counter[Mark]]], consumer: str) -> Counter[Mark]:
    return sum((row.get(consumer, Counter()) for row in rows), Counter[Mark]())


def _family(scenario: str) -> str:
    return scenario.rpartition("/")[0] or scenario


def _cell(marks: Counter[Mark]) -> Text:
    shown = [(f"{marks[mark]} {word}", _STYLES[mark]) for mark, word in _WORDS.items() if marks[mark]]
    parts: list[Text] = [Text(word, style) for word, style in shown] or [Text("-", "dim")]
    return Text(", ").join(parts)


def _finding(finding: Finding, summary: Summary, *, with_stream: bool) -> Iterator[Text]:
    fault, first = finding.fault, finding.first
    style = _STYLES[fault.mark]
    yield Text.assemble(
        (f"{_WORDS[fault.mark]} {fault.rule}", style), f"  {finding.consumer} {first.consumer_version}  {first.id}"
    )
    if fault.rule in summary.rules:
        yield Text(f"  rule       {summary.rules[fault.rule]}")
    yield Text(f"  served     {first.summary}")
    yield from block("reason", fault.reason)
    yield from block("evidenced", fault.evidenced)
    yield from block("assembled", fault.assembled)
    for attempt in first.attempts if with_stream else ():
        if fault.turn in {None, attempt.turn}:
            yield from attempt_lines(attempt)
    if not with_stream:
        yield Text("  stream     as above", "dim")
    if finding.others:
        yield Text(f"  the same in {len(finding.others)} more:")
        for case in finding.others:
            yield Text(f"    {case.reproduce}", "dim")
    yield Text(f"Reproduce with: {first.reproduce}", "bold")


def block(title: str, text: str) -> Iterator[Text]:
    """A titled text, its lines under each other."""
    for number, line in enumerate(text.splitlines()):
        yield Text(f"  {title if number == 0 else '':<11}{line}")


def attempt_lines(attempt: AttemptView) -> Iterator[Text]:
    """One request, what it was served and what was owed; frames around the fault."""
    status = f"HTTP {attempt.status}" if attempt.status is not None else "no head"
    yield Text(
        f"  attempt {attempt.attempt + 1}  turn {attempt.turn + 1}, {status}, {attempt.taken} of {attempt.sent} bytes, "
        f"ended {attempt.ending}; duty: {attempt.duty} ({attempt.why})"
    )
    last = -1
    for frame in attempt.frames:
        if frame.number > last + 1:
            yield Text(f"         … {frame.number - last - 1} frames", "dim")
        last = frame.number
        mark = ">" if frame.pointed_at else " "
        for number, line in enumerate(frame.text.splitlines()):
            yield Text(f"  {mark if number == 0 else ' '} {frame.number if number == 0 else '':>4}  {line}", "cyan")


def _closing(summary: Summary) -> Iterator[Text]:
    for event in summary.unusable:
        yield Text(f"{event.consumer} could not be started: {event.error}", "bold magenta")
    if summary.interrupted is not None:
        yield Text(f"Interrupted: {summary.interrupted.left} cases were not run.", "yellow")
    finished = summary.finished
    if finished is None:
        return
    for remark in summary.remarks():
        yield Text(remark, "dim")
    marks = [(Mark(name), number) for name, number in finished.marks.items()]
    counts = Text(", ").join([Text(f"{number} {_WORDS[mark]}", _STYLES[mark]) for mark, number in marks])
    lenient, skipped = finished.verdicts.get("lenient", 0), finished.verdicts.get("skipped", 0)
    yield Text.assemble(f"{finished.cases} cases in {finished.elapsed_ms / 1000:.1f} s: ", counts if marks else "none")
    if lenient or skipped:
        yield Text(
            f"Of all verdicts, {lenient} were lenient and {skipped} skipped by what consumers do not promise.", "dim"
        )
