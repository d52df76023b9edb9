"""Pydantic AI's ``OpenAIResponsesModel`` through ``direct.model_request_stream()``, as its documentation shows it.

Mapping to the outcome:
- ended, failure: what opening, iterating or ``get()`` raised; else returned.
- items: the parts of the response: text, thinking and tool calls, each as it is; text parts are the messages.
- status: ``finish_reason`` (``stop``, ``tool_call`` are completed, ``length``, ``content_filter`` incomplete, ``error``
  failed).
- flags: its ``state`` where that is not ``complete``.
- arguments: ``args`` as it holds them, a text, or an object printed as JSON.
- usage: ``usage``; it has zeros where nothing was stated. text: the text parts, joined.
- trace: deltas and first contents of parts; every other event by its kind.
- cancel: the context is left. Time-outs: the ``timeout`` of the model settings; retries: those of the client below.
"""

from __future__ import annotations

import importlib.metadata
import json
from functools import partial
from typing import Any

import _chat  # type: ignore[import-not-found]
import _driver  # type: ignore[import-not-found]
import _loop  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import _sdk  # type: ignore[import-not-found]

_machine.only_loopback()

import openai  # noqa: E402
from pydantic_ai import direct, messages  # type: ignore[import-not-found]  # noqa: E402
from pydantic_ai.models import ModelRequestParameters  # type: ignore[import-not-found]  # noqa: E402
from pydantic_ai.models.openai import OpenAIResponsesModel  # type: ignore[import-not-found]  # noqa: E402
from pydantic_ai.providers.openai import OpenAIProvider  # type: ignore[import-not-found]  # noqa: E402
from pydantic_ai.tools import ToolDefinition  # type: ignore[import-not-found]  # noqa: E402

STATUS = {
    "stop": "completed",
    "tool_call": "completed",
    "length": "incomplete",
    "content_filter": "incomplete",
    "error": "failed",
}
MARKS = {"incomplete": "incomplete", "interrupted": "interrupted", "suspended": "unfinished"}


def run_case(loop: Any, case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    trace = _driver.Trace()

    client, model = model_of(case, lambda request: trace.request_sent())
    settings = settings_of(case)
    tools = tools_of(case)
    leftovers = loop.leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        nonlocal trace
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        asked = {
            "model_settings": settings,
            "model_request_parameters": ModelRequestParameters(function_tools=tools),
        }
        done: dict[str, Any] = loop.run(run_turn(model, messages_of(said), asked, trace))
        return done

    turns = _driver.converse(case, call, tell_turn)
    left = leftovers.count()
    _driver.retire(lambda: loop.run(client.close()))
    return turns, left


def model_of(case: dict[str, Any], on_request: Any) -> tuple[Any, Any]:
    """The SDK client below, to be closed when the case is over, and the model on it."""
    client = openai.AsyncOpenAI(
        base_url=case["base_url"], api_key="test", http_client=_sdk.async_http_client(on_request)
    )
    return client, OpenAIResponsesModel("gpt-5", provider=OpenAIProvider(openai_client=client))


def tools_of(case: dict[str, Any]) -> list[Any]:
    """The case's function tools, as definitions without a function behind them."""
    return [
        ToolDefinition(name=tool["name"], description=tool["description"], parameters_json_schema=tool["parameters"])
        for tool in _chat.functions(case)
    ]


def settings_of(case: dict[str, Any]) -> dict[str, Any]:
    timeout_s = _driver.read_timeout_s(case)
    return {} if timeout_s is None else {"timeout": timeout_s}


async def run_turn(model: Any, said: list[Any], asked: dict[str, Any], trace: Any) -> dict[str, Any]:
    try:
        async with direct.model_request_stream(model, said, **asked) as stream:
            async for event in stream:
                record(trace, event)
                if trace.cancelled:
                    return {"ended": "cancelled", "trace": trace.entries}
            response = stream.get()
    except Exception as error:  # noqa: BLE001 (whatever it raises is the outcome)
        return {"ended": "raised", "failure": _driver.describe(error), "trace": trace.entries}
    return {**returned(response), "trace": trace.entries}


def record(trace: Any, event: Any) -> None:
    kind = event.event_kind
    told = event.part if kind == "part_start" else event.delta if kind == "part_delta" else None
    strand = _strand(told)
    if strand is None:
        trace.add("event", kind)
    else:
        trace.add(*strand)


def _strand(told: Any) -> tuple[str, Any] | None:
    kind = _driver.get(told, "part_delta_kind") or _driver.get(told, "part_kind")
    if kind == "text":
        return "text", _driver.get(told, "content_delta") or _driver.get(told, "content")
    if kind == "thinking":
        return "reasoning", _driver.get(told, "content_delta") or _driver.get(told, "content")
    return None


def returned(response: Any) -> dict[str, Any]:
    parts = [item_of(part) for part in response.parts]
    texts = [part["text"] for part in parts if part["kind"] == "message"]
    turn = {
        "ended": "returned",
        "status": STATUS.get(response.finish_reason),
        "items": parts,
        "text": "".join(texts) if texts else None,
        "usage": usage_of(response.usage),
        "flags": [mark for mark in [MARKS.get(_driver.get(response, "state"))] if mark],
    }
    return {key: value for key, value in turn.items() if value is not None}


def item_of(part: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": "other", "type": part.part_kind, "id": _driver.text_of(_driver.get(part, "id"))}
    if part.part_kind == "text":
        shown |= {"kind": "message", "text": part.content}
    elif part.part_kind == "thinking":
        shown |= {"kind": "reasoning", "summary": part.content, "encrypted": _driver.text_of(part.signature)}
    elif part.part_kind == "tool-call":
        arguments = part.args if part.args is None or isinstance(part.args, str) else json.dumps(part.args)
        shown |= {
            "kind": "function_call",
            "call_id": part.tool_call_id,
            "name": part.tool_name,
            "arguments": arguments or "",
        }
    return {key: value for key, value in shown.items() if value is not None}


def usage_of(usage: Any) -> dict[str, Any]:
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "total": usage.total_tokens,
        "cached": usage.cache_read_tokens,
        "reasoning": usage.details.get("reasoning_tokens", 0),
    }


def messages_of(said: list[dict[str, Any]]) -> list[Any]:
    made: list[Any] = []
    for step in _chat.steps(said):
        if isinstance(step, _chat.Answered):
            part = messages.ToolReturnPart(tool_name=step.name, content=step.output, tool_call_id=step.call_id)
            made.append(messages.ModelRequest(parts=[part]))
        elif isinstance(step, _chat.Called):
            call = messages.ToolCallPart(tool_name=step.name, args=step.arguments, tool_call_id=step.call_id)
            made.append(messages.ModelResponse(parts=[call]))
        elif step.role == "assistant":
            made.append(messages.ModelResponse(parts=[messages.TextPart(step.text)]))
        else:
            kind = messages.SystemPromptPart if step.role == "system" else messages.UserPromptPart
            made.append(messages.ModelRequest(parts=[kind(step.text)]))
    return made


if __name__ == "__main__":
    _driver.serve(
        "pydantic-ai-slim", importlib.metadata.version("pydantic-ai-slim"), "direct", partial(run_case, _loop.Loop())
    )
