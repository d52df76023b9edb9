"""A scenario: which cassettes, which plan, and what must hold beyond the invariants. One YAML file each.

Its id is its path below the scenarios folder, without the suffix: the same word in a report, on the command line
and in the file system.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from harness.campaign.timeline import duration_ms, mutations_of
from harness.cassette.yamlsource import Source, SourceError, check, read_yaml
from harness.mutations import Plan, PlanError


class ScenarioError(SourceError):
    """A scenario that cannot be used as it is written."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file, read and checked."""

    id: str
    summary: str
    why: str
    cassettes: tuple[str, ...]
    """Names, with shell wildcards."""
    plan: Plan
    needs: tuple[str, ...] = ()
    """Capabilities without which a consumer is not asked."""
    turns: tuple[dict[str, Any], ...] = ()
    timeouts: Mapping[str, float] = field(default_factory=dict)
    """Deadlines the consumer is given, by their names in a case, in ms."""
    cancel_after: int | None = None
    """Cancel the first turn after this many callbacks."""
    cancel_at_ms: float | None = None
    """Cancel the first turn at this moment."""
    expect: Mapping[str, Any] = field(default_factory=dict)
    lanes: bool = False
    """Whether the consumer's fast lane is run as well, and held against it."""
    path: Path | None = field(default=None, compare=False)


def load_scenario(path: Path, id: str) -> Scenario:
    """Read one file. Raises ScenarioError with file, line and pointer."""
    source = read_yaml(path, ScenarioError)
    check(source, schema())
    body = source.data
    cancel = body.get("cancel_after")
    cassettes = body["cassette"]
    return Scenario(
        id=id,
        summary=body["summary"],
        why=" ".join(body["why"].split()),
        cassettes=(cassettes,) if isinstance(cassettes, str) else tuple(cassettes),
        plan=Plan(_plan(source, "plan", body).mutations + _plan(source, "time", body).mutations),
        needs=tuple(body.get("consumer", {}).get("needs", ())),
        turns=tuple(body.get("turns", ())),
        timeouts={f"{name}_ms": duration_ms(length) for name, length in body.get("timeouts", {}).items()},
        cancel_after=cancel if isinstance(cancel, int) else None,
        cancel_at_ms=duration_ms(cancel) if isinstance(cancel, str) else None,
        expect=body.get("expect", {}),
        lanes=body.get("lanes", False),
        path=path,
    )


def _plan(source: Source, key: str, body: Mapping[str, Any]) -> Plan:
    """The mutations under ``plan`` or ``time``."""
    written = body.get(key, [])
    try:
        return Plan.from_json(mutations_of(written) if key == "time" else written)
    except PlanError as error:
        # A step's parameters are not the mutation's: only the step itself has a place in the file.
        pointer = "/".join(error.pointer.split("/")[:2]) if key == "time" else error.pointer
        raise source.error(f"/{key}{pointer}", str(error)) from error


def read_plan(path: Path) -> tuple[Plan, Source]:
    """The plan in a YAML file, and its source for what is wrong with it later. Raises ScenarioError."""
    source = read_yaml(path, ScenarioError)
    try:
        return Plan.from_json(source.data), source
    except PlanError as error:
        raise source.error(error.pointer, str(error)) from error


def plan_scenario(path: Path) -> Scenario:
    """A lone plan as a scenario, for any cassette: nothing beyond the invariants is expected. Raises ScenarioError."""
    plan, _ = read_plan(path)
    head = [line.strip("# ") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    summary = head[0] if head else f"The plan in {path}."
    return Scenario(f"{PLAN}{path}", summary, " ".join(head[1:]), cassettes=(), plan=plan, path=path)


PLAN = "plan:"
"""What the id of a lone plan's scenario begins with; the path of its file follows."""


@cache
def schema() -> Draft202012Validator:
    """The published schema of a scenario file, ready to use."""
    text = files("harness.campaign").joinpath("schemas", "scenario.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))
