"""Programs whose time is not simulated: which silences they can be given, and when the machine would give the verdict.

Nobody waits for a quarter of an hour, so a silence that is too long in real time is not served, unless the program's
clock can be hurried through it. And no verdict may hang on how busy a machine is:

- a silence that is as good as equal to a deadline is not served at all: the machine would decide who is first;
- a run in which the program's clock went on for other reasons than the silences that were meant, by as much as a
  deadline is away from one of them, is run again, and then given up;
- a call counts as hung when all its deadlines have passed on its own clock, twice, in every request it may make.
"""

from __future__ import annotations

from dataclasses import replace

from harness.consumers.base import Consumer, NoVerdict, Observation
from harness.contract import Capabilities, Case
from harness.delivery import Delivery, Exchange, Stall, Wait
from harness.judge.plain import UnreadableEvidence, codings, plain_of
from harness.judge.silence import deadlines_of, distance_ms
from harness.judge.told import told

TIE_MS = 2_000.0
"""A silence this near to a deadline is a tie."""

_RUNS = 3


def unfit(case: Case, exchange: Exchange, capabilities: Capabilities, budget_ms: float) -> str:
    """Why a program is not asked: its silences take longer than the budget, in real time, or tie with a deadline.

    Empty when it is.
    """
    if capabilities.simulated_time:
        return ""
    scale, takes_ms = capabilities.time_scale, _takes_ms(case, exchange, capabilities)
    if takes_ms / scale > budget_ms:
        how = "cannot simulate time" if scale == 1 else f"is hurried {scale} times at most"
        return f"it takes {takes_ms / 1000:g} s, and the consumer {how}"
    if takes_ms and (distance := distance_ms(exchange, capabilities, case)) < TIE_MS:
        return f"a silence is within {distance / 1000:g} s of a deadline: how busy the machine is would decide"
    return ""


def observe(consumer: Consumer, case: Case, exchange: Exchange) -> Observation:
    """Run a case that is fit. Raises ConsumerError, and NoVerdict when the machine had a hand in every run."""
    capabilities = consumer.capabilities
    if capabilities.simulated_time:
        return consumer.run(case, exchange)
    request_ms = _waits_ms(exchange) + _patience_ms(case, exchange, capabilities)
    requests = capabilities.requests_per_turn * exchange.turns
    asked = replace(case, deadline_ms=case.deadline_ms + 2 * requests * request_ms)
    free_ms = distance_ms(exchange, capabilities, case)
    undue_ms = 0.0
    for _ in range(_RUNS):
        seen = consumer.run(asked, exchange)
        if (undue_ms := seen.undue_ms) < free_ms:
            return seen
    raise NoVerdict(
        f"the machine was too busy: beside what it was served, {undue_ms / 1000:.1f} s passed on the consumer's clock, "
        f"and {free_ms / 1000:g} s would reach a deadline; {_RUNS} runs went like that"
    )


def _takes_ms(case: Case, exchange: Exchange, capabilities: Capabilities) -> float:
    """How long one request is kept waiting: the longest answer, and what ends a stall, which may be the case's end."""
    waits_ms, ends_ms = _waits_ms(exchange), _patience_ms(case, exchange, capabilities)
    return waits_ms + (ends_ms or case.deadline_ms if _stalls(exchange) else 0.0)


def _patience_ms(case: Case, exchange: Exchange, capabilities: Capabilities) -> float:
    """The longest deadline that may end a stall; 0 where there is no stall, or no deadline."""
    if not _stalls(exchange):
        return 0.0
    own, asked = capabilities.deadlines, case.timeouts
    if capabilities.time_scale > 1:
        return max(deadlines_of(capabilities, case)[0], default=0.0)
    # In real time the consumer is taken by its word that it keeps what it is asked; the judge is not that credulous.
    first, idle = asked.get("first_byte_ms") or own.first_byte_ms, asked.get("idle_ms") or own.idle_ms
    return max(filter(None, (first, idle, asked.get("read_ms"))), default=0.0)


def _waits_ms(exchange: Exchange) -> float:
    return max(
        sum(action.ms for action in entry.actions if isinstance(action, Wait)) for entry in exchange.deliveries.values()
    )


def _stalls(exchange: Exchange) -> bool:
    """Whether an answer falls silent for ever before its last word: after it there is nothing to wait for."""
    return any(isinstance(entry.ending, Stall) and not _ended(entry) for entry in exchange.deliveries.values())


def _ended(delivery: Delivery) -> bool:
    if delivery.head is None:
        return False
    names = codings(delivery.head.headers)
    try:
        pieces = plain_of(delivery.body, names).pieces if names else delivery.pieces
    except UnreadableEvidence:
        return False
    return told(pieces).reading.terminal is not None
