"""hermes-agent whole: ``AIAgent(...).run_conversation(...)``, as a program that embeds the agent calls it.

Mapping to the outcome:
- ended, failure: what it raised; it answers nearly everything by a result. A result that says ``interrupted`` after the
  case's cancellation, ``agent.interrupt()``, is "cancelled".
- status: ``completed`` is completed, ``failed`` failed, else ``partial`` incomplete; none of them claims nothing.
- text: ``final_response``. Its messages are one conversation of its own, so there are no items.
- failure of a result: its ``error``, with ``final_response`` where that only says the same to people: in a result that
  failed, or word by word the error. It is no text of the answer then.
- usage: its session's prompt, completion, total, cached and reasoning tokens, of a fresh agent each turn.
- trace: ``stream_delta_callback`` (text) and ``reasoning_callback``, in order.
- turns: the messages of the last result are the next turn's ``conversation_history``.
- deadlines: the environment variables, as in the driver of the API call. Retries and their back-off: its own, in full.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any

import _driver  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import hermes_agent  # type: ignore[import-not-found]


class Conversation:
    """What one case's turns hand on: the messages so far."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._case = case
        self._history: list[dict[str, Any]] = []

    def turn(self, said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        agent = hermes_agent.agent_of(self._case["base_url"])
        trace = _driver.Trace(self._case.get("cancel_after") if number == 0 else None, agent.interrupt)
        hermes_agent.watch(agent, trace)
        hermes_agent.count_requests(agent, trace)
        asked = prompt_of(said)
        result, failure = _driver.attempt(
            lambda: agent.run_conversation(asked, conversation_history=list(self._history))
        )
        _driver.retire(agent.close)
        if failure is not None:
            return {"ended": "raised", "failure": failure, "trace": trace.entries}
        self._history = result["messages"]
        return {**returned(result, trace), "trace": trace.entries}


def run_case(case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    hermes_agent.keep_deadlines(case)
    leftovers = _machine.Leftovers()
    turns = _driver.converse(case, Conversation(case).turn, tell_turn)
    return turns, leftovers.count()


def returned(result: dict[str, Any], trace: Any) -> dict[str, Any]:
    """The result of ``run_conversation`` as a turn."""
    interrupted = bool(result.get("interrupted"))
    answer, error = result.get("final_response"), result.get("error")
    own_words = bool(error) and (bool(result.get("failed")) or answer == error)
    turn = {
        "ended": "cancelled" if interrupted and trace.cancelled else "returned",
        "status": next((status for key, status in _STATUS.items() if result.get(key)), None),
        "text": None if own_words else _driver.text_of(answer),
        "usage": usage_of(result),
        "flags": ["interrupted"] if interrupted else None,
    }
    told = {"message": error, **({"final_response": answer} if own_words else {})}
    failure = _driver.attached({"error": told}) if error else {}
    return {key: value for key, value in turn.items() if value is not None} | failure


_STATUS = {"completed": "completed", "failed": "failed", "partial": "incomplete"}


def usage_of(result: dict[str, Any]) -> dict[str, Any] | None:
    """Its counts; a result that was returned early has none."""
    names = {
        "input": "prompt_tokens",
        "output": "completion_tokens",
        "total": "total_tokens",
        "cached": "cache_read_tokens",
        "reasoning": "reasoning_tokens",
    }
    return {name: result[key] for name, key in names.items() if key in result} or None


def prompt_of(said: list[dict[str, Any]]) -> str:
    """What the user says last: all before it, the agent is given as its own history."""
    content = next((item["content"] for item in reversed(said) if item.get("role") == "user"), "go on")
    return content if isinstance(content, str) else "\n".join(part.get("text") or "" for part in content)


if __name__ == "__main__":
    hermes_agent.warm_up()
    _driver.serve("hermes-agent", importlib.metadata.version("hermes-agent"), "agent", run_case)
