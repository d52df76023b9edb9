"""The name of one bug of one consumer, wherever it was seen: by a campaign, by a scenario, in the matrix, on a page.

It is the same on every machine and for every release, so that what is known of it can be looked up by it.
"""

from __future__ import annotations

import hashlib

from harness.judge import fingerprint
from harness.judge.fingerprint import DIGITS
from harness.judge.verdict import Mark, Verdict


def finding_id(consumer: str, name: str) -> str:
    """The id of a fingerprint on a consumer: the same for every release of it, and however it is shrunk."""
    return hashlib.sha256(f"{base_name(consumer)}\n{name}".encode()).hexdigest()[:DIGITS]


def fault_id(consumer: str, rule: str, cause: str) -> str:
    """The id of a fault that a case shows; ``rule`` is an invariant's or the name of an expectation."""
    return finding_id(consumer, fingerprint(Verdict(rule, Mark.FAIL, cause=cause)))


def base_name(consumer: str) -> str:
    """A consumer's name without its release."""
    return consumer.partition("==")[0]
