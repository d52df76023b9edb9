"""Thread items that are tools, as data: which members are the call and which are the result.

A tool here has been run by the server; nothing is left to execute. Its call and its result are told as chat messages,
so that another program can go on with the conversation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.runtime.appserver.result import TurnItem
from harness.runtime.view import text


@dataclass(frozen=True, slots=True)
class Tool:
    """The members of one type of item."""

    arguments: tuple[str, ...]
    results: tuple[str, ...]
    name: tuple[str, ...] = ()
    """Members whose values, joined by dots, name the tool; without any the item's type does."""


TOOLS: Mapping[str, Tool] = {
    "commandExecution": Tool(("command", "cwd"), ("aggregatedOutput", "exitCode", "status")),
    "fileChange": Tool(("changes",), ("status",)),
    "mcpToolCall": Tool(("arguments",), ("result", "error", "status"), ("server", "tool")),
    "dynamicToolCall": Tool(("arguments",), ("contentItems", "success", "status"), ("namespace", "tool")),
    "collabAgentToolCall": Tool(("prompt", "receiverThreadIds"), ("agentsStates", "status"), ("tool",)),
    "webSearch": Tool(("query", "action"), ("results",)),
    "imageView": Tool(("path",), ()),
    "imageGeneration": Tool(("revisedPrompt",), ("savedPath", "failure", "status")),
}
"""By item type, after the ThreadItem schema that ``codex app-server generate-json-schema`` writes."""


def messages_of(items: Iterable[TurnItem]) -> tuple[dict[str, Any], ...]:
    """The items as chat messages. Reasoning goes with the message after it; a call without a result is left out."""
    messages: list[dict[str, Any]] = []
    thought: list[str] = []
    for item in items:
        if item.type == "reasoning":
            thought.append(item.summary or item.text)
            continue
        told = _told(item)
        if told and any(thought):
            told[0]["reasoning"] = "\n\n".join(filter(None, thought))
            thought.clear()
        messages += told
    return tuple(messages)


def _told(item: TurnItem) -> list[dict[str, Any]]:
    if item.type == "agentMessage":
        return [{"role": "assistant", "content": item.text}] if item.text else []
    tool = TOOLS.get(item.type)
    if tool is None or not item.finished:
        return []
    members = item.payload or {}
    function = {"name": _name(item.type, tool, members), "arguments": _arguments(tool, members)}
    call = {"id": item.id, "type": "function", "function": function}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": item.id, "content": _result(tool, members)},
    ]


def _name(type: str, tool: Tool, members: Mapping[str, Any]) -> str:
    return ".".join(filter(None, (text(members.get(name)) for name in tool.name))) or type


def _arguments(tool: Tool, members: Mapping[str, Any]) -> str:
    told = {name: members[name] for name in tool.arguments if members.get(name) is not None}
    # A tool whose arguments are one JSON value of their own is called with that value.
    only = told.get("arguments") if tool.arguments == ("arguments",) else told
    return json.dumps(only, ensure_ascii=False)


def _result(tool: Tool, members: Mapping[str, Any]) -> str:
    """The output as it is where there is any; how it ended, unless that is plain success."""
    told = {name: members[name] for name in tool.results if members.get(name) not in (None, "")}
    output = told.pop("aggregatedOutput", None)
    if told.get("status") == "completed":
        told.pop("status")
    if told.get("exitCode") == 0:
        told.pop("exitCode")
    rest = json.dumps(told, ensure_ascii=False) if told else ""
    return "\n".join(filter(None, (text(output), rest))) or "done"
