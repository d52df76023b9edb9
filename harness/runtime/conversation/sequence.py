"""The order that providers insist on: every call answered at once, no answer without a call, users not in a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from harness.runtime.conversation.message import Message, calls_of, parts_of, with_calls

NO_RESULT = "[no result: the call was interrupted]"
"""The result of a call that has none."""


def repair_message_sequence(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Right behind each message with calls stand the results of its calls, one each, in the order of the calls.

    A call without a result gets NO_RESULT; a result without a call, and a second one, is left out. Calls without an
    id, or with one that their message has already, get a new one. Users' messages in a row become one. Idempotent;
    of users' and system's words nothing is lost or changed.
    """
    given = [dict(message) for message in messages]
    answers = _answers(given)
    fresh = _fresh_ids(given)
    repaired: list[Message] = []
    for place, message in enumerate(given):
        if message.get("role") == "tool":
            continue
        calls = calls_of(message)
        if "tool_calls" not in message:
            repaired.append(message)
            continue
        ids = _distinct([call.get("id") for call in calls], fresh)
        repaired.append(with_calls(message, ({**call, "id": id} for call, id in zip(calls, ids, strict=True))))
        for number, id in enumerate(ids):
            found = answers.get((place, number), {"role": "tool", "content": NO_RESULT})
            repaired.append({**found, "tool_call_id": id})
    return merge_users(repaired)


def _answers(messages: list[Message]) -> dict[tuple[int, int], Message]:
    """Results by the place of the message and the number of the call they answer: the last call of their id."""
    open_calls: dict[str, list[tuple[int, int]]] = {}
    found: dict[tuple[int, int], Message] = {}
    for place, message in enumerate(messages):
        asked: dict[str, list[tuple[int, int]]] = {}
        for number, call in enumerate(calls_of(message)):
            asked.setdefault(str(call.get("id")), []).append((place, number))
        open_calls.update(asked)
        if message.get("role") == "tool":
            waiting = open_calls.get(str(message.get("tool_call_id")))
            if waiting:
                found[waiting.pop(0)] = message
    return found


def _fresh_ids(messages: list[Message]) -> Iterable[str]:
    taken = {call.get("id") for message in messages for call in calls_of(message)}
    return (id for id in (f"call_repaired_{number}" for number in count(1)) if id not in taken)


def _distinct(ids: list[Any], fresh: Iterable[str]) -> list[str]:
    distinct: list[str] = []
    for id in ids:
        distinct.append(id if isinstance(id, str) and id and id not in distinct else next(iter(fresh)))
    return distinct


def merge_users(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Users' messages in a row become one: texts with a blank line between them, anything else as a list of parts."""
    merged: list[Message] = []
    for message in messages:
        if merged and message.get("role") == merged[-1].get("role") == "user":
            merged[-1] = {**merged[-1], "content": _joined(merged[-1].get("content"), message.get("content"))}
        else:
            merged.append(dict(message))
    return merged


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return "\n\n".join(filter(None, (first, second)))
    return parts_of(first) + parts_of(second)
