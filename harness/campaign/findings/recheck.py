"""Running findings again: what is fixed is dropped from the store, and said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.campaign.findings.finding import Finding
from harness.campaign.findings.store import Store
from harness.campaign.run import run_case
from harness.consumers.base import Consumer, ConsumerError
from harness.judge import Mark, failures, fingerprint

State = Literal["still there", "fixed", "not judged"]


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What became of one finding."""

    id: str
    state: State
    finding: Finding | None
    """None when it could not even be read."""
    reason: str = ""
    """Why it could not be judged."""


def recheck(store: Store, open_consumer: Callable[[str], Consumer], names: Sequence[str] = ()) -> Iterator[Rechecked]:
    """Every finding (on the consumers named, or on its own), and those that no longer fail are dropped."""
    for id in store.ids():
        try:
            finding = store.load(id)
        except Exception as error:  # noqa: BLE001 - one broken folder must not keep the others from being checked
            yield Rechecked(id, "not judged", None, str(error))
            continue
        result = _again(finding, open_consumer, names or (finding.consumer,))
        if result.state == "fixed":
            store.drop(id)
        yield result


def _again(finding: Finding, open_consumer: Callable[[str], Consumer], names: Sequence[str]) -> Rechecked:
    wanted, seen = fingerprint(finding.verdict), set[str]()
    for name in names:
        try:
            consumer = open_consumer(name)
        except ConsumerError as error:
            return Rechecked(finding.id, "not judged", finding, str(error))
        try:
            result = run_case(consumer, finding.planned())
        finally:
            consumer.close()
        if result.mark in {Mark.ERROR, Mark.SKIPPED}:
            return Rechecked(finding.id, "not judged", finding, result.reason)
        seen |= {fingerprint(verdict) for verdict in failures(result.verdicts)}
    return Rechecked(finding.id, "still there" if wanted in seen else "fixed", finding)
