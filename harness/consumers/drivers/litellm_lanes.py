"""LiteLLM in two lanes, as its documentation shows them.

``responses``: ``litellm.responses(stream=True)``, iterated. ``completion``: ``litellm.completion(stream=True)`` on a
model that has the Responses API alone, bridged by LiteLLM; its ``stream_chunk_builder()`` puts the chunks together.

Mapping to the outcome:
- ended, failure: what the call, the iteration or the builder raised; else returned.
- responses: the stream is events, and whatever they add up to is its user's work: it assembles nothing.
- completion: status by ``finish_reason`` (``stop``, ``tool_calls`` are completed, ``length``, ``content_filter``
  incomplete); text: the message's ``content``; items: its tool calls and ``reasoning_content``; usage: ``usage``.
- trace: deltas as they come; every other event by its type.
- client: its own, and new for each case. cancel: the iteration ends. Time-outs: ``timeout``; retries: ``max_retries``
  at its default.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import _chat  # type: ignore[import-not-found]
import _completions  # type: ignore[import-not-found]
import _driver  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]

_machine.only_loopback()

import litellm  # type: ignore[import-not-found]  # noqa: E402

litellm.telemetry = False


def run_case(case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    # It keeps its HTTP clients for an hour: a connection to the server of another case is none of this one's.
    litellm.in_memory_llm_clients_cache.flush_cache()
    leftovers = _machine.Leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        result, failure = _driver.attempt(lambda: LANES[lane](case, said, trace))
        if failure is not None:
            return {"ended": "raised", "failure": failure, "trace": trace.entries}
        if result is None:
            return {"ended": "cancelled", "trace": trace.entries}
        told = {key: value for key, value in result.items() if value is not None}
        return {"ended": "returned", **told, "trace": trace.entries}

    return _driver.converse(case, call, tell_turn), leftovers.count()


def shared(case: dict[str, Any]) -> dict[str, Any]:
    timeout_s = _driver.read_timeout_s(case)
    return {
        "api_base": case["base_url"],
        "api_key": "test",
        "stream": True,
        **({} if timeout_s is None else {"timeout": timeout_s}),
    }


def responses(case: dict[str, Any], said: list[dict[str, Any]], trace: Any) -> dict[str, Any] | None:
    tools = {"tools": case["tools"]} if case.get("tools") else {}
    for event in litellm.responses(model="openai/gpt-5", input=said, **tools, **shared(case)):
        trace.add_event(event)
        if trace.cancelled:
            return None
    return {}


def completion(case: dict[str, Any], said: list[dict[str, Any]], trace: Any) -> dict[str, Any] | None:
    tools = _completions.tools_of(case)
    messages = list(map(_completions.message_of, _chat.steps(said)))
    chunks = []
    for chunk in litellm.completion(
        model="openai/responses/gpt-5",
        messages=messages,
        stream_options={"include_usage": True},
        **({"tools": tools} if tools else {}),
        **shared(case),
    ):
        chunks.append(chunk)
        record(trace, chunk)
        if trace.cancelled:
            return None
    whole = litellm.stream_chunk_builder(chunks, messages=messages)
    if whole is None:
        return {}
    choice = whole.choices[0]
    return {
        "status": _completions.STATUS.get(choice.finish_reason),
        "text": choice.message.content,
        "items": _completions.items_of(choice.message),
        "usage": _completions.usage_of(_driver.get(whole, "usage")),
    }


def record(trace: Any, chunk: Any) -> None:
    delta = chunk.choices[0].delta if chunk.choices else None
    text, thought = _driver.get(delta, "content"), _driver.get(delta, "reasoning_content")
    if text:
        trace.add("text", text)
    if thought:
        trace.add("reasoning", thought)
    if not text and not thought:
        trace.add("event", chunk.choices[0].finish_reason if chunk.choices else None)


LANES = {"responses": responses, "completion": completion}

if __name__ == "__main__":
    lane = sys.argv[1]
    _driver.serve("litellm", importlib.metadata.version("litellm"), lane, run_case)
