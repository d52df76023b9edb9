"""``harness run`` and ``harness replay``: scenarios through consumers, many or one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from harness.campaign.case import Planned
from harness.campaign.findings import Store
from harness.campaign.library import Library
from harness.commands.findings import is_finding, replay_all, stored
from harness.commands.folders import folders, stated
from harness.commands.play import play


@click.command()
@click.argument("scenario", nargs=-1)
@click.option(
    "--plan",
    "plans",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML list of mutations, run on every cassette that it changes; may be repeated.",
)
@click.option("--cassette", "patterns", multiple=True, metavar="GLOB", help="Only these cassettes for --plan.")
@click.option("--consumer", "names", multiple=True, metavar="NAME", help="Program under test; may be repeated.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the run as JSON.")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML.")
@folders
def run(
    scenario: tuple[str, ...],
    plans: tuple[Path, ...],
    patterns: tuple[str, ...],
    names: tuple[str, ...],
    json_file: Path | None,
    junit_file: Path | None,
    scenarios: Path,
    cassettes: Path,
) -> None:
    """Run scenarios, all or those named by id, path, folder or glob. The report also lands in reports/latest.

    With --plan, only what is named: the plans, and the scenarios if there are any.
    """
    if patterns and not plans:
        raise click.UsageError("--cassette goes with --plan; a scenario names its cassettes itself")
    library = Library(scenarios, cassettes)
    cases = library.cases(library.scenarios(scenario)) if scenario or not plans else []
    for plan in plans:
        cases += _plan_cases(library, plan, patterns)
    options = stated(scenarios=scenarios, cassettes=cassettes)
    sys.exit(play(cases, names, options, json_file=json_file, junit_file=junit_file))


@click.command()
@click.argument("id", required=False)
@click.option("--all", "everything", is_flag=True, help="Every finding; those that are fixed are dropped.")
@click.option("--consumer", "names", multiple=True, metavar="NAME", help="Program under test; may be repeated.")
@folders
def replay(id: str | None, everything: bool, names: tuple[str, ...], scenarios: Path, cassettes: Path) -> None:
    """Run one case again, by the ID that a report gives for it: SCENARIO@CASSETTE, or a finding's.

    A finding is run on the consumer it was found on, if none is named.
    """
    if everything == (id is not None):
        raise click.UsageError("name one case by its id, or all findings with --all")
    if id is None:
        sys.exit(replay_all(names))
    options = stated(scenarios=scenarios, cassettes=cassettes)
    if is_finding(id):
        finding = stored(Store(), id)
        sys.exit(play([finding.planned()], names or (finding.consumer,), options))
    sys.exit(play([Library(scenarios, cassettes).case(id)], names, options))


def _plan_cases(library: Library, plan: Path, patterns: Sequence[str]) -> list[Planned]:
    cases, missed = library.plan_cases(plan, patterns)
    click.echo(f"{plan}: applies to {len(cases)} of {len(cases) + len(missed)} cassettes")
    if missed:
        click.echo(f"It matches nothing in {len(missed)}, which are not run: {', '.join(missed)}")
    return cases
