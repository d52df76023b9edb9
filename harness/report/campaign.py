"""A campaign in a terminal: a live line while it goes on, then each thing it found, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from harness.campaign.events import (
    Event,
    FindingFound,
    FindingShrunk,
    FindingView,
    FuzzFinished,
    FuzzProgress,
    FuzzStarted,
    FuzzTrouble,
)
from harness.report.terminal import attempt_lines, block

_SHOWN_TROUBLES = 3


class Findings:
    """What a campaign has found so far, each in its latest form. A renderer, for whoever wants only to know."""

    def __init__(self) -> None:
        self.started: FuzzStarted | None = None
        self.found: dict[str, FindingView] = {}
        self.troubles: list[FuzzTrouble] = []
        self.finished: FuzzFinished | None = None

    def handle(self, event: Event) -> None:
        match event:
            case FuzzStarted():
                self.started = event
            case FindingFound(finding=finding) | FindingShrunk(finding=finding):
                self.found[finding.id] = finding
            case FuzzTrouble():
                self.troubles.append(event)
            case FuzzFinished():
                self.finished = event

    def close(self) -> None:
        """Nothing to write: others ask."""


class CampaignTerminal:
    """Prints to ``console``; the live line only where it is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._findings = Findings()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=None)

    def handle(self, event: Event) -> None:
        self._findings.handle(event)
        match event:
            case FuzzStarted():
                self._console.print(_opening(event), soft_wrap=True)
                self._progress.start()
            case FuzzProgress():
                self._progress.update(self._task, description=escape(_status(event)))
            case FindingFound(finding=finding):
                line = f"found {finding.id}  {finding.invariant}: {finding.cause}"
                self._console.print(Text(line, "red"), soft_wrap=True)

    def close(self) -> None:
        self._progress.stop()
        rules = self._findings.started.rules if self._findings.started is not None else {}
        for finding in self._findings.found.values():
            self._console.print()
            for line in finding_lines(finding, rules.get(finding.invariant, "")):
                self._console.print(line, soft_wrap=True)
        self._console.print()
        for line in _closing(self._findings):
            self._console.print(line, soft_wrap=True)


def finding_lines(finding: FindingView, rule: str) -> Iterator[Text]:
    """One finding, in full; its last line is the command that runs it again."""
    yield Text.assemble(
        (f"FAIL {finding.invariant}", "bold red"), f"  {finding.consumer} {finding.consumer_version}  {finding.id}"
    )
    if rule:
        yield Text(f"  rule       {rule}")
    yield from block("reason", finding.reason)
    yield from block("evidenced", finding.evidenced)
    yield from block("assembled", finding.assembled)
    yield Text(f"  cassette   {finding.cassette}")
    yield from block("plan", finding.plan or "none: the cassette shows it as it is")
    for attempt in finding.attempts:
        yield from attempt_lines(attempt)
    if not finding.steady:
        yield Text("  unsteady   it did not show again when the same case was run again", "yellow")
    yield Text(f"Reproduce with: {finding.reproduce}", "bold")


def _opening(event: FuzzStarted) -> Text:
    budget = f"{event.examples} examples" if event.examples is not None else ""
    time = f"{event.time_ms / 1000:g} s" if event.time_ms is not None else ""
    lane = f" ({event.fast_lane} first)" if event.fast_lane else ""
    return Text(
        f"{event.consumer} {event.consumer_version}{lane}: {event.cassettes} cassettes, seed {event.seed}, "
        f"until {' or '.join(part for part in (budget, time) if part) or 'you stop it'}"
    )


def _status(event: FuzzProgress) -> str:
    rate = event.examples / max(event.elapsed_ms / 1000, 0.001)
    return f"{event.examples} examples ({rate:.0f}/s), {event.findings} findings; {event.doing}"


def _closing(findings: Findings) -> Iterator[Text]:
    for trouble in findings.troubles[:_SHOWN_TROUBLES]:
        yield Text(f"Example {trouble.example} could not be judged: {trouble.reason}", "bold magenta")
    if len(findings.troubles) > _SHOWN_TROUBLES:
        yield Text(f"... and {len(findings.troubles) - _SHOWN_TROUBLES} more that could not be judged", "bold magenta")
    finished = findings.finished
    if finished is None:
        return
    seconds = finished.elapsed_ms / 1000
    style = "bold red" if finished.findings else "green"
    yield Text.assemble(
        f"{finished.examples} examples in {seconds:.1f} s ({finished.examples / max(seconds, 0.001):.0f}/s): ",
        (f"{finished.findings} findings", style),
        f"; {finished.ended}.",
    )
    if finished.scouted:
        yield Text(f"{finished.scouted} of them went over the fast lane alone: nothing new came of them.", "dim")
    if finished.lenient:
        yield Text(f"In {finished.lenient} of them a verdict was lenient.", "dim")
    if finished.skipped:
        why = "too long in real time, or the verdict would have been the machine's"
        yield Text(f"{finished.skipped} were not asked: {why}.", "dim")
