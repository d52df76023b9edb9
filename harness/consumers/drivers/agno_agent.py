"""Agno's ``Agent`` on ``OpenAIResponses``, as its documentation shows it: ``run(stream=True)``, and its run output.

Mapping to the outcome:
- a turn is one model response: tools are executed outside (``external_execution``), which pauses the run, and the next
  turn starts with the whole conversation, as a program around it would go on.
- ended, failure: what ``run()`` or its iteration raised; a run error event is the failure of a returned run.
- status: of the run: ``COMPLETED`` and ``PAUSED`` are completed, ``ERROR`` is failed, ``CANCELLED`` cancelled.
- text: ``content``, but of a paused run, where that is a notice of its own, the content of its last message; items: its
  tools and ``reasoning_content``, for its messages are one.
- a call's id: by the messages, for ``tool_call_id`` is a handle of its own, which its next request translates back.
- arguments: ``tool_args``, which it has parsed, printed again as JSON. usage: ``metrics``; zeros where none was stated.
- trace: ``content`` and ``reasoning_content`` of its content events; every other event by its name.
- cancel: the iteration is closed. Time-outs: ``timeout`` of the model; retries: those of the client below.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from typing import Any

os.environ["AGNO_TELEMETRY"] = "false"

import _chat  # type: ignore[import-not-found]
import _driver  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import _sdk  # type: ignore[import-not-found]

_machine.only_loopback()

from agno.agent import Agent  # type: ignore[import-not-found]  # noqa: E402
from agno.models.message import Message  # type: ignore[import-not-found]  # noqa: E402
from agno.models.openai import OpenAIResponses  # type: ignore[import-not-found]  # noqa: E402
from agno.run.agent import RunOutput  # type: ignore[import-not-found]  # noqa: E402
from agno.tools.function import Function  # type: ignore[import-not-found]  # noqa: E402

STATUS = {"COMPLETED": "completed", "PAUSED": "completed", "ERROR": "failed", "CANCELLED": "cancelled"}


def run_case(case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    trace = _driver.Trace()
    http_client = _sdk.http_client(lambda request: trace.request_sent())
    timeout_s = _driver.read_timeout_s(case)
    leftovers = _machine.Leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        nonlocal trace
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        model = OpenAIResponses(
            id="gpt-5", base_url=case["base_url"], api_key="test", http_client=http_client, timeout=timeout_s
        )
        agent = Agent(model=model, tools=[_tool(tool) for tool in _chat.functions(case)], telemetry=False)
        return run_turn(agent, list(map(message_of, _chat.steps(said))), trace)

    turns = _driver.converse(case, call, tell_turn)
    left = leftovers.count()
    _driver.retire(http_client.close)
    return turns, left


def run_turn(agent: Any, messages: list[Any], trace: Any) -> dict[str, Any]:
    errors: list[Any] = []

    def call() -> Any:
        final = None
        events = agent.run(messages, stream=True, stream_events=True, yield_run_output=True)
        for event in events:
            if isinstance(event, RunOutput):
                final = event
                continue
            record(trace, event, errors)
            if trace.cancelled:
                events.close()
                return None
        return (final,)

    result, failure = _driver.attempt(call)
    if failure is not None:
        return {"ended": "raised", "failure": failure, "trace": trace.entries}
    if result is None:
        return {"ended": "cancelled", "trace": trace.entries}
    told = {**returned(result[0]), **({"failure": {"chain": errors}} if errors else {})}
    return {"ended": "returned", **told, "trace": trace.entries}


def record(trace: Any, event: Any, errors: list[Any]) -> None:
    kind = _driver.get(event, "event")
    text = _driver.text_of(_driver.get(event, "content")) if kind == "RunContent" else None
    thought = _driver.text_of(_driver.get(event, "reasoning_content")) if kind == "RunContent" else None
    if kind == "RunError":
        details = {name: _driver.get(event, name) for name in ("error_type", "error_id", "additional_data")}
        errors.append(
            {"type": "attached", "message": str(_driver.get(event, "content")), "details": _driver.as_json(details)}
        )
    for strand, told in (("text", text), ("reasoning", thought)):
        if told:
            trace.add(strand, told)
    if not text and not thought:
        trace.add("event", kind)


def returned(output: Any) -> dict[str, Any]:
    if output is None:
        return {}
    status = getattr(output.status, "value", output.status)
    thought = _driver.text_of(output.reasoning_content)
    called = (call for message in output.messages or () for call in message.tool_calls or ())
    call_ids = {call.get("id"): call.get("call_id") for call in called}
    items = [{"kind": "reasoning", "type": "reasoning_content", "summary": thought}] if thought else []
    turn = {
        "status": STATUS.get(str(status).upper()),
        "text": _driver.text_of(_said_last(output) if output.is_paused else output.content),
        "items": items + [_call(tool, call_ids) for tool in output.tools or ()],
        "usage": usage_of(output.metrics),
    }
    return {key: value for key, value in turn.items() if value is not None}


def _said_last(output: Any) -> Any:
    return output.messages[-1].content if output.messages else None


def _call(tool: Any, call_ids: dict[Any, Any]) -> dict[str, Any]:
    shown = {
        "kind": "function_call",
        "type": "tool",
        "call_id": _driver.text_of(call_ids.get(tool.tool_call_id, tool.tool_call_id)),
        "name": _driver.text_of(tool.tool_name),
        "arguments": json.dumps(tool.tool_args) if tool.tool_args is not None else None,
    }
    return {key: value for key, value in shown.items() if value is not None}


def usage_of(metrics: Any) -> dict[str, Any] | None:
    if metrics is None:
        return None
    return {
        "input": metrics.input_tokens,
        "output": metrics.output_tokens,
        "total": metrics.total_tokens,
        "cached": metrics.cache_read_tokens,
        "reasoning": metrics.reasoning_tokens,
    }


def _tool(spec: dict[str, Any]) -> Any:
    return Function(**spec, external_execution=True, skip_entrypoint_processing=True)


def message_of(step: Any) -> Any:
    if isinstance(step, _chat.Said):
        return Message(role=step.role, content=step.text)
    if isinstance(step, _chat.Called):
        function = {"name": step.name, "arguments": step.arguments}
        return Message(
            role="assistant",
            tool_calls=[{"id": step.call_id, "call_id": step.call_id, "type": "function", "function": function}],
        )
    return Message(role="tool", tool_call_id=step.call_id, content=step.output)


if __name__ == "__main__":
    _driver.serve("agno", importlib.metadata.version("agno"), "run", run_case)
