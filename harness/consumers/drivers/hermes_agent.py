"""hermes-agent's Codex/Responses path on a real ``AIAgent``, in two lanes.

``stream``: the stream runner, ``agent._run_codex_stream(kwargs, client=...)``, present in every release; the client is
what the agent builds for one request (no SDK retries). ``call``: ``agent._interruptible_api_call(kwargs)``, the caller
above it, with its worker thread, its watchdogs and the agent's own client.

Mapping to the outcome:
- ended, failure: what the call raised, else returned. A cancellation is asked for by ``agent.interrupt()``: the
  InterruptedError that may follow is "cancelled", and so is a call that returns what it has till then, of which the
  agent makes that error itself. The flag ``interrupted`` says what the agent can see.
- status, items, usage: ``status``, ``output`` and ``usage`` of the object the lane returns. A returned ``error`` (of a
  failed response) and ``incomplete_details`` become the failure attached to the result, as one cause without a type.
- text: None while there are items, since the agent takes the answer from them; without items ``output_text``, its
  own fallback.
- trace: ``stream_delta_callback`` (text) and ``reasoning_callback``, in order. No release announces a reset. The text
  that the agent's display filters hold back at the end of a call is delivered by the agent when the next call starts;
  the driver asks for it in the same way, at once.
- deadlines of the case become the environment variables a user would set; in the lane ``stream``, which has none of
  its own, the client's time-out.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import threading
from typing import Any

import _driver  # type: ignore[import-not-found]
import _hermes  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import run_agent  # type: ignore[import-not-found]

_PROBE_S = 30.0

_VARIABLES = {
    "first_byte_ms": "HERMES_CODEX_TTFB_TIMEOUT_SECONDS",
    "idle_ms": "HERMES_CODEX_EVENT_STALE_TIMEOUT_SECONDS",
    "total_ms": "HERMES_API_CALL_STALE_TIMEOUT",
}


class Lane:
    """One way into the agent: how it is called, and what client it uses."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._call = {"stream": self._stream, "call": self._whole_call}[name]

    def run_case(self, case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        keep_deadlines(case)
        agent = agent_of(case["base_url"])
        leftovers = _machine.Leftovers()

        def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
            trace = _driver.Trace(case.get("cancel_after") if number == 0 else None, agent.interrupt)
            return self._turn(agent, case, said, trace)

        turns = _driver.converse(case, call, tell_turn)
        return turns, leftovers.count()

    def _turn(self, agent: Any, case: dict[str, Any], said: list[dict[str, Any]], trace: Any) -> dict[str, Any]:
        watch(agent, trace)
        kwargs = agent._get_transport().preflight_kwargs(_hermes.request_of(case, said))
        final, failure = _driver.attempt(lambda: self._call(agent, kwargs, case, trace))
        agent._reset_stream_delivery_tracking()
        flags = {"flags": ["interrupted"]} if getattr(agent, "_interrupt_requested", False) else {}
        if failure is not None:
            asked_for = trace.cancelled and failure["chain"][0]["type"] == "InterruptedError"
            ended = "cancelled" if asked_for else "raised"
            return {"ended": ended, "failure": failure, "trace": trace.entries, **flags}
        stopped = {"ended": "cancelled"} if trace.cancelled else {}
        return {**_hermes.returned(final), "trace": trace.entries, **flags, **stopped}

    @staticmethod
    def _stream(agent: Any, kwargs: dict[str, Any], case: dict[str, Any], trace: Any) -> Any:
        client = _hermes.request_client(case, trace)
        return agent._run_codex_stream(kwargs, client=client)

    @staticmethod
    def _whole_call(agent: Any, kwargs: dict[str, Any], case: dict[str, Any], trace: Any) -> Any:
        count_requests(agent, trace)
        return agent._interruptible_api_call(kwargs)


def watch(agent: Any, trace: Any) -> None:
    """Have the agent tell what it streams."""
    agent.stream_delta_callback = lambda text: trace.add("text", text)
    agent.reasoning_callback = lambda text: trace.add("reasoning", text)


def count_requests(agent: Any, trace: Any) -> None:
    """Hook the clients that the agent builds: a new request is a new attempt."""
    build = type(agent)._create_request_openai_client

    def watched(*args: Any, **given: Any) -> Any:
        client = build(agent, *args, **given)
        client._client.event_hooks["request"].append(trace.request_sent)
        return client

    agent._create_request_openai_client = watched


def keep_deadlines(case: dict[str, Any]) -> None:
    """Set the case's deadlines as a user of the agent would."""
    for key, variable in _VARIABLES.items():
        _set(variable, case.get("timeouts", {}).get(key))


def agent_of(base_url: str) -> Any:
    """An agent as a program that embeds it builds one.

    While it is built, an agent asks its endpoint what it serves. Those errands are no part of a turn, so it is built
    for an address that nobody serves and pointed at the case's server afterwards.
    """
    agent = run_agent.AIAgent(
        base_url="https://nowhere.invalid/v1",
        api_key="test",
        provider="custom",
        api_mode="codex_responses",
        model=_hermes.MODEL,
        quiet_mode=True,
        skip_context_files=True,
        skip_memory=True,
        enabled_toolsets=["todo"],
    )
    agent.base_url = agent._client_kwargs["base_url"] = base_url
    return agent


def warm_up() -> None:
    """Let the first agent of the process start what all later ones share, so that no case is blamed for it.

    Newer releases look once for the Pythons of the machine, in a thread that starts one process after another.
    """
    agent_of("https://nowhere.invalid/v1")
    for thread in threading.enumerate():
        if thread.name == "env-probe":
            thread.join(_PROBE_S)


def _set(variable: str, ms: float | None) -> None:
    if ms is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = str(ms / 1000)


if __name__ == "__main__":
    lane = Lane(sys.argv[1])
    warm_up()
    _driver.serve("hermes-agent", importlib.metadata.version("hermes-agent"), lane.name, lane.run_case)
