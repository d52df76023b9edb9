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


@dataclass(frozen=True, slots=True)
class Observation:
    """One case, run."""

    outcome: Outcome
    transcript: Transcript


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
        """Serve the exchange to the consumer and report. Raises ConsumerError when no verdict is possible."""

    def close(self) -> None:
        """Stop every process and close every socket this consumer started."""
