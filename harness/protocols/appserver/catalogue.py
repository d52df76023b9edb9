"""The messages of the protocol as data, after the JSON Schema that ``codex app-server generate-json-schema`` writes
(release 0.169.0) and the lines of that program itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.protocols.responses.reading import ChannelKind, TerminalKind

LADDER = ("initialize", "thread/start", "turn/start")
"""The client's requests without whose answers there is no turn."""


@dataclass(frozen=True, slots=True)
class ItemType:
    """One type of thread item."""

    reads_as: str
    """Its type in the reading: that of the Responses item which means the same, or its own."""
    strands: Mapping[ChannelKind, str]
    """Members that hold a text, or a list of texts."""
    called_with: tuple[str, ...] = ()
    """A tool's members that say what it was called with."""


def _tool(*called_with: str) -> ItemType:
    return ItemType("custom_tool_call", {}, called_with)


ITEMS: Mapping[str, ItemType] = {
    "agentMessage": ItemType("message", {ChannelKind.TEXT: "text"}),
    "reasoning": ItemType("reasoning", {ChannelKind.SUMMARY: "summary", ChannelKind.REASONING: "content"}),
    "plan": ItemType("plan", {}),
    "commandExecution": _tool("command", "cwd"),
    "fileChange": _tool("changes"),
    "mcpToolCall": _tool("arguments"),
    "dynamicToolCall": _tool("arguments"),
    "collabAgentToolCall": _tool("prompt", "receiverThreadIds"),
    "webSearch": _tool("query", "action"),
    "imageView": _tool("path"),
    "imageGeneration": _tool("revisedPrompt"),
}
"""Types that a turn produces; any other is read as one of its own kind, which nobody owes."""

GIVEN = frozenset({"userMessage", "hookPrompt"})
"""Types that a turn was given."""

DELTAS: Mapping[str, tuple[str, ChannelKind, str]] = {
    "item/agentMessage/delta": ("agentMessage", ChannelKind.TEXT, ""),
    "item/reasoning/summaryTextDelta": ("reasoning", ChannelKind.SUMMARY, "summaryIndex"),
    "item/reasoning/textDelta": ("reasoning", ChannelKind.REASONING, "contentIndex"),
}
"""Notifications that continue a strand: type of the item, the strand, and the member that numbers its parts."""

STATUSES: Mapping[str, TerminalKind] = {
    "completed": TerminalKind.COMPLETED,
    "failed": TerminalKind.FAILED,
    "interrupted": TerminalKind.CANCELLED,
}
"""Statuses of ``turn/completed``."""

USAGE: Mapping[str, str] = {
    "input": "inputTokens",
    "output": "outputTokens",
    "total": "totalTokens",
    "cached": "cachedInputTokens",
    "reasoning": "reasoningOutputTokens",
}
"""Token counts by normal name."""
