"""``harness mutations``: the operators of which plans are made."""

from __future__ import annotations

import json

import click

from harness.mutations import operators


@click.group()
def mutations() -> None:
    """The operators of which plans are made."""


@mutations.command("list")
def list_mutations() -> None:
    """List all operators, from the payload outwards."""
    for name, operator in operators().items():
        click.echo(f"{operator.layer:<11} {name:<18} {operator.meaning()}")


@mutations.command("show")
@click.argument("name")
def show_mutation(name: str) -> None:
    """Show one operator: what it does, where it comes from, and its parameters."""
    known = operators()
    if name not in known:
        raise click.UsageError(f"there is no operator {name!r}; known: {', '.join(known)}")
    operator = known[name]
    click.echo(f"{name} ({operator.layer})\n\n{operator.meaning()}\n\nSeen: {operator.incident}\n\nParameters:")
    click.echo(json.dumps(operator.schema(), indent=2))
