"""Lanes below the HTTP layer: they are handed the bytes of an answer, and can be handed only what comes whole."""

from __future__ import annotations

from harness.consumers.base import ConsumerError
from harness.delivery import Exchange
from harness.delivery.handed import handable, pieces


def answers_of(exchange: Exchange) -> tuple[tuple[bytes, ...], ...]:
    """Each turn's answer, in the pieces it comes in. Raises ConsumerError: whoever asks must have looked before."""
    if not handable(exchange):
        raise ConsumerError("it can be handed only an event stream that comes at once, and whole")
    return pieces(exchange)
