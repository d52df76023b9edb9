"""What each released hermes-agent makes of the faults that its founding commits cured: a table, from runs.

``python -m tests.interop.hermes_history [--out FILE] [--release VERSION]...`` installs the releases, runs every row
against each, and writes the page. Nothing in it is typed by hand but which scenario shows which system.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from packaging.version import Version

from harness.campaign.case import Planned
from harness.campaign.library import Library
from harness.campaign.run import CaseResult, run_case
from harness.consumers import environments, probe, registry
from harness.consumers.base import ConsumerError
from harness.judge import Mark, failures

PACKAGE = "hermes-agent"
OLDEST = Version("0.13.0")
OUT = Path("reports/published/hermes-agent-history.md")


@dataclass(frozen=True, slots=True)
class System:
    """One of the systems that the founding commits brought, the way in that leads to it, and what shows it."""

    name: str
    lane: str
    scenarios: tuple[str, ...]


SYSTEMS = (
    System(
        "event consumer",
        "hermes-agent",
        (
            "terminal/output-null",
            "terminal/output-string",
            "terminal/created-output-null",
            "terminal/output-partial",
            "terminal/failed-response-null",
        ),
    ),
    System(
        "stream runner",
        "hermes-agent",
        ("prelude/metadata-first", "terminal/socket-left-open", "retry/cut-after-text-then-success"),
    ),
    System("create-stream fallback", "hermes-agent", ("terminal/incomplete", "prelude/created-missing")),
    System(
        "auxiliary adapter",
        "hermes-agent+auxiliary",
        ("auxiliary/output-null", "auxiliary/failed", "auxiliary/max-tokens", "auxiliary/truncated"),
    ),
    System(
        "typed stream error",
        "hermes-agent",
        ("prelude/error-flat", "prelude/error-nested", "prelude/error-event-line"),
    ),
    System("prelude errors", "hermes-agent", ("prelude/error-left-open", "prelude/keepalive-first")),
    System("entitlement errors", "hermes-agent", ("entitlement/error-frame-first", "entitlement/403-flat")),
    System("truncated streams", "hermes-agent", ("truncation/nothing", "truncation/deltas-only")),
    System("first-byte watchdog", "hermes-agent+call", ("stall/five-seconds-without-a-first-byte",)),
    System("reasoning-replay gate", "hermes-agent+agent", ("replay-gate/refused-after-a-text",)),
    System(
        "app-server turn",
        "hermes-agent+app-server",
        (
            "app-server/text",
            "app-server/command",
            "app-server/interrupted",
            "app-server/impatient-after-tool",
            "app-server/crash-in-turn",
            "app-server/failed",
            "app-server/failed-untold",
            "app-server/other-turn",
        ),
    ),
    System(
        "transport recovery",
        "hermes-agent",
        ("retry/cut-then-success", "retry/reset-then-success", "retry/unanswered-then-success"),
    ),
)


@dataclass(slots=True)
class Causes:
    """What failed, each cause under one number for the whole page."""

    numbers: dict[str, int] = field(default_factory=dict)

    def cell(self, result: CaseResult) -> str:
        """A case in one word, and the numbers of its causes."""
        if result.mark in {Mark.ERROR, Mark.SKIPPED}:
            return f"not judged {self.number(result.reason or 'what it was served is not what the scenario is about')}"
        broken = [f"`{verdict.invariant}`: {verdict.cause}" for verdict in failures(result.verdicts)] or [
            f"`expect.{entry.name}`: the scenario wants {entry.wanted!r}, it was {entry.found!r:.120}"
            for entry in result.expectations
            if entry.mark is Mark.FAIL
        ]
        if not broken:
            return "lenient" if result.mark is Mark.LENIENT else "holds"
        return "**fails** " + ", ".join(str(self.number(cause)) for cause in dict.fromkeys(broken))

    def number(self, cause: str) -> int:
        return self.numbers.setdefault(" ".join(cause.split()), len(self.numbers) + 1)


def chosen(given: Sequence[str]) -> list[str]:
    """The releases to run, oldest first: those given, else all that the index lists from the first one on."""
    found = given or [version for version in environments.releases(PACKAGE) if Version(version) >= OLDEST]
    return sorted(found, key=Version)


def cases() -> dict[str, Planned]:
    """For each scenario one case: on the plain Codex cassette where it has that one, else on another of Codex."""
    library = Library(Path("scenarios"), Path("cassettes"))
    wanted = [name for system in SYSTEMS for name in system.scenarios]
    found: dict[str, Planned] = {}
    for planned in library.cases(library.scenarios(wanted)):
        known = found.setdefault(planned.scenario.id, planned)
        if _rank(planned) < _rank(known):
            found[planned.scenario.id] = planned
    return found


def _rank(planned: Planned) -> tuple[bool, bool]:
    return planned.cassette.name != "codex/text", not planned.cassette.name.startswith("codex/")


def column(version: str, asked: dict[str, Planned], causes: Causes) -> dict[str, str]:
    """The cells of one release, by scenario."""
    environments.install(f"{PACKAGE}=={version}", print)
    cells: dict[str, str] = {}
    for lane in dict.fromkeys(system.lane for system in SYSTEMS):
        names = [name for system in SYSTEMS if system.lane == lane for name in system.scenarios]
        try:
            consumer = registry.open_consumer(f"{lane}=={version}")
        except ConsumerError as error:
            cells |= dict.fromkeys(names, f"not judged {causes.number(str(error))}")
            continue
        with closing(consumer):
            # The first call of a process is slow, and would spend a deadline that is meant for the server.
            consumer.run(probe.CASE, probe.exchange_for(consumer.capabilities))
            for name in names:
                cells[name] = causes.cell(run_case(consumer, asked[name]))
                print(f"{consumer.name}: {name}: {cells[name]}", flush=True)
    return cells


def page(columns: Mapping[str, dict[str, str]], asked: dict[str, Planned], causes: Causes) -> str:
    """The whole page; columns by release."""
    head = ["system", "scenario", *columns]
    rows = [head, ["---"] * len(head)]
    for system in SYSTEMS:
        for name in system.scenarios:
            rows.append([system.name, f"`{name}`", *(cells[name] for cells in columns.values())])
    lanes = "\n".join(f"- {system.name}: `{system.lane}`" for system in SYSTEMS)
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    numbered = "\n".join(f"{number}. {cause}" for cause, number in causes.numbers.items())
    shown = asked[SYSTEMS[0].scenarios[0]].id
    return f"""# What each released hermes-agent makes of the founding faults

Every cell is a run of the released wheel, made by `make history` on {datetime.now(UTC).date().isoformat()}; the numbers
after a failure are those of the causes below. One cell again, for example:
`harness replay {shown} --consumer hermes-agent=={next(iter(columns))}`.

{table}

## What failed, and what was not judged
{numbered}

## By which way in
{lanes}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--release", action="append", default=[])
    given = parser.parse_args()
    asked, causes = cases(), Causes()
    columns: dict[str, dict[str, str]] = {}
    for version in chosen(given.release):
        columns[version] = column(version, asked, causes)
        # After each release: it takes minutes, and what was run must not be lost.
        given.out.write_text(page(columns, asked, causes), encoding="utf-8")
    print(f"{given.out} is written")


if __name__ == "__main__":
    main()
