"""How a message is looked into: its calls and its words, whatever a careless writer has left in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.runtime.view import sequence, text

Message = dict[str, Any]


def calls_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tool calls of an assistant message; entries that are no objects are none."""
    if message.get("role") != "assistant":
        return []
    return [dict(call) for call in sequence(message.get("tool_calls")) if isinstance(call, Mapping)]


def words_of(content: Any) -> str:
    """The text of a content: a text, or the text parts of a list, joined without a separator."""
    if isinstance(content, str):
        return content
    return "".join(text(part.get("text")) for part in sequence(content) if isinstance(part, Mapping))


def parts_of(content: Any) -> list[Any]:
    """A content as a list of parts; an empty one has none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(sequence(content))


def with_calls(message: Mapping[str, Any], calls: Iterable[Mapping[str, Any]]) -> Message:
    """The message with these calls; without the field when there are none, because an empty list is refused."""
    bare = {name: value for name, value in message.items() if name != "tool_calls"}
    listed = [dict(call) for call in calls]
    return {**bare, "tool_calls": listed} if listed else bare
