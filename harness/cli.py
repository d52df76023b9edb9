"""The command line: a table of commands, each imported when it is called, so that asking for help costs nothing.

Exit codes are those of :mod:`harness.commands.exits`; no exception ends as a traceback.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import click

from harness import __version__
from harness.commands.exits import INTERRUPTED, Broken, Usage

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "bisect": ("harness.commands.bisect:bisect_command", "Find the release that introduced or cured a finding."),
    "cassettes": ("harness.cassette.commands:cassettes", "Lint, scan, show, synthesize and import cassettes."),
    "consumers": ("harness.consumers.commands:consumers", "List, install and check consumers."),
    "drift": ("harness.shape.commands:drift", "Say what changed between two recordings of a provider."),
    "findings": ("harness.commands.findings:findings", "List, show and export what campaigns have found."),
    "fuzz": ("harness.commands.fuzz:fuzz", "Draw mutations until something breaks; shrink and keep what does."),
    "gate": ("harness.commands.gate:gate", "Hold what a campaign finds against a list of what is known."),
    "matrix": ("harness.commands.matrix:matrix", "Publish how every installed consumer does."),
    "mutations": ("harness.commands.mutations:mutations", "List and show the operators of which plans are made."),
    "record": ("harness.record.commands:record", "Record a live stream through a loopback proxy."),
    "replay": ("harness.commands.run:replay", "Run one case again, by the id that a report gives for it."),
    "run": ("harness.commands.run:run", "Run scenarios, all or those named."),
    "scenarios": ("harness.commands.scenarios:scenarios", "List what is served, and what must hold."),
    "serve": ("harness.commands.serve:serve", "Serve a cassette on loopback, for any client."),
    "shape": ("harness.shape.commands:shape", "Infer and show the shape of a provider's streams."),
}
"""Where each command is, and its line in the help."""


class _Root(click.Group):
    """Imports a command only when it is called, and lets no exception end as a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
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
        NotFound: Usage,
        SourceError: Usage,
        PlanError: Usage,
        UnknownConsumer: Usage,
        ConsumerError: Broken,
        OSError: Broken,
    }
    for kind, wrong in known.items():
        if isinstance(error, kind):
            raise wrong(_one_line(error)) from error
    with tempfile.NamedTemporaryFile("w", prefix="stream-harness-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    raise Broken(
        f"a bug of stream-harness {__version__}: {type(error).__name__}: {_one_line(error)}. "
        f"Please report it with your command line and {file.name}"
    ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness")
def cli() -> None:
    """Replay LLM streams through the program that reads them, and judge what it assembled."""


def main() -> None:
    """The ``harness`` command."""
    # A stream may hold what the terminal's encoding has no character for; the report must come out all the same.
    for out in (sys.stdout, sys.stderr):
        if hasattr(out, "reconfigure"):
            out.reconfigure(errors="backslashreplace")
    cli(prog_name="harness")
