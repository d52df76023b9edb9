"""The OpenAI Agents SDK: one streamed run of one agent, as its documentation shows it.

Mapping to the outcome:
- a turn is one model response: the agent stops when its tools have answered (``stop_on_first_tool``), and the next turn
  starts with the whole conversation, as a program around it would go on.
- ended, failure: what ``run_streamed()`` or its ``stream_events()`` raised; else returned.
- items: ``output`` of the last raw response, which holds the SDK's own items; none when there is no response.
- text: ``final_output`` unless a tool answered, for then it is the tool's answer.
- status: it claims none. usage: that of the last raw response; it has zeros where none was stated.
- trace: the deltas of its raw events; every other event by its type.
- cancel: ``result.cancel()``. Time-outs: the client's ``timeout``; retries: those of the openai client below.
"""

from __future__ import annotations

import importlib.metadata
from functools import partial
from typing import Any

import _chat  # type: ignore[import-not-found]
import _driver  # type: ignore[import-not-found]
import _loop  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import _sdk  # type: ignore[import-not-found]

_machine.only_loopback()

import openai  # noqa: E402
from agents import Agent, FunctionTool, Runner, set_tracing_disabled  # type: ignore[import-not-found]  # noqa: E402
from agents.models.openai_responses import OpenAIResponsesModel  # type: ignore[import-not-found]  # noqa: E402

set_tracing_disabled(True)


def run_case(loop: Any, case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    trace = _driver.Trace()

    timeout_s = _driver.read_timeout_s(case)
    client = openai.AsyncOpenAI(
        base_url=case["base_url"],
        api_key="test",
        http_client=_sdk.async_http_client(lambda request: trace.request_sent()),
        **({} if timeout_s is None else {"timeout": timeout_s}),
    )
    agent = Agent(
        name="assistant",
        model=OpenAIResponsesModel(model="gpt-5", openai_client=client),
        tool_use_behavior="stop_on_first_tool",
        tools=[_tool(spec) for spec in _chat.functions(case)],
    )
    leftovers = loop.leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        nonlocal trace
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        done: dict[str, Any] = loop.run(run_turn(agent, said, trace))
        return done

    turns = _driver.converse(case, call, tell_turn)
    left = leftovers.count()
    _driver.retire(lambda: loop.run(client.close()))
    return turns, left


async def run_turn(agent: Any, said: list[dict[str, Any]], trace: Any) -> dict[str, Any]:
    result = None
    try:
        result = Runner.run_streamed(agent, said)
        async for event in result.stream_events():
            record(trace, event)
            if trace.cancelled:
                result.cancel()
    except Exception as error:  # noqa: BLE001 (whatever it raises is the outcome)
        return {"ended": "raised", "failure": _driver.describe(error), "trace": trace.entries}
    if trace.cancelled:
        return {"ended": "cancelled", "trace": trace.entries}
    return {**returned(result), "trace": trace.entries}


def record(trace: Any, event: Any) -> None:
    if event.type != "raw_response_event":
        trace.add("event", getattr(event, "name", event.type))
        return
    trace.add_event(event.data)


def returned(result: Any) -> dict[str, Any]:
    response = result.raw_responses[-1] if result.raw_responses else None
    items = _driver.items_of(response.output) if response is not None else []
    called = any(item["kind"] == "function_call" for item in items or ())
    turn = {
        "ended": "returned",
        "items": items,
        "text": None if called else _driver.text_of(result.final_output),
        "usage": _driver.usage_of(response.usage) if response is not None else None,
    }
    return {key: value for key, value in turn.items() if value is not None}


def _tool(spec: dict[str, Any]) -> Any:
    async def invoke(context: Any, arguments: str) -> str:
        return "ok"

    return FunctionTool(
        name=spec["name"],
        description=spec["description"],
        params_json_schema=spec["parameters"],
        on_invoke_tool=invoke,
        strict_json_schema=False,
    )


if __name__ == "__main__":
    _driver.serve(
        "openai-agents", importlib.metadata.version("openai-agents"), "run_streamed", partial(run_case, _loop.Loop())
    )
