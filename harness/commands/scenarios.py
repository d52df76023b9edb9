"""``harness scenarios``: what is there to run."""

from __future__ import annotations

from pathlib import Path

import click

from harness.campaign.library import Library
from harness.commands.folders import folders


@click.group()
def scenarios() -> None:
    """What is served, and what must hold."""


@scenarios.command("list")
@click.argument("scenario", nargs=-1)
@folders
def list_scenarios(scenario: tuple[str, ...], scenarios: Path, cassettes: Path) -> None:
    """List scenarios, all or those named, with what each serves."""
    for entry in Library(scenarios, cassettes).scenarios(scenario):
        click.echo(f"{entry.id:<44} {entry.summary}")
