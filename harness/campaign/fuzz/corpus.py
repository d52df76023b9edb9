"""Hypothesis' example database, holding the cases that failed: a campaign begins with those of the last one.

What is kept is a cassette's name and a plan, not Hypothesis' own choices: they stay true when operators are added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from harness.campaign.fuzz.drawing import Trial
from harness.campaign.fuzz.ground import Ground
from harness.mutations import Plan, PlanError

EXAMPLES = Path(".harness") / "examples"


class Corpus:
    """The failing cases of one consumer."""

    def __init__(self, consumer: str, database: ExampleDatabase | None = None) -> None:
        self._key = f"stream-harness fuzz {consumer}".encode()
        self._database = database if database is not None else DirectoryBasedExampleDatabase(EXAMPLES)

    def trials(self, grounds: Sequence[Ground]) -> Iterator[Trial]:
        """Those kept, simplest first; what no longer can be read is forgotten."""
        known = {ground.name: ground for ground in grounds}
        for value in sorted(self._database.fetch(self._key), key=lambda value: (len(value), value)):
            try:
                body = json.loads(value)
                name, plan = body["cassette"], Plan.from_json(body["plan"])
            except (ValueError, KeyError, TypeError, PlanError):
                self._database.delete(self._key, value)
                continue
            if name in known:
                yield Trial(known[name], plan)

    def add(self, trial: Trial) -> None:
        self._database.save(self._key, _value(trial))

    def forget(self, trial: Trial) -> None:
        self._database.delete(self._key, _value(trial))


def _value(trial: Trial) -> bytes:
    return json.dumps({"cassette": trial.ground.name, "plan": trial.plan.to_json()}, sort_keys=True).encode()
