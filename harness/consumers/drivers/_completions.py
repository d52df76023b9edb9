"""Chat completions, for consumers that speak them to their user: what goes in as messages, what comes out as a turn.

Standard library only, like the rest of a driver.
"""

from typing import Any

if __package__:
    from harness.consumers.drivers import _chat, _driver
else:
    import _chat  # type: ignore[import-not-found, no-redef]
    import _driver  # type: ignore[import-not-found, no-redef]

STATUS = {"stop": "completed", "tool_calls": "completed", "length": "incomplete", "content_filter": "incomplete"}
"""A ``finish_reason`` in the words of the wire."""


def tools_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The function tools of a case, one level down as chat has them."""
    return [{"type": "function", "function": tool} for tool in _chat.functions(case)]


def items_of(message: Any) -> list[dict[str, Any]]:
    """Its calls, and its reasoning where it has a place for any; its text is the turn's."""
    thought = _driver.text_of(_driver.get(message, "reasoning_content"))
    reasoning = [{"kind": "reasoning", "type": "reasoning_content", "summary": thought}] if thought else []
    return reasoning + [_call(call) for call in message.tool_calls or ()]


def _call(call: Any) -> dict[str, Any]:
    shown = {
        "kind": "function_call",
        "type": "tool_call",
        "call_id": _driver.text_of(call.id),
        "name": _driver.text_of(call.function.name),
        "arguments": _driver.text_of(call.function.arguments),
    }
    return {key: value for key, value in shown.items() if value is not None}


def usage_of(usage: Any) -> dict[str, Any] | None:
    """Token counts by the wire's names."""
    if usage is None:
        return None
    counts = {
        "input": _driver.get(usage, "prompt_tokens"),
        "output": _driver.get(usage, "completion_tokens"),
        "total": _driver.get(usage, "total_tokens"),
        "cached": _driver.get(_driver.get(usage, "prompt_tokens_details"), "cached_tokens"),
        "reasoning": _driver.get(_driver.get(usage, "completion_tokens_details"), "reasoning_tokens"),
    }
    return {key: value for key, value in counts.items() if value is not None}


def message_of(step: Any) -> dict[str, Any]:
    """One step of the conversation."""
    if isinstance(step, _chat.Said):
        return {"role": step.role, "content": step.text}
    if isinstance(step, _chat.Called):
        function = {"name": step.name, "arguments": step.arguments}
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": step.call_id, "type": "function", "function": function}],
        }
    return {"role": "tool", "tool_call_id": step.call_id, "content": step.output}
