"""A conversation of Responses input items, told as steps of a chat: for consumers with message types of their own.

Standard library only, like the rest of a driver. Reasoning is left out: no chat message has a place for it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Said:
    """Text by somebody: ``system``, ``user`` or ``assistant``."""

    role: str
    text: str


@dataclass(frozen=True)
class Called:
    """A call the model made."""

    call_id: str
    name: str
    arguments: str

    @property
    def parsed(self) -> dict[str, Any]:
        """The arguments as an object; an empty one where they are none, as a chat message has no other place."""
        try:
            value = json.loads(self.arguments)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Answered:
    """What the tool answered."""

    call_id: str
    name: str
    output: str


Step = Said | Called | Answered


def steps(said: list[dict[str, Any]]) -> Iterator[Step]:
    """The items, one step each."""
    names = {item["call_id"]: item["name"] for item in said if item.get("call_id") and item.get("name")}
    for item in said:
        kind = item.get("type", "message")
        if kind in {"function_call", "custom_tool_call"}:
            yield Called(item["call_id"], item["name"], item.get("arguments") or item.get("input") or "")
        elif kind in {"function_call_output", "custom_tool_call_output"}:
            yield Answered(item["call_id"], names.get(item["call_id"], ""), str(item["output"]))
        elif item.get("role"):
            role = "system" if item["role"] == "developer" else item["role"]
            yield Said(role, _text(item["content"]))


def functions(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The function tools of a case: ``name``, ``description``, ``parameters``."""
    empty = {"type": "object", "properties": {}}
    return [
        {
            "name": tool["name"],
            "description": tool.get("description") or tool["name"],
            "parameters": tool.get("parameters") or empty,
        }
        for tool in case.get("tools", ())
        if tool.get("type") == "function"
    ]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text") or part.get("refusal") or "" for part in content)
