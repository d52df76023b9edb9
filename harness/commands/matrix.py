"""``harness matrix``: every consumer that is installed, against every scenario and a campaign with a fixed seed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from harness.campaign.events import Event
from harness.campaign.fuzz.campaign import Campaign
from harness.campaign.fuzz.drawing import Drawing
from harness.campaign.fuzz.ground import grounds
from harness.campaign.library import Library
from harness.campaign.run import Run
from harness.commands.exits import NothingRan, Usage
from harness.commands.folders import folders, stated
from harness.commands.play import console, log_aside, refuse_unknown, unlogged
from harness.consumers import registry
from harness.report.matrix import Matrix
from harness.report.renderer import feed
from harness.report.terminal import Terminal

_SEED = 20_260_516


@click.command()
@click.argument("scenario", nargs=-1)
@click.option("--consumer", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option(
    "--max-examples", "examples", type=click.IntRange(0), default=200, show_default=True, help="Of each campaign."
)
@click.option("--seed", type=int, default=_SEED, show_default=True, help="Of each campaign.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("reports/published"), show_default=True,
    help="Where matrix.json and matrix.md go.",
)  # fmt: skip
@folders
def matrix(
    scenario: tuple[str, ...],
    names: tuple[str, ...],
    examples: int,
    seed: int,
    out: Path,
    scenarios: Path,
    cassettes: Path,
) -> None:
    """Run scenarios and a campaign over all installed consumers, and publish how each of them does.

    The page says what holds and what does not; finding faults is what it is for, so they do not fail the command.
    """
    refuse_unknown(names)
    library = Library(scenarios, cassettes)
    cases = library.cases(library.scenarios(scenario))
    here = tuple(name for name in registry.installed_names() if not registry.is_fast_lane(name))
    chosen = tuple(dict.fromkeys(names)) or here
    if not cases or not chosen:
        raise NothingRan("no case or no consumer was selected, so nothing ran")
    try:
        page = Matrix(out, datetime.now(UTC).date().isoformat())
    except OSError as error:
        raise Usage(f"cannot write {error.filename}: {error.strerror}") from error
    log_aside()
    run = Run(cases, chosen, registry.open_consumer, stated(scenarios=scenarios, cassettes=cassettes))
    with unlogged():
        feed(_all(run, library, chosen, examples, seed), [page, Terminal(console())])
    click.echo(f"{out / 'matrix.md'} is written")


def _all(run: Run, library: Library, names: Sequence[str], examples: int, seed: int) -> Generator[Event, None, None]:
    """The run's events, then those of each campaign."""
    yield from run.events()
    if not examples:
        return
    drawing = Drawing(grounds([entry for entry in library.selection(()) if entry.kind == "sse"]), None)
    for name in names:
        consumer = registry.open_consumer(name)
        with closing(consumer):
            if not consumer.capabilities.app_server:
                yield from Campaign(consumer, drawing, seed=seed, examples=examples).events()
