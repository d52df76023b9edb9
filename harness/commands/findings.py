"""``harness findings``: what campaigns have found, to be read, run again and taken elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from harness.campaign.findings import Finding, Store
from harness.campaign.findings.export import NotExportable, export_pytest, export_scenario
from harness.campaign.findings.recheck import recheck
from harness.campaign.library import NotFound
from harness.cassette import RedactionError
from harness.commands.exits import BROKEN, FINDINGS, HELD, NothingRan, Usage
from harness.commands.play import console
from harness.consumers import registry
from harness.judge import REGISTRY
from harness.report.campaign import finding_lines

_ID = re.compile(r"[0-9a-f]{4,12}")


@click.group()
def findings() -> None:
    """What campaigns have found; kept in .harness/findings."""


@findings.command("list")
def list_findings() -> None:
    """List all findings: id, consumer, invariant and cause."""
    store = Store()
    for id in store.ids():
        finding = store.load(id)
        verdict, cassette = finding.verdict, finding.cassette.name
        names = " + ".join(mutation.operator.name for mutation in finding.plan.mutations) or "as recorded"
        click.echo(f"{id}  {finding.consumer:<16} {verdict.invariant}: {verdict.cause}  ({names} on {cassette})")
    if not store.ids():
        click.echo("There are no findings here.")


@findings.command("show")
@click.argument("id")
def show_finding(id: str) -> None:
    """Show one finding: what was said, what was made of it, the plan, and the frames."""
    store = Store()
    finding = stored(store, id)
    rule = REGISTRY.get(finding.verdict.invariant)
    out = console()
    for line in finding_lines(finding.view(), rule.rule if rule else ""):
        out.print(line, soft_wrap=True)
    out.print(f"Kept in {store.path(finding.id)}", soft_wrap=True)


@findings.command("export")
@click.argument("id")
@click.option("--pytest", "as_test", is_flag=True, help="A test for code of your own.")
@click.option("--scenario", "as_scenario", is_flag=True, help="A scenario for harness run.")
@click.option("--replace", is_flag=True, help="Write over a test that is there already.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to (tests, scenarios).")
@click.option(
    "--cassettes", type=click.Path(file_okay=False, path_type=Path), default=Path("cassettes"), show_default=True,
    help="Folder of cassettes that the scenario goes with.",
)  # fmt: skip
def export_finding(id: str, as_test: bool, as_scenario: bool, replace: bool, out: Path | None, cassettes: Path) -> None:
    """Write a finding as a file that needs no findings folder."""
    if not (as_test or as_scenario):
        raise click.UsageError("say what to write: --pytest or --scenario")
    finding = stored(Store(), id)
    written: list[Path] = []
    try:
        if as_test:
            written += export_pytest(finding, out or Path("tests"), replace=replace)
        if as_scenario:
            written += export_scenario(finding, out or Path("scenarios"), cassettes)
    except (NotExportable, RedactionError) as error:
        raise Usage(f"{id} is not exported: {error}") from error
    for path in written:
        click.echo(path)


def is_finding(id: str) -> bool:
    """Whether an id looks like that of a finding: scenarios have an ``@`` in theirs."""
    return _ID.fullmatch(id) is not None


def stored(store: Store, id: str) -> Finding:
    """The finding of an id, or of its beginning where that is clear. Raises NotFound, and what loading one raises."""
    known = [each for each in store.ids() if each.startswith(id)]
    if len(known) != 1:
        raise NotFound(f"{len(known) or 'no'} findings begin with {id!r}; 'harness findings list' shows them")
    return store.load(known[0])


def replay_all(names: Sequence[str]) -> int:
    """Run every finding again, drop what is fixed, and say so; as an exit code."""
    states = set[str]()
    for result in recheck(Store(), registry.open_consumer, names):
        states.add(result.state)
        what = f"{result.finding.verdict.invariant}: {result.finding.verdict.cause}" if result.finding else ""
        dropped = ", dropped" if result.state == "fixed" else ""
        click.echo(f"{result.id}  {result.state}{dropped}  {what}{result.reason and f'  {result.reason}'}")
        if result.state == "still there":
            click.echo(f"Reproduce with: harness replay {result.id}")
    if not states:
        raise NothingRan("there are no findings to replay")
    if "not judged" in states:
        return BROKEN
    return FINDINGS if "still there" in states else HELD
