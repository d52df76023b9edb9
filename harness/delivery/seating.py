"""Which turn a request opens, or which attempt at it it is: one rule for replay, recording and import.

A request that adds to the conversation opens the next turn. The same conversation again is another attempt, and so is
one that only leaves out of it: a client that asks again without what was refused.
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

    def seat(self, body: Any) -> tuple[int, int]:
        """The place of a request by its body: its bytes, or the JSON value that they were decoded to."""
        conversation = _conversation_of(body)
        if self._turn >= 0 and _adds_nothing(conversation, self._conversation):
            self._attempt += 1
        else:
            self._turn, self._attempt, self._conversation = self._turn + 1, 0, conversation
        return self._turn, self._attempt


def _conversation_of(body: Any) -> object:
    """The conversation's members; the whole body where it has none of them."""
    try:
        document = orjson.loads(body) if isinstance(body, bytes) else body
    except orjson.JSONDecodeError:
        return body
    if not isinstance(document, dict) or not any(document.get(name) is not None for name in _CONVERSATION):
        return body
    return [document.get(name) for name in _CONVERSATION]


def _adds_nothing(conversation: object, last: object) -> bool:
    """Whether every item of a conversation is in the last one, in its order and with no member it did not have."""
    if conversation == last:
        return True
    if not (isinstance(conversation, list) and isinstance(last, list) and len(conversation) == len(last)):
        return False
    return all(_is_part(now, before) for now, before in zip(conversation, last, strict=True))


def _is_part(now: Any, before: Any) -> bool:
    if not (isinstance(now, list) and isinstance(before, list) and now):
        return bool(now == before)
    rest = iter(before)
    return all(any(_fits(item, entry) for entry in rest) for item in now)


def _fits(item: Any, entry: Any) -> bool:
    if isinstance(item, dict) and isinstance(entry, dict):
        return all(name in entry and entry[name] == value for name, value in item.items())
    return bool(item == entry)
