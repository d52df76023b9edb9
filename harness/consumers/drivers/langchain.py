"""langchain-openai's ``ChatOpenAI`` on the Responses API, as its guide shows it: ``stream()``, chunks summed by ``+``.

Mapping to the outcome:
- ended, failure: what ``stream()`` raised, or adding its chunks; else returned.
- text: ``text`` of the sum. Its messages are one message, so only calls and reasoning are items.
- tool calls: ``tool_calls``, whose ``args`` are parsed and printed again as JSON, and ``invalid_tool_calls`` verbatim.
- status: ``response_metadata["status"]``; usage: ``usage_metadata`` by the wire's names.
- failure of a returned message: ``incomplete_details`` and ``error`` of its metadata.
- trace: ``text`` of every chunk that has some; any other chunk is an event.
- cancel: the generator is closed. Time-outs: ``timeout``; retries: ``max_retries`` at its default.
"""

from __future__ import annotations

import importlib.metadata
import json
from typing import Any

import _chat  # type: ignore[import-not-found]
import _driver  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import _sdk  # type: ignore[import-not-found]

_machine.only_loopback()

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage  # type: ignore[import-not-found]  # noqa: E402
from langchain_openai import ChatOpenAI  # type: ignore[import-not-found]  # noqa: E402


def run_case(case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    trace = _driver.Trace()
    timeout_s = _driver.read_timeout_s(case)
    http_client = _sdk.http_client(lambda request: trace.request_sent())
    model = ChatOpenAI(
        model="gpt-5",
        base_url=case["base_url"],
        api_key="test",
        use_responses_api=True,
        http_client=http_client,
        **({} if timeout_s is None else {"timeout": timeout_s}),
    )
    tools = [{"type": "function", "function": tool} for tool in _chat.functions(case)]
    runnable = model.bind_tools(tools) if tools else model
    leftovers = _machine.Leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        nonlocal trace
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        return run_turn(runnable, messages_of(said), trace)

    turns = _driver.converse(case, call, tell_turn)
    left = leftovers.count()
    _driver.retire(http_client.close)
    return turns, left


def run_turn(runnable: Any, messages: list[Any], trace: Any) -> dict[str, Any]:
    def call() -> Any:
        whole = None
        chunks = runnable.stream(messages)
        for chunk in chunks:
            whole = chunk if whole is None else whole + chunk
            trace.add("text" if chunk.text else "event", str(chunk.text))
            if trace.cancelled:
                chunks.close()
                return None
        return whole, whole.text if whole is not None else None

    result, failure = _driver.attempt(call)
    if failure is not None:
        return {"ended": "raised", "failure": failure, "trace": trace.entries}
    if result is None:
        return {"ended": "cancelled", "trace": trace.entries}
    whole, text = result
    return {**returned(whole, str(text)), "trace": trace.entries}


def returned(whole: Any, text: str) -> dict[str, Any]:
    told = whole.response_metadata
    turn = {
        "ended": "returned",
        "status": _driver.text_of(told.get("status")),
        "items": items_of(whole),
        "text": text,
        "usage": usage_of(whole.usage_metadata),
        **_driver.attached(told),
    }
    return {key: value for key, value in turn.items() if value is not None}


def items_of(whole: Any) -> list[dict[str, Any]]:
    """In the order of its own content where that tells one; calls have a list of their own."""
    reasoning = [
        {"kind": "reasoning", "type": "reasoning", "summary": block["reasoning"]}
        for block in whole.content_blocks
        if block["type"] == "reasoning" and block.get("reasoning")
    ]
    return [*reasoning, *map(_call, whole.tool_calls), *map(_call, whole.invalid_tool_calls)]


def _call(call: dict[str, Any]) -> dict[str, Any]:
    given = call["args"]
    arguments = given if isinstance(given, str) or given is None else json.dumps(given)
    shown = {
        "kind": "function_call",
        "type": "tool_call",
        "call_id": call["id"],
        "name": call["name"],
        "arguments": arguments,
    }
    return {key: value for key, value in shown.items() if value is not None}


def usage_of(usage: Any) -> dict[str, Any] | None:
    if usage is None:
        return None
    counts = {
        "input": usage.get("input_tokens"),
        "output": usage.get("output_tokens"),
        "total": usage.get("total_tokens"),
        "cached": (usage.get("input_token_details") or {}).get("cache_read"),
        "reasoning": (usage.get("output_token_details") or {}).get("reasoning"),
    }
    return {key: value for key, value in counts.items() if value is not None}


def messages_of(said: list[dict[str, Any]]) -> list[Any]:
    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    messages: list[Any] = []
    for step in _chat.steps(said):
        if isinstance(step, _chat.Said):
            messages.append(kinds[step.role](step.text))
        elif isinstance(step, _chat.Called):
            call = {"id": step.call_id, "name": step.name, "args": step.parsed}
            messages.append(AIMessage("", tool_calls=[call]))
        else:
            messages.append(ToolMessage(step.output, tool_call_id=step.call_id))
    return messages


if __name__ == "__main__":
    _driver.serve("langchain-openai", importlib.metadata.version("langchain-openai"), "stream", run_case)
