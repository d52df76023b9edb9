"""Consumers that act by themselves: a call in the answer makes them ask again, and no recording answers that."""

from __future__ import annotations

from harness.delivery import Delivery, Exchange
from harness.judge.calls import is_call
from harness.judge.plain import codings, plain_of
from harness.judge.told import told

_CLIENT_TOOLS = frozenset({"local_shell_call", "shell_call", "apply_patch_call", "computer_call", "tool_search_call"})
"""Calls of tools that the specification defines and a client carries out, beside functions and custom tools."""


def offers_calls(exchange: Exchange) -> bool:
    """Whether any answer holds a call that a client carries out. Raises UnreadableEvidence."""
    return any(map(_holds_call, exchange.deliveries.values()))


def _holds_call(delivery: Delivery) -> bool:
    if delivery.head is None:
        return False
    names = codings(delivery.head.headers)
    reading = told(plain_of(delivery.body, names).data if names else delivery.body).reading
    return any(is_call(item) or item.type in _CLIENT_TOOLS for item in reading.items)
