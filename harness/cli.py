"""The command line. Each command imports what it needs when it runs, so that asking for help costs nothing.

Exit codes: 0 held, 1 findings, 2 usage (a broken scenario, plan or cassette is usage too), 3 the harness or a driver
is broken, 5 nothing ran, 130 interrupted before anything was found.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from harness import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.campaign.case import Planned
    from harness.campaign.library import Library
    from harness.consumers.base import Consumer
    from harness.delivery import Exchange
    from harness.report.summary import Summary

HELD, FINDINGS, USAGE, BROKEN, NOTHING_RAN, INTERRUPTED = 0, 1, 2, 3, 5, 130

_MOUNTED: Mapping[str, tuple[str, str]] = {
    "cassettes": ("harness.cassette.commands:cassettes", "Lint, scan, show, synthesize and import cassettes."),
    "consumers": ("harness.consumers.commands:consumers", "List, install and check consumers."),
    "drift": ("harness.shape.commands:drift", "Say what changed between two recordings of a provider."),
    "record": ("harness.record.commands:record", "Record a live stream through a loopback proxy."),
    "shape": ("harness.shape.commands:shape", "Infer and show the shape of a provider's streams."),
}
"""Commands that live with their room, and their line in the help."""


class _Usage(click.ClickException):
    """What the user named is not there, or is not right."""

    exit_code = USAGE


class _Broken(click.ClickException):
    """It is our fault, or that of a driver or the machine."""

    exit_code = BROKEN


class _NothingRan(click.ClickException):
    """All is well, and there was nothing to do."""

    exit_code = NOTHING_RAN


class _Root(click.Group):
    """Mounts other rooms' commands only when they are called, and lets no exception end as a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_MOUNTED})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MOUNTED:
            return super().get_command(ctx, cmd_name)
        module, _, name = _MOUNTED[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = {name: command.get_short_help_str(90) for name, command in self.commands.items()}
        lines |= {name: text for name, (_, text) in _MOUNTED.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(lines.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None
        except Exception as error:  # noqa: BLE001 - the last resort: a user never sees a traceback
            _explain(error)


def _explain(error: Exception) -> NoReturn:
    """Raise what the user shall see of an error that no command has dealt with."""
    from harness.campaign.library import NotFound
    from harness.cassette.yamlsource import SourceError
    from harness.consumers.base import ConsumerError, UnknownConsumer
    from harness.mutations import PlanError

    known: Mapping[type[Exception], type[click.ClickException]] = {
        NotFound: _Usage,
        SourceError: _Usage,
        PlanError: _Usage,
        UnknownConsumer: _Usage,
        ConsumerError: _Broken,
        OSError: _Broken,
    }
    for kind, wrong in known.items():
        if isinstance(error, kind):
            raise wrong(_one_line(error)) from error
    with tempfile.NamedTemporaryFile("w", prefix="stream-harness-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    raise _Broken(
        f"a bug of stream-harness {__version__}: {type(error).__name__}: {_one_line(error)}. "
        f"Please report it with your command line and {file.name}"
    ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _folders(command: Any) -> Any:
    """The two options that say where things are."""
    path = click.Path(path_type=Path)
    for option, text in (("cassettes", "Folder of cassettes."), ("scenarios", "Folder of scenarios.")):
        command = click.option(f"--{option}", type=path, default=Path(option), show_default=True, help=text)(command)
    return command


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness")
def cli() -> None:
    """Replay LLM streams through the program that reads them, and judge what it assembled."""


@cli.command()
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
@_folders
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
    library = _library(scenarios, cassettes)
    cases = library.cases(library.scenarios(scenario)) if scenario or not plans else []
    for plan in plans:
        cases += _plan_cases(library, plan, patterns)
    options = _stated(scenarios=scenarios, cassettes=cassettes)
    sys.exit(_play(cases, names, options, json_file=json_file, junit_file=junit_file))


@cli.command()
@click.argument("id")
@click.option("--consumer", "names", multiple=True, metavar="NAME", help="Program under test; may be repeated.")
@_folders
def replay(id: str, names: tuple[str, ...], scenarios: Path, cassettes: Path) -> None:
    """Run one case again, by the ID that a report gives for it."""
    options = _stated(scenarios=scenarios, cassettes=cassettes)
    sys.exit(_play([_library(scenarios, cassettes).case(id)], names, options))


@cli.group("scenarios")
def scenarios_group() -> None:
    """What is served, and what must hold."""


@scenarios_group.command("list")
@click.argument("scenario", nargs=-1)
@_folders
def list_scenarios(scenario: tuple[str, ...], scenarios: Path, cassettes: Path) -> None:
    """List scenarios, all or those named, with what each serves."""
    for entry in _library(scenarios, cassettes).scenarios(scenario):
        click.echo(f"{entry.id:<44} {entry.summary}")


@cli.group("mutations")
def mutations_group() -> None:
    """The operators of which plans are made."""


@mutations_group.command("list")
def list_mutations() -> None:
    """List all operators, from the payload outwards."""
    from harness.mutations import operators

    for name, operator in operators().items():
        click.echo(f"{operator.layer:<11} {name:<18} {operator.meaning()}")


@mutations_group.command("show")
@click.argument("name")
def show_mutation(name: str) -> None:
    """Show one operator: what it does, where it comes from, and its parameters."""
    import json

    from harness.mutations import operators

    known = operators()
    if name not in known:
        raise click.UsageError(f"there is no operator {name!r}; known: {', '.join(known)}")
    operator = known[name]
    click.echo(f"{name} ({operator.layer})\n\n{operator.meaning()}\n\nSeen: {operator.incident}\n\nParameters:")
    click.echo(json.dumps(operator.schema(), indent=2))


@cli.command()
@click.argument("cassette")
@click.option("--plan", "plan_file", type=click.Path(dir_okay=False, path_type=Path), help="A YAML list of mutations.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; any free one by default.")
@_folders
def serve(cassette: str, plan_file: Path | None, port: int, scenarios: Path, cassettes: Path) -> None:
    """Serve CASSETTE (PROVIDER/NAME) on loopback, so that any client can be pointed at it. Ctrl-C ends it."""
    import threading

    from harness.cassette import exchange_of
    from harness.replay import LoopbackServer

    library = _library(scenarios, cassettes)
    exchange = exchange_of(library.cassette(_name_of(cassette, cassettes)))
    if plan_file is not None:
        exchange = _planned(exchange, plan_file)
    with LoopbackServer(_again_and_again(exchange), port=port) as server:
        click.echo(f"base_url: {server.base_url}")
        click.echo(
            f"curl -N {server.base_url}/responses -H 'content-type: application/json' "
            """-d '{"model": "any", "input": "hello", "stream": true}'"""
        )
        click.echo("Ctrl-C ends it and shows what was served.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo()
        transcript = server.transcript()
    for entry in transcript.served:
        click.echo(
            f"{entry.request.method} {entry.request.target}  turn {entry.turn + 1}, attempt {entry.attempt + 1}: "
            f"{entry.taken} of {len(entry.delivery.body)} bytes, ended {entry.ending.value} "
            f"after {entry.closed_ms - entry.opened_ms:.0f} ms"
        )
    if not transcript.served:
        click.echo("No request came.")


def _stated(**folders: Path) -> list[str]:
    """The folder options that are not at their defaults, as they were typed."""
    return [word for name, path in folders.items() if path != Path(name) for word in (f"--{name}", str(path))]


def _library(scenarios: Path, cassettes: Path) -> Library:
    from harness.campaign.library import Library

    return Library(scenarios, cassettes)


def _plan_cases(library: Library, plan: Path, patterns: Sequence[str]) -> list[Planned]:
    cases, missed = library.plan_cases(plan, patterns)
    click.echo(f"{plan}: applies to {len(cases)} of {len(cases) + len(missed)} cassettes")
    if missed:
        click.echo(f"It matches nothing in {len(missed)}, which are not run: {', '.join(missed)}")
    return cases


def _name_of(cassette: str, root: Path) -> str:
    """A cassette may be named by its path too, because that is what a shell completes."""
    path = Path(cassette)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else cassette.rstrip("/")


def _planned(exchange: Exchange, plan_file: Path) -> Exchange:
    from harness.campaign.scenario import read_plan

    plan, source = read_plan(plan_file)
    applied = plan.apply(exchange)
    for miss in applied.misses:
        raise source.error(f"/{miss.number}", str(miss))
    return applied.exchange


_SERVED_AGAIN = 1_000


def _again_and_again(exchange: Exchange) -> Exchange:
    """The conversation over and over: a person tries more than once."""
    from harness.delivery import Exchange

    turns = exchange.turns
    return Exchange(
        {
            (turn + turns * round, attempt): delivery
            for round in range(_SERVED_AGAIN)
            for (turn, attempt), delivery in exchange.deliveries.items()
        }
    )


LATEST = Path("reports") / "latest"

_PAGE_WIDTH = 200
"""Columns of a report that goes to a file or a CI log, where nothing is folded to fit."""


def _play(
    cases: Sequence[Planned],
    names: Sequence[str],
    options: Sequence[str],
    *,
    json_file: Path | None = None,
    junit_file: Path | None = None,
) -> int:
    """Run cases, render everywhere, and say how it went as an exit code."""
    from rich.console import Console

    from harness.campaign.run import DEFAULT_CONSUMER, Run
    from harness.consumers.registry import open_consumer
    from harness.report.document import JsonDocument
    from harness.report.junit import JUnit
    from harness.report.lines import JsonLines
    from harness.report.markdown import Markdown
    from harness.report.renderer import Renderer, feed
    from harness.report.summary import Summary
    from harness.report.terminal import Terminal

    if not cases:
        raise _NothingRan("no case was selected, so nothing ran")
    _refuse_unknown(names, open_consumer)
    summary = Summary()
    try:
        # The file that is written at once comes first: an interrupt in a later renderer takes nothing from it.
        renderers: list[Renderer] = [JsonLines(LATEST / "run.jsonl"), summary]
        renderers += [JsonDocument(LATEST / "report.json"), Markdown(LATEST / "report.md")]
        renderers += [JsonDocument(json_file)] if json_file is not None else []
        renderers += [JUnit(junit_file)] if junit_file is not None else []
    except OSError as error:
        raise _Usage(f"cannot write {error.filename}: {error.strerror}") from error
    renderers.append(Terminal(Console(width=None if sys.stdout.isatty() else _PAGE_WIDTH)))
    # What programs under test log is theirs: kept for who looks for it, and out of the report.
    logging.basicConfig(filename=LATEST / "consumers.log", filemode="w", level=logging.WARNING)
    logging.captureWarnings(True)
    consumers = tuple(dict.fromkeys(names)) or (DEFAULT_CONSUMER,)
    feed(Run(cases, consumers, open_consumer, options).events(), renderers)
    return _exit_code(summary)


def _refuse_unknown(names: Sequence[str], open_consumer: Callable[[str], Consumer]) -> None:
    """A name that is none is a mistake in the command line, so nothing is run at all. Raises UnknownConsumer."""
    from harness.consumers.base import ConsumerError, UnknownConsumer

    for name in names:
        try:
            open_consumer(name).close()
        except UnknownConsumer:
            raise
        except ConsumerError:
            continue  # the run itself reports it, and goes on with the others


def _exit_code(summary: Summary) -> int:
    from harness.campaign.events import Mark

    marks = {case.mark for case in summary.cases}
    if Mark.ERROR in marks or summary.unusable:
        return BROKEN
    if Mark.FAIL in marks:
        return FINDINGS
    if summary.interrupted is not None:
        return INTERRUPTED
    return HELD if marks - {Mark.SKIPPED} else NOTHING_RAN


def main() -> None:
    """The ``harness`` command."""
    # A stream may hold what the terminal's encoding has no character for; the report must come out all the same.
    for out in (sys.stdout, sys.stderr):
        if hasattr(out, "reconfigure"):
            out.reconfigure(errors="backslashreplace")
    cli(prog_name="harness")
