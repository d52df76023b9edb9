"""The gate: what a campaign finds, held against a list of what is known.

A new finding closes it, and so does a listed one that no longer occurs, because a list nobody prunes hides the next
bug of the same name. Nothing in it depends on a clock, a database or chance: the known cases are run first, by their
own plans, then a fixed number of examples of a fixed seed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from harness.campaign.findings.finding import Finding
from harness.campaign.fuzz.drawing import Drawing, Trial
from harness.campaign.fuzz.engine import Found, tries
from harness.campaign.fuzz.keeping import Shrinker
from harness.campaign.fuzz.trying import Tried, attempt
from harness.campaign.naming import base_name, finding_id
from harness.cassette.yamlsource import SourceError, as_yaml, check, read_yaml
from harness.consumers.base import Consumer
from harness.mutations import Plan, PlanError

EXAMPLES = 2_000
SEED = 0
UNTRIAGED = "not looked at yet"


class BaselineError(SourceError):
    """A baseline that cannot be used as it is written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding that is known."""

    id: str
    consumer: str
    invariant: str
    cause: str
    reason: str
    link: str | None
    date: str
    cassette: str
    plan: Plan
    pointer: str = field(default="", compare=False)
    """Where it stands in the file."""

    def __str__(self) -> str:
        return f"{self.id} ({self.consumer}, {self.invariant}: {self.cause})"


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass of the gate came to."""

    new: tuple[Finding, ...] = ()
    stale: tuple[Entry, ...] = ()
    known: tuple[Entry, ...] = ()
    """Listed, and there."""
    troubles: tuple[str, ...] = ()
    examples: int = 0

    @property
    def is_open(self) -> bool:
        return not self.new and not self.stale and not self.troubles


def read(path: Path) -> tuple[Entry, ...]:
    """The baseline in a file. Raises BaselineError with file, line and pointer."""
    source = read_yaml(path, BaselineError)
    check(source, schema())
    entries: list[Entry] = []
    for number, body in enumerate(source.data["known"]):
        pointer = f"/known/{number}"
        if any(entry.id == body["id"] for entry in entries):
            raise source.error(f"{pointer}/id", f"{body['id']} is listed twice")
        try:
            plan = Plan.from_json(body.get("plan", []))
        except PlanError as error:
            raise source.error(f"{pointer}/plan{error.pointer}", str(error)) from error
        entries.append(Entry(**{"cause": "", "link": None, **body, "plan": plan, "pointer": pointer}))
    return tuple(entries)


def write(path: Path, entries: Iterable[Entry]) -> None:
    """The file that :func:`read` reads, in order of consumer, invariant and id."""
    ordered = sorted(entries, key=lambda entry: (entry.consumer, entry.invariant, entry.id))
    body = {"baseline": 1, "known": [_written(entry) for entry in ordered]}
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(f".{path.name}.new")
    work.write_text(as_yaml(body), encoding="utf-8")
    work.replace(path)


def updated(entries: Sequence[Entry], passed: Passed, date: str) -> tuple[Entry, ...]:
    """The baseline that this pass would leave open: without what is stale, with what is new; reasons stay."""
    kept = (entry for entry in entries if entry not in passed.stale)
    return (*kept, *(entry_of(finding, date) for finding in passed.new))


def entry_of(finding: Finding, date: str) -> Entry:
    verdict = finding.verdict
    return Entry(
        id=finding.id,
        consumer=base_name(finding.consumer),
        invariant=verdict.invariant,
        cause=verdict.cause,
        reason=UNTRIAGED,
        link=None,
        date=date,
        cassette=finding.cassette.name,
        plan=finding.plan,
    )


@dataclass(slots=True)
class Gate:
    """One pass over some consumers; two releases of one program share its part of the baseline."""

    entries: Sequence[Entry]
    examples: int = EXAMPLES
    """For each consumer."""
    _asked: set[str] = field(default_factory=set)
    _there: set[str] = field(default_factory=set)
    """Ids of what occurred."""
    _new: list[Finding] = field(default_factory=list)
    _troubles: list[str] = field(default_factory=list)
    _done: int = 0

    def ask(self, consumer: Consumer, drawing: Drawing) -> Iterator[int]:
        """Run the known cases of a consumer, then the examples; yields how many cases are done."""
        self._asked.add(base_name(consumer.name))
        for tried in self._known(consumer, drawing):
            # What else a known case shows is not new: an update would never come to an end.
            self._there |= _ids(consumer, tried) & {entry.id for entry in self.entries}
            yield self._count(tried)
        for tried in islice(tries(consumer, drawing, SEED), self.examples):
            number = self._count(tried)
            for name, verdict in tried.failed.items():
                self._meet(consumer, drawing, Found(name, verdict, tried.trial, number), tried)
            yield number

    def passed(self) -> Passed:
        """The result, for the asked consumers' part of the baseline."""
        asked = [entry for entry in self.entries if entry.consumer in self._asked]
        return Passed(
            new=tuple(self._new),
            stale=tuple(entry for entry in asked if entry.id not in self._there),
            known=tuple(entry for entry in asked if entry.id in self._there),
            troubles=tuple(self._troubles),
            examples=self._done,
        )

    def _known(self, consumer: Consumer, drawing: Drawing) -> Iterator[Tried]:
        grounds = {ground.name: ground for ground in drawing.grounds}
        for entry in self.entries:
            # One whose cassette is gone can only be met by the examples, and is stale if it is not.
            if entry.consumer == base_name(consumer.name) and entry.cassette in grounds:
                yield attempt(consumer, Trial(grounds[entry.cassette], entry.plan))

    def _count(self, tried: Tried) -> int:
        self._done += 1
        if tried.trouble:
            self._troubles.append(tried.trouble)
        return self._done

    def _meet(self, consumer: Consumer, drawing: Drawing, found: Found, tried: Tried) -> None:
        id = finding_id(consumer.name, found.fingerprint)
        if id in self._there:
            return
        self._there.add(id)
        if any(entry.id == id for entry in self.entries):
            return
        shrinker = Shrinker(consumer, drawing.grounds, SEED)
        *_, smallest = [shrinker.first(found, tried), *shrinker.shrunk(found)]
        self._new.append(smallest)


@cache
def schema() -> Draft202012Validator:
    """The published schema of a baseline, ready to use."""
    text = files("harness.campaign").joinpath("schemas", "baseline.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _ids(consumer: Consumer, tried: Tried) -> set[str]:
    return {finding_id(consumer.name, name) for name in tried.failed}


def _written(entry: Entry) -> Mapping[str, Any]:
    body = {name: getattr(entry, name) for name in ("id", "consumer", "invariant", "cause", "reason", "link", "date")}
    plan = {"plan": entry.plan.to_json()} if entry.plan.mutations else {}
    return {**body, "cassette": entry.cassette, **plan}
