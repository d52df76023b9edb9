"""``harness mutations``: the operators of which plans are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import click

from harness.mutations import Mutation, Operator, Plan, Take, operators


@click.group()
def mutations() -> None:
    """The operators of which plans are made."""


@mutations.command("list")
@click.option("--layer", help="Only the operators of this layer.")
def list_mutations(layer: str | None) -> None:
    """List all operators by layer, from the payload outwards."""
    known = list(operators().values())
    layers = dict.fromkeys(operator.layer for operator in known)
    if layer is not None and layer not in layers:
        raise click.UsageError(f"there is no layer {layer!r}; known: {', '.join(layers)}")
    ordered = sorted(known, key=lambda operator: list(layers).index(operator.layer))
    for name, group in groupby(ordered, key=lambda operator: operator.layer):
        for operator in group:
            if layer in {None, name}:
                click.echo(f"{name:<11} {operator.name:<17} {operator.meaning()}")


@mutations.command("show")
@click.argument("name")
def show_mutation(name: str) -> None:
    """Show one operator: what it does, where it comes from, its parameters, and how it is written in a plan."""
    known = operators()
    if name not in known:
        raise click.UsageError(f"there is no operator {name!r}; known: {', '.join(known)}")
    operator = known[name]
    click.echo(f"{name} ({operator.layer})\n\n{operator.meaning()}\n\nSeen: {operator.incident}\n")
    click.echo("\n".join(["Parameters:", *_parameters(operator)] if operator.parameters else ["No parameters."]))
    example = _example(operator)
    if example:
        click.echo(f"\nIn a plan:\n{example}", nl=False)


def _parameters(operator: type[Operator]) -> Iterator[str]:
    schema = operator.schema()
    for name, allowed in schema["properties"].items():
        need = "required" if name in schema.get("required", ()) else "optional"
        yield f"  {name:<13} {need}  {_words(allowed)}"


def _words(schema: Mapping[str, Any]) -> str:
    """A parameter's schema in few words."""
    if "oneOf" in schema:
        return "an event type with wildcards, terminal, or {type, item, output_index, nth}"
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"])
    types = schema.get("type", "any JSON")
    said = " or ".join(types) if isinstance(types, list) else str(types)
    bounds = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
    limits = [f"{word} {schema[key]}" for key, word in bounds.items() if key in schema]
    return " ".join([said, *limits])


def _example(operator: type[Operator]) -> str:
    """The simplest use of the operator on a small stream made up here; empty where it has none."""
    from harness.mutations.example import STREAM

    fitting = operator.space(Take.of(STREAM))
    if not len(fitting):
        return ""
    return Plan((Mutation(fitting[0]),)).to_yaml()
