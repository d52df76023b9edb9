"""A conversation as training data: turns of ``from`` and ``value``, with thinking, calls and results as tagged text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from harness.runtime.conversation.message import calls_of, words_of
from harness.runtime.conversation.thinking import extract_reasoning, strip_think_blocks
from harness.runtime.events import loads
from harness.runtime.view import mapping

_SPEAKERS = {"system": "system", "developer": "system", "user": "human", "assistant": "gpt", "tool": "tool"}


def convert_to_trajectory_format(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """``[{"from": "system" | "human" | "gpt" | "tool", "value": ...}]``, in order.

    An assistant's value is its reasoning in ``<think>``, its words, and each call in ``<tool_call>`` as a JSON object
    of name and arguments; results in a row are one turn of ``<tool_response>``. Parts that are no text are left out.
    Messages of other roles raise ValueError: a trajectory with a hole teaches the wrong thing.
    """
    named: dict[Any, str] = {}
    turns: list[dict[str, str]] = []
    for role, group in groupby(messages, key=lambda message: message.get("role")):
        if role not in _SPEAKERS:
            raise ValueError(f"no speaker of a trajectory has the role {role!r}")
        if role == "tool":
            turns.append({"from": "tool", "value": "\n".join(_response(message, named) for message in group)})
            continue
        for message in group:
            named |= {call.get("id"): _function(call)[0] for call in calls_of(message)}
            value = _spoken(message) if role == "assistant" else words_of(message.get("content"))
            turns.append({"from": _SPEAKERS[role], "value": value})
    return turns


def _spoken(message: Mapping[str, Any]) -> str:
    blocks = [
        f"<think>\n{extract_reasoning(message) or ''}\n</think>",
        strip_think_blocks(words_of(message.get("content"))),
        *(
            _tagged("tool_call", dict(zip(("name", "arguments"), _function(call), strict=True)))
            for call in calls_of(message)
        ),
    ]
    return "\n".join(filter(None, blocks))


def _response(message: Mapping[str, Any], named: Mapping[Any, str]) -> str:
    id = message.get("tool_call_id")
    content = _json(words_of(message.get("content")))
    return _tagged("tool_response", {"tool_call_id": id, "name": named.get(id, "unknown"), "content": content})


def _function(call: Mapping[str, Any]) -> tuple[str, Any]:
    """A call's name and arguments, decoded where they can be."""
    function = mapping(call.get("function")) or {}
    return str(function.get("name") or ""), _json(function.get("arguments") or {})


def _json(value: Any) -> Any:
    """The value that a text is the JSON of; the value itself when it is no JSON."""
    if not isinstance(value, str):
        return value
    try:
        return loads(value)
    except (ValueError, RecursionError):
        return value


def _tagged(tag: str, value: Any) -> str:
    return f"<{tag}>\n{json.dumps(value, ensure_ascii=False)}\n</{tag}>"
