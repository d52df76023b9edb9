"""``harness cassettes``: lint, scan, show, synth, import.

Exit codes: 0 fine, 1 lint errors or secrets, 2 usage (a broken cassette is usage too).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.cassette import stdio
from harness.cassette.anchors import RuleSet
from harness.cassette.errors import CassetteError
from harness.cassette.importing.command import import_
from harness.cassette.listing import is_event_stream, rows
from harness.cassette.model import Cassette, Interaction
from harness.cassette.reader import find, load
from harness.cassette.rulefile import RuleError, load_rules
from harness.cassette.rules import RULES
from harness.cassette.scanning import leaks_in
from harness.cassette.synth import DEFAULT_SEED, PROFILES, SCRIPTS, build_all
from harness.cassette.writer import save
from harness.protocols.responses.lint import Level, lint
from harness.wire import decode

LINT_ERRORS, SECRETS, BROKEN = 1, 1, 2

LIBRARY = Path("cassettes")


@click.group()
def cassettes() -> None:
    """Recorded and synthesized conversations."""


cassettes.add_command(import_)


@cassettes.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def lint_command(context: click.Context, paths: tuple[Path, ...]) -> None:
    """Hold every cassette in PATHS (default: ./cassettes) against its format and the grammar of its stream."""
    code = 0
    for folder in _folders(paths):
        try:
            cassette = load(folder)
        except CassetteError as error:
            click.echo(f"{folder}: broken: {error}", err=True)
            code = BROKEN
            continue
        worst = 0
        for level, line in _remarks(cassette):
            click.echo(f"{folder}: {line}")
            worst = max(worst, LINT_ERRORS if level is Level.ERROR else 0)
        click.echo(f"{folder}: {'errors' if worst else 'ok'}")
        code = max(code, worst)
    context.exit(code)


@cassettes.command("scan")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--rules",
    "rule_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML file of more rules (name, pattern, why); may be repeated.",
)
@click.pass_context
def scan_command(context: click.Context, paths: tuple[Path, ...], rule_files: tuple[Path, ...]) -> None:
    """Look for secrets in every cassette in PATHS (default: ./cassettes). Says where and which rule, never what."""
    folders = _folders(paths)
    try:
        rules = RuleSet([*RULES, *(rule for path in rule_files for rule in load_rules(path))])
    except RuleError as error:
        raise click.UsageError(str(error)) from error
    found, code = 0, 0
    for folder in folders:
        try:
            for leak in leaks_in(folder, rules):
                found += 1
                click.echo(leak)
        except CassetteError as error:
            click.echo(f"{folder}: broken: {error}", err=True)
            code = BROKEN
    click.echo(f"{found} hits in {len(folders)} cassettes, {len(rules.rules)} rules")
    context.exit(code or (SECRETS if found else 0))


@cassettes.command("show")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--raw", is_flag=True, help="Only the body bytes, exactly as sent, of all responses.")
@click.pass_context
def show_command(context: click.Context, path: Path, raw: bool) -> None:
    """Print one cassette: its heads, its frames with their offsets and times, and how each response ended."""
    try:
        cassette = load(path)
    except CassetteError as error:
        click.echo(str(error), err=True)
        context.exit(BROKEN)
    if raw:
        for entry in cassette.interactions:
            click.echo(entry.response.body, nl=False)
        return
    console = Console(highlight=False)
    for line in _title(cassette):
        console.print(Text(line))
    for entry in cassette.interactions:
        for line in _head(entry):
            console.print(Text(line))
        console.print(_table(cassette, entry))
        console.print(Text(f"ended: {entry.response.ending} at {entry.response.ended_ms:g} ms"))


@cassettes.command("synth")
@click.option("--out", default=LIBRARY, show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=DEFAULT_SEED, show_default=True, type=int, help="Equal seeds give equal bytes.")
@click.option("--profile", type=click.Choice(sorted(PROFILES)), help="Only as this provider frames it.")
@click.option("--script", type=click.Choice(sorted(SCRIPTS)), help="Only this conversation.")
def synth_command(out: Path, seed: int, profile: str | None, script: str | None) -> None:
    """Write synthesized cassettes: every script in every profile, or those named."""
    profiles = [PROFILES[profile]] if profile else PROFILES.values()
    scripts = [SCRIPTS[script]] if script else SCRIPTS.values()
    for cassette in build_all(profiles, scripts, seed):
        click.echo(save(cassette, out))


def _folders(paths: Iterable[Path]) -> list[Path]:
    roots = list(paths) or [LIBRARY]
    missing = next((root for root in roots if not root.is_dir()), None)
    if missing is not None:
        raise click.UsageError(f"there is no folder {missing} here; name one")
    folders = [folder for root in roots for folder in find(root)]
    if not folders:
        raise click.UsageError(f"no cassette in {', '.join(map(str, roots))}")
    return folders


def _remarks(cassette: Cassette) -> Iterator[tuple[Level, str]]:
    for entry in cassette.interactions:
        place = f"turn {entry.turn} attempt {entry.attempt}"
        if cassette.kind != "sse" or not is_event_stream(entry.response):
            yield Level.INFO, f"{place}: not linted, no readable event stream"
            continue
        for remark in lint(*decode(entry.response.body)):
            frame = "" if remark.frame is None else f" frame {remark.frame}"
            times = f" ({remark.times} times)" if remark.times > 1 else ""
            where = f"{place}{frame} {remark.pointer}".rstrip()
            yield remark.level, f"{where}: {remark.level}: {remark.rule}: {remark.message}{times}"


def _title(cassette: Cassette) -> Iterator[str]:
    origin = cassette.provenance
    yield f"{cassette.name}: {cassette.description}" if cassette.description else cassette.name
    model = origin.model or "unknown"
    yield f"{origin.source} {origin.date} by {origin.tool}; provider {origin.provider}, model {model}"


def _head(entry: Interaction) -> Iterator[str]:
    response = entry.response
    yield ""
    yield f"turn {entry.turn} attempt {entry.attempt}: {entry.request.method} {entry.request.path}"
    if entry.request.method == stdio.METHOD:
        yield f"{len(response.body)} bytes in {len(response.chunks)} chunks"
        yield from (f"  after {said['after']}: {json.dumps(said['line'])}" for said in entry.request.body)
        return
    status = "no head" if response.status is None else f"HTTP {response.status}"
    encoded = response.header("content-encoding")
    note = f", content-encoding {encoded}: bytes as sent" if encoded else ""
    size = f"{len(response.body)} bytes in {len(response.chunks)} chunks"
    yield f"{status} at {response.head_ms:g} ms, {response.framing}, {size}{note}"
    yield from (f"  {name}: {value}" for name, value in response.headers)


def _table(cassette: Cassette, entry: Interaction) -> Table:
    table = Table(box=None, pad_edge=False, expand=True)
    for title in ("frame", "offset", "ms"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("type", no_wrap=True)
    table.add_column("index", justify="right", no_wrap=True)
    table.add_column("payload", no_wrap=True, overflow="ellipsis", ratio=1, min_width=24)
    for row in rows(entry.response, cassette.kind):
        cells = (_cell(row.number), f"{row.offset}", f"{row.ms:g}", row.type, _cell(row.index), _one_line(row.payload))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _cell(number: int | None) -> str:
    return "" if number is None else str(number)


def _one_line(text: str) -> str:
    return text[:_WIDTH].replace("\n", "⏎").replace("\r", "␍").replace("\t", "⇥")


_WIDTH = 160
