"""Expectations a scenario adds by hand. They are few: the evidence gives nearly all of them.

``duty`` checks the oracle and not the consumer, so breaking it is an error of ours; but whoever hands out raw events
claims nothing, so that a conversation goes on past the turn that the scenario means. All look at the last turn, and at
the last answer that the scenario has for it: whoever makes no promise to ask for that one is not held to them. Nor is
anybody whose stream was over before its user could cancel it: what the scenario expects is of a cancelled call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.campaign.events import Expectation
from harness.campaign.timeline import duration_ms
from harness.consumers.base import Observation
from harness.contract import Capabilities, Case, Outcome, Turn
from harness.delivery import Exchange, Transcript
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
    needs: tuple[str, ...] = ("assembles",)
    """The capabilities it rests on, of which one will do."""
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


def _done_s(seen: Seen) -> float:
    """When the last connection was done with."""
    return seen.transcript.served[-1].closed_ms / 1000 if seen.transcript.served else 0.0


def _reasoning_sent(seen: Seen) -> list[int]:
    """Reasoning items in each request, in the order of arrival."""
    return [sum(item.get("type") == "reasoning" for item in items) for items in _sent(seen)]


def _sendable(seen: Seen) -> bool:
    """Whether a strict provider takes every request: calls have objects for arguments, and an output each."""
    return all(map(_is_sound, _sent(seen)))


def _sent(seen: Seen) -> list[list[dict[str, Any]]]:
    """The input items of each request, in the order of arrival; a plain text is none."""
    asked = [json.loads(served.request.body)["input"] for served in seen.transcript.served]
    return [[item for item in items if isinstance(item, dict)] for items in asked]


def _is_sound(items: Sequence[Mapping[str, Any]]) -> bool:
    calls = [item for item in items if item.get("type") == "function_call"]
    outputs = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    return [call["call_id"] for call in calls] == outputs and all(map(_has_arguments, calls)) and all(outputs)


def _has_arguments(call: Mapping[str, Any]) -> bool:
    try:
        return isinstance(json.loads(call["arguments"]), dict)
    except ValueError:
        return False


_ASKS_AGAIN = ("classifies_errors", "app_server")
"""Who knows whether asking again may help. Of anybody else, any number of requests within its budget is right."""

_CHECKS: Mapping[str, _Check] = {
    "duty": _Check(lambda seen: seen.duty, _equal, breach=Mark.ERROR),
    "ended": _Check(lambda seen: seen.turn.ended, _equal),
    "status": _Check(lambda seen: seen.turn.status, _equal, needs=("status",)),
    "text": _Check(lambda seen: seen.turn.text, _equal),
    "text_contains": _Check(lambda seen: seen.turn.text, _all_in),
    "error_contains": _Check(_error, _all_in),
    "error_explains": _Check(_error, _all_in, needs=("explains",)),
    "flags": _Check(lambda seen: seen.turn.flags, _all_in, needs=("explains",)),
    "items": _Check(lambda seen: len(seen.turn.items or ()), _equal, needs=("items",)),
    "calls": _Check(_calls, _equal, needs=("tool_calls",)),
    "error_kind": _Check(lambda seen: next(iter(seen.turn.flags), None), _equal, needs=("classifies_errors",)),
    "retryable": _Check(lambda seen: "retryable" in seen.turn.flags, _equal, needs=("classifies_errors",)),
    "finish_reason": _Check(lambda seen: next(iter(seen.turn.flags), None), _equal, needs=("chat",)),
    "within": _Check(_done_s, lambda wanted, found: found <= duration_ms(wanted) / 1000, needs=("simulated_time",)),
    "not_before": _Check(_done_s, lambda wanted, found: found >= duration_ms(wanted) / 1000, needs=("simulated_time",)),
    "reasoning_sent": _Check(_reasoning_sent, _equal, needs=("gates_reasoning",)),
    "sendable": _Check(_sendable, _equal, needs=("chat",)),
    "requests": _Check(lambda seen: len(seen.transcript.served), _equal, needs=_ASKS_AGAIN),
}


def check_expectations(
    expect: Mapping[str, Any],
    case: Case,
    observation: Observation,
    evidence: Sequence[TurnEvidence],
    capabilities: Capabilities,
    exchange: Exchange,
) -> tuple[Expectation, ...]:
    """One result for each expectation; none when no turn was run, which the judge reports."""
    if not expect or not observation.outcome.turns:
        return ()
    asked_enough = _promised(_ASKS_AGAIN, capabilities) or _asked_to_the_end(observation.transcript, exchange)
    if not asked_enough or _over_before_its_cancellation(case, observation.outcome):
        return tuple(Expectation(name, Mark.SKIPPED, wanted, None) for name, wanted in expect.items())
    duty = obligation_of(evidence[-1].last).duty.value if evidence else "none: nothing was served"
    seen = Seen(observation.outcome.turns[-1], observation.transcript, duty)
    return tuple(_result(name, wanted, seen, capabilities) for name, wanted in expect.items())


def _asked_to_the_end(transcript: Transcript, exchange: Exchange) -> bool:
    return any((served.turn, served.attempt) >= max(exchange.deliveries) for served in transcript.served)


def _over_before_its_cancellation(case: Case, outcome: Outcome) -> bool:
    """Whether the first turn ended by itself, with fewer callbacks than its user waits for before it cancels."""
    return case.cancel_after is not None and len(outcome.turns[0].trace) < case.cancel_after


def _promised(needs: Sequence[str], capabilities: Capabilities) -> bool:
    return any(getattr(capabilities, name) for name in needs)


def _result(name: str, wanted: Any, seen: Seen, capabilities: Capabilities) -> Expectation:
    check = _CHECKS[name]
    if not _promised(check.needs, capabilities):
        return Expectation(name, Mark.SKIPPED, wanted, None)
    found = check.found(seen)
    return Expectation(name, Mark.PASS if check.holds(wanted, found) else check.breach, wanted, found)
