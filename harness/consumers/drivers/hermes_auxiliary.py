"""hermes-agent's auxiliary client: ``CodexAuxiliaryClient(client, model).chat.completions.create(...)``, which its
summaries, titles and tools call in place of a chat completions client.

Mapping to the outcome:
- ended, failure: what ``create`` raised, else returned.
- status: its ``finish_reason`` (``stop`` and ``tool_calls`` are completed), which is the flag as well.
- text: ``content``, none is an empty one; items: ``tool_calls``, for its message has no place for anything else.
- usage: its three counts.
- trace: empty, because it tells nothing while it runs; so no case can cancel it at a callback.
- time-outs: a total deadline is its ``timeout``, which it keeps by itself; a silence is the client's.
- client: as the agent builds one for a request. Retries: none of its own.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any

import _chat  # type: ignore[import-not-found]
import _completions  # type: ignore[import-not-found]
import _driver  # type: ignore[import-not-found]
import _hermes  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
from agent.auxiliary_client import CodexAuxiliaryClient  # type: ignore[import-not-found]


def run_case(case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    leftovers = _machine.Leftovers()
    turns = _driver.converse(case, lambda said, number: run_turn(case, said), tell_turn)
    return turns, leftovers.count()


def run_turn(case: dict[str, Any], said: list[dict[str, Any]]) -> dict[str, Any]:
    client = CodexAuxiliaryClient(_hermes.request_client(case, _driver.Trace()), _hermes.MODEL)
    completion, failure = _driver.attempt(lambda: client.chat.completions.create(**arguments_of(case, said)))
    if failure is not None:
        return {"ended": "raised", "failure": failure}
    (choice,) = completion.choices
    turn = {
        "ended": "returned",
        "status": _completions.STATUS.get(choice.finish_reason),
        "text": _driver.text_of(choice.message.content) or "",
        "items": _completions.items_of(choice.message),
        "usage": _completions.usage_of(completion.usage),
        "flags": [str(choice.finish_reason)],
    }
    return {key: value for key, value in turn.items() if value is not None}


def arguments_of(case: dict[str, Any], said: list[dict[str, Any]]) -> dict[str, Any]:
    """The call as a program of chat completions makes it."""
    tools = _completions.tools_of(case)
    total_ms = case.get("timeouts", {}).get("total_ms")
    return {
        "model": _hermes.MODEL,
        "messages": list(map(_completions.message_of, _chat.steps(said))),
        **({"tools": tools} if tools else {}),
        **({"timeout": total_ms / 1000} if total_ms else {}),
    }


if __name__ == "__main__":
    _driver.serve("hermes-agent", importlib.metadata.version("hermes-agent"), "auxiliary", run_case)
