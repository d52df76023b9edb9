"""Strands' ``Agent`` on ``OpenAIResponsesModel``, as its documentation shows it: ``stream_async()`` and its result.

Mapping to the outcome:
- a turn is one model response: its tools stop the loop (``stop_event_loop``), and the next turn starts with the whole
  conversation, as a program around it would go on.
- ended, failure: what ``stream_async()`` raised; else returned.
- status: ``stop_reason`` (``end_turn``, ``tool_use`` are completed, ``max_tokens``, ``content_filtered`` incomplete,
  ``cancelled`` cancelled).
- items: the blocks of its message: text, with citations or without, tool uses, reasoning; text: those of text, joined.
- arguments: ``input``, which it has parsed, printed again as JSON. usage: ``accumulated_usage`` of a fresh agent.
- trace: ``data`` and ``reasoningText`` of its events; every other event by its keys.
- cancel: the iteration is closed. Time-outs: the client's ``timeout``; retries: those of the client below and its own,
  as many as by default but without its pauses, which are two minutes altogether.
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

_machine.only_loopback()

from strands import Agent, ModelRetryStrategy  # type: ignore[import-not-found]  # noqa: E402
from strands.models.openai_responses import OpenAIResponsesModel  # type: ignore[import-not-found]  # noqa: E402
from strands.tools.tools import PythonAgentTool  # type: ignore[import-not-found]  # noqa: E402

STATUS = {
    "end_turn": "completed",
    "tool_use": "completed",
    "stop_sequence": "completed",
    "max_tokens": "incomplete",
    "content_filtered": "incomplete",
    "guardrail_intervened": "incomplete",
    "cancelled": "cancelled",
}


def run_case(loop: Any, case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    timeout_s = _driver.read_timeout_s(case)
    client_args = {"base_url": case["base_url"], "api_key": "test"}
    model = OpenAIResponsesModel(
        client_args={**client_args, **({} if timeout_s is None else {"timeout": timeout_s})}, model_id="gpt-5"
    )
    tools = [_tool(tool) for tool in _chat.functions(case)]
    leftovers = loop.leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        done: dict[str, Any] = loop.run(run_turn(model, tools, said, trace))
        return done

    turns = _driver.converse(case, call, tell_turn)
    return turns, leftovers.count()


async def run_turn(model: Any, tools: list[Any], said: list[dict[str, Any]], trace: Any) -> dict[str, Any]:
    steps = list(_chat.steps(said))
    system = "\n".join(step.text for step in steps if isinstance(step, _chat.Said) and step.role == "system")
    messages = [message for message in map(message_of, steps) if message is not None]
    result = None
    try:
        agent = Agent(
            model=model,
            tools=tools,
            system_prompt=system or None,
            callback_handler=None,
            messages=[],
            retry_strategy=ModelRetryStrategy(initial_delay=0),
        )
        events = agent.stream_async(merged(messages))
        async for event in events:
            result = event.get("result", result)
            record(trace, event)
            if trace.cancelled:
                await events.aclose()
                return {"ended": "cancelled", "trace": trace.entries}
    except Exception as error:  # noqa: BLE001 (whatever it raises is the outcome)
        return {"ended": "raised", "failure": _driver.describe(error), "trace": trace.entries}
    return {**returned(result), "trace": trace.entries}


def record(trace: Any, event: dict[str, Any]) -> None:
    if isinstance(event.get("data"), str):
        trace.add("text", event["data"])
    elif isinstance(event.get("reasoningText"), str):
        trace.add("reasoning", event["reasoningText"])
    else:
        trace.add("event", ",".join(sorted(event)))


def returned(result: Any) -> dict[str, Any]:
    if result is None:
        return {"ended": "returned"}
    items = [item for item in map(_item, result.message.get("content", ())) if item]
    texts = [item["text"] for item in items if item["kind"] == "message"]
    usage = result.metrics.accumulated_usage
    turn = {
        "ended": "returned",
        "status": STATUS.get(result.stop_reason),
        "items": items,
        "text": "".join(texts) if texts else None,
        "usage": {
            "input": usage.get("inputTokens"),
            "output": usage.get("outputTokens"),
            "total": usage.get("totalTokens"),
            "cached": usage.get("cacheReadInputTokens", 0),
        },
    }
    return {key: value for key, value in turn.items() if value is not None}


def _item(block: dict[str, Any]) -> dict[str, Any] | None:
    if "text" in block:
        return {"kind": "message", "type": "text", "text": block["text"]}
    if "citationsContent" in block:
        said = [part.get("text") or "" for part in block["citationsContent"].get("content") or ()]
        return {"kind": "message", "type": "citationsContent", "text": "".join(said)}
    if "reasoningContent" in block:
        return {
            "kind": "reasoning",
            "type": "reasoningContent",
            "summary": block["reasoningContent"].get("reasoningText", {}).get("text", ""),
        }
    if "toolUse" not in block:
        return None
    use = block["toolUse"]
    return {
        "kind": "function_call",
        "type": "toolUse",
        "call_id": use["toolUseId"],
        "name": use["name"],
        "arguments": use["input"] if isinstance(use["input"], str) else json.dumps(use["input"]),
    }


def _tool(spec: dict[str, Any]) -> Any:
    def answer(use: Any, **context: Any) -> dict[str, Any]:
        context["request_state"]["stop_event_loop"] = True
        return {"toolUseId": use["toolUseId"], "status": "success", "content": [{"text": "ok"}]}

    described = {
        "name": spec["name"],
        "description": spec["description"],
        "inputSchema": {"json": spec["parameters"]},
    }
    return PythonAgentTool(spec["name"], described, answer)


def message_of(step: Any) -> dict[str, Any] | None:
    if isinstance(step, _chat.Called):
        use = {"toolUseId": step.call_id, "name": step.name, "input": step.parsed}
        return {"role": "assistant", "content": [{"toolUse": use}]}
    if isinstance(step, _chat.Answered):
        result = {"toolUseId": step.call_id, "status": "success", "content": [{"text": step.output}]}
        return {"role": "user", "content": [{"toolResult": result}]}
    if step.role == "system":
        return None
    return {"role": step.role, "content": [{"text": step.text}]}


def merged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of one role as one message: its conversations alternate."""
    whole: list[dict[str, Any]] = []
    for message in messages:
        if whole and whole[-1]["role"] == message["role"]:
            whole[-1]["content"] += message["content"]
        else:
            whole.append(message)
    return whole


if __name__ == "__main__":
    _driver.serve(
        "strands-agents",
        importlib.metadata.version("strands-agents"),
        "stream_async",
        partial(run_case, _loop.Loop()),
    )
