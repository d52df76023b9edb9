"""Running cases for a person: every report there is, and an exit code."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from harness.campaign.case import Planned
from harness.campaign.events import Mark
from harness.campaign.lanes import Lanes
from harness.campaign.run import Run
from harness.commands.exits import BROKEN, FINDINGS, HELD, INTERRUPTED, NOTHING_RAN, NothingRan, Usage
from harness.consumers import registry
from harness.consumers.base import ConsumerError, UnknownConsumer
from harness.report.document import JsonDocument
from harness.report.junit import JUnit
from harness.report.lines import JsonLines
from harness.report.markdown import Markdown
from harness.report.renderer import Renderer, feed
from harness.report.summary import Summary
from harness.report.terminal import Terminal

LATEST = Path("reports") / "latest"

_PAGE_WIDTH = 200
"""Columns of a report that goes to a file or a CI log, where nothing is folded to fit."""


def play(
    cases: Sequence[Planned],
    names: Sequence[str],
    options: Sequence[str],
    *,
    json_file: Path | None = None,
    junit_file: Path | None = None,
) -> int:
    """Run cases, render everywhere, and say how it went as an exit code."""
    if not cases:
        raise NothingRan("no case was selected, so nothing ran")
    refuse_unknown(names)
    summary = Summary()
    try:
        # The file that is written at once comes first: an interrupt in a later renderer takes nothing from it.
        renderers: list[Renderer] = [JsonLines(LATEST / "run.jsonl"), summary]
        renderers += [JsonDocument(LATEST / "report.json"), Markdown(LATEST / "report.md")]
        renderers += [JsonDocument(json_file)] if json_file is not None else []
        renderers += [JUnit(junit_file)] if junit_file is not None else []
    except OSError as error:
        raise Usage(f"cannot write {error.filename}: {error.strerror}") from error
    renderers.append(Terminal(console()))
    log_aside()
    feed(_run(cases, names, options).events(), renderers)
    return _exit_code(summary)


def _run(cases: Sequence[Planned], names: Sequence[str], options: Sequence[str]) -> Run:
    """Every case against every consumer that is named; if none is, against the lanes of the runtime it concerns."""
    if names:
        return Run(cases, tuple(dict.fromkeys(names)), registry.open_consumer, options)
    lanes = Lanes(cases)
    return Run(cases, lanes.names, registry.open_consumer, options, lanes.concern)


def console() -> Console:
    """Where a report for people goes."""
    return Console(width=None if sys.stdout.isatty() else _PAGE_WIDTH)


def log_aside() -> None:
    """What programs under test log is theirs: kept for who looks for it, and out of the report."""
    LATEST.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=LATEST / "consumers.log", filemode="w", level=logging.WARNING)
    logging.captureWarnings(True)


@contextmanager
def unlogged() -> Iterator[None]:
    """A campaign would log millions of lines; a replay of what it finds logs those that matter."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(before)


def refuse_unknown(names: Sequence[str]) -> None:
    """A name that is none is a mistake in the command line, so nothing is run at all. Raises UnknownConsumer."""
    for name in names:
        try:
            registry.open_consumer(name).close()
        except UnknownConsumer:
            raise
        except ConsumerError:
            continue  # the run itself reports it, and goes on with the others


def _exit_code(summary: Summary) -> int:
    marks = {case.mark for case in summary.cases}
    if Mark.ERROR in marks or summary.unusable:
        return BROKEN
    if Mark.FAIL in marks:
        return FINDINGS
    if summary.interrupted is not None:
        return INTERRUPTED
    return HELD if marks - {Mark.SKIPPED} else NOTHING_RAN
