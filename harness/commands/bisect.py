"""``harness bisect``: the release that introduced or cured a finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from packaging.version import InvalidVersion, Version

from harness.campaign.bisect import Pair, State, Tried, Undecided, bisect
from harness.campaign.case import Planned
from harness.campaign.events import Mark
from harness.campaign.findings import Store
from harness.campaign.library import Library
from harness.campaign.run import run_case
from harness.commands.exits import Broken
from harness.commands.findings import is_finding, stored
from harness.commands.folders import folders
from harness.consumers import environments, probe, registry
from harness.consumers.base import Consumer, ConsumerError, NoVerdict, UnknownConsumer


@click.command("bisect")
@click.argument("id")
@click.option("--consumer", required=True, metavar="NAME", help="The program, without a version.")
@click.option("--good", metavar="VERSION", help="A release known to hold.")
@click.option("--bad", metavar="VERSION", help="A release known to fail.")
@folders
def bisect_command(id: str, consumer: str, good: str | None, bad: str | None, scenarios: Path, cassettes: Path) -> None:
    """Find the release between which and its neighbour ID, a finding or a case, came or went.

    Releases are installed as they are needed, each in an environment of its own; those that cannot be installed or
    that fail a healthy stream are stepped over.
    """
    planned, invariant = _subject(id, scenarios, cassettes)
    name, scale = registry.split_scale(consumer)
    entry = registry.entry_of(name)
    if entry.package is None:
        raise UnknownConsumer(f"{consumer} runs in this process and has no releases to choose from")
    releases = _in_order(environments.releases(entry.package, entry.index))
    # With one release known, the other end is the newest: what is asked is whether the finding went or came since.
    first, last, *_ = (*sorted((version for version in (good, bad) if version), key=Version), None, None)
    click.echo(f"{entry.package}: {len(releases)} releases, {releases[0]} to {releases[-1]}")
    try:
        for step in bisect(releases, _prober(entry.name, scale, planned, invariant), first=first, last=last):
            _tell(step, entry.package)
    except Undecided as error:
        raise Broken(str(error)) from None


def _subject(id: str, scenarios: Path, cassettes: Path) -> tuple[Planned, str | None]:
    """The case, and the invariant that must fail in it; None: any."""
    if is_finding(id):
        finding = stored(Store(), id)
        return finding.planned(), finding.verdict.invariant
    return Library(scenarios, cassettes).case(id), None


def _in_order(releases: list[str]) -> list[str]:
    found = []
    for release in releases:
        try:
            version = Version(release)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            found.append((version, release))
    return [release for _, release in sorted(found)]


def _prober(name: str, scale: int, planned: Planned, invariant: str | None) -> Callable[[str], State]:
    def ask(release: str) -> State:
        try:
            registry.install(f"{name}=={release}", lambda line: None)
            consumer = registry.open_consumer(registry.with_scale(f"{name}=={release}", scale))
        except ConsumerError:
            return State.UNUSABLE
        try:
            return _state(consumer, planned, invariant)
        except (ConsumerError, NoVerdict):
            return State.UNUSABLE
        finally:
            consumer.close()

    return ask


def _state(consumer: Consumer, planned: Planned, invariant: str | None) -> State:
    healthy = consumer.run(probe.CASE, probe.EXCHANGE).outcome
    if probe.complaint(healthy, consumer.capabilities) is not None:
        return State.UNUSABLE
    result = run_case(consumer, planned)
    if result.mark in {Mark.ERROR, Mark.SKIPPED}:
        return State.UNUSABLE
    failed = [verdict for verdict in result.verdicts if verdict.mark is Mark.FAIL]
    return State.FAILS if any(invariant in {None, verdict.invariant} for verdict in failed) else State.HOLDS


def _tell(step: Tried | Pair, package: str) -> None:
    if isinstance(step, Tried):
        click.echo(f"  {step.release:<16} {step.state}")
        return
    word = "cured" if step.cured else "introduced"
    between = f" (not to be asked: {', '.join(step.between)})" if step.between else ""
    click.echo(
        f"{word} between {package} {step.before.release} ({step.before.state}) and {step.after.release}{between}"
    )
