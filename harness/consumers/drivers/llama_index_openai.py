"""LlamaIndex's ``OpenAIResponses``, as its documentation shows it: ``stream_chat()``, the last response it yields.

Mapping to the outcome:
- ended, failure: what the call or the iteration raised; else returned.
- text: the text blocks of the last response's message, without the line ends that ``content`` puts between them; items:
  its tool call and thinking blocks, for its messages are one.
- arguments: ``tool_kwargs`` of a block as it holds them, a text, or an object printed as JSON.
- status: it claims none. usage: it gives none but the raw event.
- trace: ``delta`` of every response that has one; any other response is an event.
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

from llama_index.core.base.llms.types import (  # type: ignore[import-not-found]  # noqa: E402
    ChatMessage,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.llms.openai import OpenAIResponses  # type: ignore[import-not-found]  # noqa: E402


def run_case(case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    trace = _driver.Trace()
    http_client = _sdk.http_client(lambda request: trace.request_sent())
    timeout_s = _driver.read_timeout_s(case)
    model = OpenAIResponses(
        model="gpt-5",
        api_base=case["base_url"],
        api_key="test",
        http_client=http_client,
        **({} if timeout_s is None else {"timeout": timeout_s}),
    )
    tools = [{"type": "function", **tool} for tool in _chat.functions(case)]
    leftovers = _machine.Leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        nonlocal trace
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        messages = list(map(message_of, _chat.steps(said)))
        return run_turn(model, messages, {"tools": tools} if tools else {}, trace)

    turns = _driver.converse(case, call, tell_turn)
    left = leftovers.count()
    _driver.retire(http_client.close)
    return turns, left


def run_turn(model: Any, messages: list[Any], asked: dict[str, Any], trace: Any) -> dict[str, Any]:
    def call() -> Any:
        last = None
        responses = model.stream_chat(messages, **asked)
        for last in responses:
            trace.add("text" if last.delta else "event", last.delta or _driver.get(last.raw, "type"))
            if trace.cancelled:
                responses.close()
                return None
        return (last,)

    result, failure = _driver.attempt(call)
    if failure is not None:
        return {"ended": "raised", "failure": failure, "trace": trace.entries}
    if result is None:
        return {"ended": "cancelled", "trace": trace.entries}
    message = _driver.get(result[0], "message")
    turn = {
        "ended": "returned",
        "text": "".join(block.text for block in _driver.get(message, "blocks") or () if isinstance(block, TextBlock)),
        "items": [item for item in map(_item, _driver.get(message, "blocks") or ()) if item],
        "trace": trace.entries,
    }
    return {key: value for key, value in turn.items() if value is not None}


def _item(block: Any) -> dict[str, Any] | None:
    if isinstance(block, ThinkingBlock):
        return {"kind": "reasoning", "type": "thinking", "summary": block.content or ""}
    if not isinstance(block, ToolCallBlock):
        return None
    given = block.tool_kwargs
    shown = {
        "kind": "function_call",
        "type": "tool_call",
        "call_id": _driver.text_of(block.tool_call_id),
        "name": block.tool_name,
        "arguments": given if isinstance(given, str) else json.dumps(given),
    }
    return {key: value for key, value in shown.items() if value is not None}


def message_of(step: Any) -> Any:
    if isinstance(step, _chat.Said):
        return ChatMessage(role=step.role, blocks=[TextBlock(text=step.text)])
    if isinstance(step, _chat.Called):
        block = ToolCallBlock(tool_call_id=step.call_id, tool_name=step.name, tool_kwargs=step.arguments)
        return ChatMessage(role="assistant", blocks=[block])
    return ChatMessage(role="tool", content=step.output, additional_kwargs={"tool_call_id": step.call_id})


if __name__ == "__main__":
    _driver.serve(
        "llama-index-llms-openai", importlib.metadata.version("llama-index-llms-openai"), "stream_chat", run_case
    )
