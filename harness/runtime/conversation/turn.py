"""One turn's result as the next turn's input: as a chat message, or as items of the Responses API."""

from __future__ import annotations

from typing import Any

from harness.runtime.conversation.message import Message
from harness.runtime.result import Item, Result


def assistant_message(result: Result) -> Message:
    """The result as an assistant's message; calls that may not be made are not in it."""
    reasoning = "\n\n".join(filter(None, (item.text or item.summary for item in _of(result, "reasoning"))))
    optional = {
        "refusal": result.refusal,
        "reasoning_content": reasoning,
        "tool_calls": [tool_call(item) for item in result.tool_calls],
    }
    message: Message = {"role": "assistant", "content": result.text or None}
    return message | {name: value for name, value in optional.items() if value}


def tool_call(item: Item) -> dict[str, Any]:
    """A call as chat completions write it."""
    id = item.call_id or item.id or ""
    if item.kind == "custom_tool_call":
        return {"id": id, "type": "custom", "custom": {"name": item.name or "", "input": item.arguments or ""}}
    return {"id": id, "type": "function", "function": {"name": item.name or "", "arguments": item.arguments or "{}"}}


def input_items(result: Result) -> list[dict[str, Any]]:
    """The result's finished items as the next request may repeat them, reasoning included, in their order.

    Reasoning goes through a ReplayGate before it is sent to anybody.
    """
    return [_input(item) for item in result.items if item.finished]


def _input(item: Item) -> dict[str, Any]:
    ids = {"id": item.id} if item.id else {}
    match item.kind:
        case "message":
            spoken = [{"type": "output_text", "text": item.text, "annotations": []}] if item.text else []
            refused = [{"type": "refusal", "refusal": item.refusal}] if item.refusal else []
            phase = {"phase": item.phase} if item.phase else {}
            return {"type": "message", "role": "assistant", **ids, "content": spoken + refused, **phase}
        case "function_call" | "custom_tool_call":
            words = "arguments" if item.kind == "function_call" else "input"
            names = {"call_id": item.call_id or item.id or "", "name": item.name or ""}
            return {"type": item.kind, **ids, **names, words: item.arguments or ""}
        case "reasoning":
            summary = [{"type": "summary_text", "text": part.text} for part in item.parts if part.kind == "summary"]
            sealed = {"encrypted_content": item.encrypted_content} if item.encrypted_content else {}
            return {"type": "reasoning", **ids, "summary": summary, **sealed}
        case _:
            return dict(item.payload) if isinstance(item.payload, dict) else {"type": item.type, **ids}


def _of(result: Result, kind: str) -> list[Item]:
    return [item for item in result.items if item.kind == kind]
