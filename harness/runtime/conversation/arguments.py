"""Tool-call arguments that are no JSON object poison every later request: providers refuse the whole history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness.runtime.conversation.message import Message, calls_of, with_calls

INVALID_MARK = "[the arguments of this call were not valid JSON; it counts as called with none]"
"""Stands first in the result of a call whose arguments had to be replaced."""


def sanitize_tool_call_arguments(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Every call's arguments become the text of a JSON object.

    An object goes in as its text, nothing at all as ``{}``. What is no object becomes ``{}`` as well, and the call's
    result begins with INVALID_MARK; where there is no result, one is made right behind the message. Idempotent; says
    nothing about messages that are not the assistant's or a marked call's result.
    """
    cleaned: list[Message] = []
    marks: list[Any] = []
    for message in messages:
        if message.get("role") == "tool" and message.get("tool_call_id") in marks:
            marks.remove(message.get("tool_call_id"))
            cleaned.append({**message, "content": _marked(message.get("content"))})
            continue
        if marks and message.get("role") != "tool":
            cleaned += map(_result, marks)
            marks = []
        calls = calls_of(message)
        marks += [call.get("id") for call in calls if _object(_arguments(call)) is None]
        cleaned.append(with_calls(message, map(_sanitized, calls)) if calls else dict(message))
    return cleaned + list(map(_result, marks))


def _sanitized(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    if not isinstance(function, Mapping):
        return call
    return {**call, "function": {**function, "arguments": _object(_arguments(call)) or "{}"}}


def _arguments(call: Mapping[str, Any]) -> Any:
    function = call.get("function")
    return function.get("arguments") if isinstance(function, Mapping) else None


def _object(arguments: Any) -> str | None:
    """The arguments as the text of an object; None when they are none."""
    if arguments is None or (isinstance(arguments, str) and not arguments.strip()):
        return "{}"
    if isinstance(arguments, Mapping):
        return json.dumps(arguments, ensure_ascii=False)
    if not isinstance(arguments, str):
        return None
    try:
        return arguments if isinstance(json.loads(arguments), dict) else None
    except (ValueError, RecursionError):
        return None


def _marked(content: Any) -> Any:
    if isinstance(content, list):
        return [{"type": "text", "text": INVALID_MARK}, *content]
    return f"{INVALID_MARK}\n{content}" if content else INVALID_MARK


def _result(call_id: Any) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": INVALID_MARK}
