"""Which turn a request opens, and which attempt at it it is: the rule by which a replay deals out its answers.

A request that carries another conversation than the one before it opens the next turn; the same conversation again
is another attempt.
"""

from __future__ import annotations

from typing import Any

import orjson

_CONVERSATION = ("input", "messages", "previous_response_id")
"""The members of a JSON request that make up its conversation: Responses, Chat Completions and Messages."""


class Seating:
    """Deals out (turn, attempt), both from 0, in the order of the requests."""

    def __init__(self) -> None:
        self._turn = -1
        self._attempt = 0
        self._conversation: object = None

    def seat(self, body: bytes) -> tuple[int, int]:
        conversation = _conversation(body)
        if self._turn >= 0 and conversation == self._conversation:
            self._attempt += 1
        else:
            self._turn, self._attempt, self._conversation = self._turn + 1, 0, conversation
        return self._turn, self._attempt


def _conversation(body: bytes) -> object:
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(document, dict) or not any(document.get(name) is not None for name in _CONVERSATION):
        return body
    return [document.get(name) for name in _CONVERSATION]
