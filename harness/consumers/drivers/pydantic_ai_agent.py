"""Pydantic AI's ``Agent`` on ``OpenAIResponsesModel``, as its documentation shows it, in two lanes.

``stream``: ``agent.run_stream()``, whose text is streamed and whose result is what the agent takes for final.
``events``: ``agent.run_stream_events()``, the whole run, event by event, with its result as the last one.

Mapping to the outcome:
- a turn is one model response: tools are external (``ExternalToolset``), so a call ends the run with
  ``DeferredToolRequests``, and the next turn starts with the whole conversation. Nothing is asked a second time because
  an answer did not suit (``retries=0``).
- ended, failure: what the run raised; else returned.
- text: the result's ``output`` where it is a text, else the text parts of the last response; the answer is judged by
  it. items: the parts of the last response, which the next turn is told.
- usage: that of the run, which is one response; it has zeros where nothing was stated. status: it claims none.
- trace: deltas and first contents of parts in ``events``, the text's deltas in ``stream``; other events by their kind.
- cancel: the loop is left by ``break``, and so is the context, where there is one. Time-outs: the ``timeout`` of the
  model settings.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import sys
from functools import partial
from typing import Any

import _driver  # type: ignore[import-not-found]
import _loop  # type: ignore[import-not-found]
import pydantic_ai_direct as direct  # type: ignore[import-not-found]
from pydantic_ai import Agent  # type: ignore[import-not-found]
from pydantic_ai.tools import DeferredToolRequests  # type: ignore[import-not-found]
from pydantic_ai.toolsets import ExternalToolset  # type: ignore[import-not-found]


def run_case(lane: str, loop: Any, case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    trace = _driver.Trace()
    client, model = direct.model_of(case, lambda request: trace.request_sent())
    settings = direct.settings_of(case)
    tools = direct.tools_of(case)
    external = {"output_type": [str, DeferredToolRequests], "toolsets": [ExternalToolset(tools)]} if tools else {}
    leftovers = loop.leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        nonlocal trace
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        agent = Agent(model, retries=0, model_settings=settings, **external)
        done: dict[str, Any] = loop.run(LANES[lane](agent, direct.messages_of(said), trace))
        return done

    turns = _driver.converse(case, call, tell_turn)
    left = leftovers.count()
    _driver.retire(lambda: loop.run(client.close()))
    return turns, left


async def streamed(agent: Any, said: list[Any], trace: Any) -> dict[str, Any]:
    try:
        async with agent.run_stream(message_history=said) as result:
            async for delta in result.stream_text(delta=True, debounce_by=None):
                trace.add("text", delta)
                if trace.cancelled:
                    return {"ended": "cancelled", "trace": trace.entries}
            output = await result.get_output()
            usage = result.usage if not callable(result.usage) else result.usage()
    except Exception as error:  # noqa: BLE001 (whatever it raises is the outcome)
        return {"ended": "raised", "failure": _driver.describe(error), "trace": trace.entries}
    return {**returned(output, result.new_messages(), usage), "trace": trace.entries}


async def told(agent: Any, said: list[Any], trace: Any) -> dict[str, Any]:
    result = None
    events = agent.run_stream_events(message_history=said)
    # Since 1.92 its documentation has the events in a context, which closes the response when it is left.
    context = events if hasattr(events, "__aenter__") else contextlib.nullcontext(events)
    try:
        async with context as stream:
            async for event in stream:
                if event.event_kind == "agent_run_result":
                    result = event.result
                    continue
                direct.record(trace, event)
                if trace.cancelled:
                    break
    except Exception as error:  # noqa: BLE001 (whatever it raises is the outcome)
        return {"ended": "raised", "failure": _driver.describe(error), "trace": trace.entries}
    if result is None:
        return {"ended": "cancelled", "trace": trace.entries}
    usage = result.usage if not callable(result.usage) else result.usage()
    return {**returned(result.output, result.new_messages(), usage), "trace": trace.entries}


LANES = {"stream": streamed, "events": told}


def returned(output: Any, messages: list[Any], usage: Any) -> dict[str, Any]:
    responses = [message for message in messages if message.kind == "response"]
    parts = [direct.item_of(part) for part in responses[-1].parts] if responses else []
    texts = [part["text"] for part in parts if part["kind"] == "message"]
    turn = {
        "ended": "returned",
        "items": parts,
        "text": output if isinstance(output, str) else "".join(texts) or None,
        "usage": direct.usage_of(usage),
    }
    return {key: value for key, value in turn.items() if value is not None}


if __name__ == "__main__":
    lane = sys.argv[1]
    version = importlib.metadata.version("pydantic-ai-slim")
    _driver.serve("pydantic-ai-slim", version, lane, partial(run_case, lane, _loop.Loop()))
