"""What the harness asks of a consumer, wherever it runs: take a case and an exchange, give back what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from harness.contract import Capabilities, Case, Outcome
from harness.delivery import Exchange, Transcript


class ConsumerError(Exception):
    """The consumer or its driver cannot be used at all: our error or the environment's, never a finding."""


class UnknownConsumer(ConsumerError):
    """A name that is none: the user's mistake, not the environment's."""


class NoVerdict(Exception):
    """The consumer was not run as the case asks, or under conditions that say nothing about it: the text tells why.

    Nobody's fault, so the case is skipped with that text.
    """


@dataclass(frozen=True, slots=True)
class Observation:
    """One case, run."""

    outcome: Outcome
    transcript: Transcript
    undue_ms: float = 0.0
    """Where its clock is driven: how long that ran for other reasons than a silence that was meant, before the first
    request and while the consumer was served. What it computes counts, and whatever the machine did to it."""


class Consumer(Protocol):
    """A program under test, ready to serve many cases one after another."""

    @property
    def name(self) -> str:
        """As given to ``--consumer``: ``runtime``, ``openai-stream``, ``hermes-agent==0.14.0``."""

    @property
    def version(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def run(self, case: Case, exchange: Exchange) -> Observation:
        """Serve the exchange to the consumer and report. Raises NoVerdict, and ConsumerError when it is broken."""

    def close(self) -> None:
        """Stop every process and close every socket this consumer started."""
