"""``harness shape`` and ``harness drift``.

Exit codes of ``drift``: 0 no dangerous drift (harmless changes may be there), 1 dangerous drift, 2 usage.
Exit codes of ``shape infer --check``: 0 the file is what would be written, 1 it is not.
"""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from harness.cassette.yamlsource import SourceError
from harness.shape import shapefile
from harness.shape.compare import compare
from harness.shape.lattice import Shape
from harness.shape.planfiles import write_plans
from harness.shape.report import RENDERERS
from harness.shape.show import show, show_event
from harness.shape.sources import shape_of, shape_of_all

NO_DANGER, DANGER, STALE = 0, 1, 1

_EXISTING = click.Path(exists=True, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def shape() -> None:
    """What a provider's streams look like, inferred from cassettes."""


@shape.command("infer")
@click.argument("paths", nargs=-1, required=True, type=_EXISTING)
@click.option("-o", "--output", type=_FILE, help="Where to write it; standard output by default.")
@click.option("--check", is_flag=True, help="Write nothing; fail when OUTPUT is not what would be written.")
@click.pass_context
def infer_command(context: click.Context, paths: tuple[Path, ...], output: Path | None, check: bool) -> None:
    """Infer one shape from PATHS: cassettes, folders of them, shape files, or streams that can be imported."""
    text = shapefile.dump(_all_of(paths))
    if output is None:
        click.echo(text, nl=False)
    elif check:
        stale = not output.is_file() or output.read_text(encoding="utf-8") != text
        click.echo(f"{output}: {'not as inferred; run without --check' if stale else 'as inferred'}")
        context.exit(STALE if stale else NO_DANGER)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
        click.echo(output)


@shape.command("show")
@click.argument("path", type=_EXISTING)
@click.option("--event", help="Only this event type, path by path.")
def show_command(path: Path, event: str | None) -> None:
    """Print the shape of PATH: a shape file, a cassette, or a folder of them."""
    found, console = _of(path), Console(highlight=False)
    if event is None:
        show(found, console)
        return
    if event not in found.events:
        raise click.UsageError(f"no {event!r} here; there are: {', '.join(found.events)}")
    show_event(event, found.event(event), console)


@click.command()
@click.argument("baseline", type=_EXISTING)
@click.argument("new", type=_EXISTING)
@click.option("--format", "format_", type=click.Choice(sorted(RENDERERS)), default="text", show_default=True)
@click.option("-o", "--output", type=_FILE, help="Where to write the report; standard output by default.")
@click.option(
    "--write-plans",
    "plans",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each change as a plan into this folder.",
)
@click.pass_context
def drift(
    context: click.Context, baseline: Path, new: Path, format_: str, output: Path | None, plans: Path | None
) -> None:
    """Say what changed from BASELINE to NEW, the most dangerous first.

    Both are cassettes, folders of them, shape files, or streams that can be imported. Exit code 1: dangerous drift.
    """
    found = compare(_of(baseline), _of(new))
    text = RENDERERS[format_](found)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    if plans is not None:
        written = write_plans(found, plans)
        click.echo(f"{len(written)} plans in {plans}", err=True)
    context.exit(DANGER if found.dangerous else NO_DANGER)


def _of(path: Path) -> Shape:
    try:
        return shape_of(path)
    except SourceError as error:
        raise click.UsageError(str(error)) from error


def _all_of(paths: tuple[Path, ...]) -> Shape:
    try:
        return shape_of_all(paths)
    except SourceError as error:
        raise click.UsageError(str(error)) from error
