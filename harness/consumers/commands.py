"""``harness consumers``: what can be tested here, what else could be, and whether it works at all.

ConsumerError is left to the command line, which turns it into one line and an exit code.
"""

from __future__ import annotations

import click

from harness.consumers import probe, registry
from harness.consumers.base import ConsumerError, NoVerdict
from harness.consumers.registered import registered

BROKEN = 3
"""Exit code: the harness, a driver or an environment is broken."""


@click.group()
def consumers() -> None:
    """The programs under test."""


@consumers.command("list")
def list_consumers() -> None:
    """Show every known consumer and the releases of it that are installed."""
    for name in registered():
        click.echo(f"{name:<22} registered in this project's pyproject.toml")
    ready = registry.installed_names()
    for entry in registry.known().values():
        here = ["in this process"] if entry.adapter is not None else []
        here += [name.partition("==")[2] for name in ready if name.startswith(f"{entry.name}==")]
        click.echo(f"{entry.name:<22} {entry.summary}")
        where = ", ".join(here) or f"not installed; harness consumers install {entry.name}"
        click.echo(f"{'':<22} {where}")


@consumers.command()
@click.argument("specs", nargs=-1, required=True, metavar="NAME[==VERSION]...")
def install(specs: tuple[str, ...]) -> None:
    """Build an isolated environment for each release; without a version, for the newest on the index."""
    for spec in specs:
        environment = registry.install(spec, _tell)
        left_out = f", without {', '.join(environment.left_out)}" if environment.left_out else ""
        click.echo(f"{environment.package}=={environment.version} is ready{left_out}")


@consumers.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def check(names: tuple[str, ...]) -> None:
    """Send a healthy stream through every consumer that is installed, or through those named."""
    complaints = 0
    for name in names or registry.installed_names():
        complaint = _complaint(name)
        complaints += complaint is not None
        click.echo(f"{name:<28} {'ok' if complaint is None else complaint}")
    if complaints:
        raise SystemExit(BROKEN)


def _complaint(name: str) -> str | None:
    try:
        consumer = registry.open_consumer(name)
    except ConsumerError as error:
        return str(error)
    try:
        outcome = consumer.run(probe.CASE, probe.exchange_for(consumer.capabilities)).outcome
        return probe.complaint(outcome, consumer.capabilities)
    except (ConsumerError, NoVerdict) as error:
        return str(error)
    finally:
        consumer.close()


def _tell(line: str) -> None:
    click.echo(f"  {line}", err=True)
