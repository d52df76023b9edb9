"""Consumers that act by themselves: something in an answer makes them ask on, and no recording answers that.

A call does it to whoever carries calls out, which the answer shows beforehand. What else does is the consumer's affair,
and shows when a request comes that is beyond the last turn.
"""

from __future__ import annotations

from harness.contract import Capabilities
from harness.delivery import Delivery, Exchange, Transcript
from harness.judge.calls import is_call
from harness.judge.plain import codings, plain_of
from harness.judge.told import told

_CLIENT_TOOLS = frozenset({"local_shell_call", "shell_call", "apply_patch_call", "computer_call", "tool_search_call"})
"""Calls of tools that the specification defines and a client carries out, beside functions and custom tools."""


def unanswerable(capabilities: Capabilities, exchange: Exchange) -> str:
    """Why a case is not for such a consumer; empty when it is. Raises UnreadableEvidence."""
    if capabilities.acts and offers_calls(exchange):
        return "the consumer carries out calls by itself and then asks again, which no recorded answer is for"
    return ""


def went_on(capabilities: Capabilities, transcript: Transcript) -> str:
    """Why a case that was run cannot be judged: what came last is the harness's own answer. Empty when it can."""
    if transcript.unanswered and (capabilities.acts or capabilities.asks_on):
        return "the consumer asked on by itself after the last turn, which no recorded answer is for"
    return ""


def offers_calls(exchange: Exchange) -> bool:
    """Whether any answer holds a call that a client carries out. Raises UnreadableEvidence."""
    return any(map(_holds_call, exchange.deliveries.values()))


def _holds_call(delivery: Delivery) -> bool:
    if delivery.head is None:
        return False
    names = codings(delivery.head.headers)
    reading = told(plain_of(delivery.body, names).pieces if names else delivery.pieces).reading
    return any(is_call(item) or item.type in _CLIENT_TOOLS for item in reading.items)
