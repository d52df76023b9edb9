"""Expectations a scenario adds by hand. They are few: the evidence gives nearly all of them.

``duty`` checks the oracle and not the consumer, so breaking it is an error of ours. All look at the last turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.campaign.events import Expectation
from harness.consumers.base import Observation
from harness.contract import Capabilities, Turn
from harness.delivery import Transcript
from harness.judge import Mark, TurnEvidence, obligation_of

_CALLS = {"function_call", "custom_tool_call"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to look at."""

    turn: Turn
    transcript: Transcript
    duty: str


@dataclass(frozen=True, slots=True)
class _Check:
    found: Callable[[Seen], Any]
    holds: Callable[[Any, Any], bool]
    """Of what is wanted and what was found."""
    needs: str = "assembles"
    """The capability it rests on."""
    breach: Mark = Mark.FAIL


def _equal(wanted: Any, found: Any) -> bool:
    return bool(wanted == found)


def _all_in(wanted: Sequence[str], found: Any) -> bool:
    return all(words in (found or ()) for words in wanted)


def _calls(seen: Seen) -> int:
    items = seen.turn.items or ()
    return sum(item.kind in _CALLS and item.finished is not False for item in items)


def _error(seen: Seen) -> str:
    return seen.turn.failure.text if seen.turn.failure is not None else ""


_CHECKS: Mapping[str, _Check] = {
    "duty": _Check(lambda seen: seen.duty, _equal, needs="", breach=Mark.ERROR),
    "ended": _Check(lambda seen: seen.turn.ended, _equal),
    "status": _Check(lambda seen: seen.turn.status, _equal, needs="status"),
    "text": _Check(lambda seen: seen.turn.text, _equal),
    "text_contains": _Check(lambda seen: seen.turn.text, _all_in),
    "error_contains": _Check(_error, _all_in),
    "flags": _Check(lambda seen: seen.turn.flags, _all_in),
    "items": _Check(lambda seen: len(seen.turn.items or ()), _equal, needs="items"),
    "calls": _Check(_calls, _equal, needs="tool_calls"),
    "requests": _Check(lambda seen: len(seen.transcript.served), _equal, needs=""),
}


def check_expectations(
    expect: Mapping[str, Any], observation: Observation, evidence: Sequence[TurnEvidence], capabilities: Capabilities
) -> tuple[Expectation, ...]:
    """One result for each expectation; none when no turn was run, which the judge reports."""
    if not expect or not observation.outcome.turns:
        return ()
    duty = obligation_of(evidence[-1].last).duty.value if evidence else "none: nothing was served"
    seen = Seen(observation.outcome.turns[-1], observation.transcript, duty)
    return tuple(_result(name, wanted, seen, capabilities) for name, wanted in expect.items())


def _result(name: str, wanted: Any, seen: Seen, capabilities: Capabilities) -> Expectation:
    check = _CHECKS[name]
    if check.needs and not getattr(capabilities, check.needs):
        return Expectation(name, Mark.SKIPPED, wanted, None)
    found = check.found(seen)
    return Expectation(name, Mark.PASS if check.holds(wanted, found) else check.breach, wanted, found)
