"""A program that knows chat completions alone: its messages, its tools, and what it is told, as a turn.

Mapping: ``finish_reason`` is the status (``stop`` and ``tool_calls`` say completed, anything else incomplete) and a
flag; ``content`` is the text, and with ``refusal`` the one message; each of ``tool_calls`` is a call that may be made;
usage under its three names; the flags of the result that a completion carries are flags. Being asked whether to stop
is the only callback there is, and the trace has it as an event. Between two turns the program uses the runtime's
conversation helpers, as any careful one would.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.consumers.adapters.conversation import Trace, trace_of
from harness.contract import Item, Turn, Usage
from harness.contract.outcome import ItemKind
from harness.runtime import Completion, Result
from harness.runtime.auxiliary import CompletionUsage, ToolCall
from harness.runtime.conversation import (
    assistant_message,
    drop_thinking_only_and_merge_users,
    repair_message_sequence,
    sanitize_tool_call_arguments,
)

_WHOLE = {"stop", "tool_calls"}
_PART_TYPES = {"input_text": "text", "output_text": "text"}


def messages_of(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages in the easy form of the Responses API as chat messages."""
    return [{"role": item["role"], "content": _content(item["content"])} for item in items]


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return content
    return [{**part, "type": _PART_TYPES.get(part.get("type"), part.get("type"))} for part in content]


def tools_of(tools: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Function tools one level down, as chat has them; others as they are."""
    return [_nested(tool) if tool.get("type") == "function" else tool for tool in tools]


def _nested(tool: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {name: value for name, value in tool.items() if name != "type"}}


def history_of(result: Result) -> list[dict[str, Any]]:
    """What a turn adds to the conversation: the assistant's message, and a result for each of its calls."""
    message = assistant_message(result)
    return [
        message,
        *({"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in message.get("tool_calls", ())),
    ]


def tidied(messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation as a careful program sends it: what a provider would refuse is mended before."""
    return repair_message_sequence(sanitize_tool_call_arguments(drop_thinking_only_and_merge_users(messages)))


def turn_of_completion(completion: Completion, trace: Trace) -> Turn:
    """What ``create`` returned."""
    (choice,) = completion.choices
    spoken, reason = choice.message, choice.finish_reason
    said = spoken.content is not None or spoken.refusal is not None
    message = [Item("message", "message", text=spoken.content, refusal=spoken.refusal)] if said else []
    return Turn(
        "returned",
        status="completed" if reason in _WHOLE else "incomplete",
        items=(*message, *map(_item, spoken.tool_calls or ())),
        text=spoken.content or "",
        usage=_usage(completion.usage),
        flags=(reason, *sorted(completion.result.flags)),
        trace=trace_of(trace),
    )


def _item(call: ToolCall) -> Item:
    kind: ItemKind = "custom_tool_call" if call.type == "custom" else "function_call"
    return Item(kind, kind, call_id=call.id, name=call.function.name, arguments=call.function.arguments)


def _usage(usage: CompletionUsage | None) -> Usage | None:
    if usage is None:
        return None
    return Usage(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
