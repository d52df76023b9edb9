"""``harness gate``: exit 0 while nothing is found but what is listed, and all that is listed is still there."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import click

from harness.campaign import gate as gating
from harness.campaign.findings import Store
from harness.campaign.fuzz.drawing import Drawing
from harness.campaign.fuzz.ground import grounds
from harness.campaign.run import DEFAULT_CONSUMER
from harness.commands.exits import BROKEN, FINDINGS, HELD
from harness.commands.fuzz import cassettes_for
from harness.commands.play import console, unlogged
from harness.consumers import registry
from harness.judge import REGISTRY
from harness.report.campaign import finding_lines
from harness.report.interrupts import Interrupts


@click.command()
@click.option(
    "--baseline", "file", type=click.Path(dir_okay=False, path_type=Path), required=True,
    help="YAML list of the findings that are known.",
)  # fmt: skip
@click.option("--consumer", "names", multiple=True, metavar="NAME", help="Program under test; may be repeated.")
@click.option("--cassettes", "patterns", multiple=True, metavar="GLOB", help="Only these cassettes; may be repeated.")
@click.option(
    "--examples", type=click.IntRange(1), default=gating.EXAMPLES, show_default=True, help="Budget for each consumer."
)
@click.option("--update", is_flag=True, help="Rewrite the baseline to what is found now; reasons are kept.")
@click.option(
    "--library", type=click.Path(path_type=Path), default=Path("cassettes"), show_default=True,
    help="Folder of cassettes.",
)  # fmt: skip
def gate(
    file: Path, names: tuple[str, ...], patterns: tuple[str, ...], examples: int, update: bool, library: Path
) -> None:
    """Hold what a campaign finds against a list of what is known.

    Two passes over the same program, cassettes and baseline give the same answer: there is no chance, no database and
    no clock in it. A new finding is kept in .harness/findings too, so that it can be replayed.
    """
    entries = gating.read(file) if file.exists() or not update else ()
    consumers = tuple(dict.fromkeys(names)) or (DEFAULT_CONSUMER,)
    with unlogged():
        passed = _pass(consumers, library, patterns, entries, examples)
    out = console()
    for finding in passed.new:
        Store().write(finding)
        for line in finding_lines(finding.view(), REGISTRY[finding.verdict.invariant].rule):
            out.print(line, soft_wrap=True)
    for entry in passed.stale:
        click.echo(f"STALE {entry}: it no longer occurs; take it out of {file} ({entry.pointer}), or use --update")
    for trouble in passed.troubles[:3]:
        click.echo(f"A case could not be judged: {trouble}")
    click.echo(
        f"{passed.examples} cases: {len(passed.known)} known findings, {len(passed.new)} new, {len(passed.stale)} stale"
        + (f", {len(passed.troubles)} not judged" if passed.troubles else "")
    )
    if passed.troubles:
        sys.exit(BROKEN)
    if update:
        gating.write(file, gating.updated(entries, passed, datetime.now(UTC).date().isoformat()))
        click.echo(f"{file} is written; say for each new entry why it is accepted")
        sys.exit(HELD)
    sys.exit(HELD if passed.is_open else FINDINGS)


def _pass(
    names: tuple[str, ...], library: Path, patterns: tuple[str, ...], entries: tuple[gating.Entry, ...], examples: int
) -> gating.Passed:
    # Of some cassettes only what was found on them can be asked for.
    asked = tuple(entry for entry in entries if not patterns or any(fnmatchcase(entry.cassette, p) for p in patterns))
    gate = gating.Gate(asked, examples)
    for name in names:
        consumer = registry.open_consumer(name)
        try:
            with Interrupts() as interrupts:
                for _ in gate.ask(consumer, Drawing(grounds(cassettes_for(consumer, library, patterns)))):
                    interrupts.check()
        finally:
            consumer.close()
    return gate.passed()
