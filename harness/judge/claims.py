"""What a turn claims about itself: completion, doubt, or failure.

Returning normally without any status is a claim too: the caller goes on as if all were well.
"""

from __future__ import annotations

from harness.contract import Turn
from harness.judge.fingerprint import normal

DOUBTS = frozenset(
    {
        "truncated", "incomplete", "interrupted", "damaged", "no_terminal", "partial", "unfinished",
        "failed", "error", "cancelled", "length", "max_output_tokens", "content_filter",
    }
)  # fmt: skip
"""Flags, statuses and finish reasons by which a caller can tell that an answer is not whole."""


def claims_completion(turn: Turn) -> bool:
    """Whether a caller would take this turn for a whole answer."""
    if turn.ended != "returned":
        return False
    if turn.status != "completed" and (turn.status is not None or turn.failure is not None):
        # Whoever says "completed" claims it, whatever else the result carries along from the wire.
        return False
    return not DOUBTS.intersection(turn.flags)


def returned_status(turn: Turn) -> str:
    """For people: how the turn ended, in a few words."""
    if turn.ended != "returned":
        kind = turn.failure.chain[0].type if turn.failure and turn.failure.chain else ""
        return f"{turn.ended} {kind}".strip()
    marks = f", flagged {', '.join(turn.flags)}" if turn.flags else ""
    carried = f", carrying {turn.failure.chain[0].type}" if turn.failure and turn.failure.chain else ""
    return f"returned with status {turn.status or '(none)'}{marks}{carried}"


def raised_cause(turn: Turn) -> str:
    """The error the caller got as a cause may name it, type and words; empty when there was none.

    A library with one type for all its errors would else have one bug in all.
    """
    if turn.failure is None or not turn.failure.chain:
        return ""
    outer = turn.failure.chain[0]
    return f"{outer.type}: {normal(outer.message)}".removesuffix(": ")
