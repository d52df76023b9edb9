"""hermes-agent's event consumer alone: the SDK's ``responses.create(stream=True)`` into
``agent.codex_runtime._consume_codex_event_stream``, as both of its callers there use it.

Mapping to the outcome:
- ended, failure: what opening, the iteration or the consumer raised, else returned.
- status, items, text, usage, attached failure: of the object it returns, as in the driver of the stream runner.
- trace: ``on_text_delta`` and ``on_reasoning_delta``, in order.
- cancel: ``interrupt_check`` says so from then on. The consumer breaks off and returns what it has, by the status it
  had till then; that it was told to stop is the flag ``interrupted``.
- the stream is closed after the call, as its callers do. There are no retries: those are theirs. Time-outs: the
  client's.
- the lane ``handed``: the same, on the client of ``_handed``, whose events are left as plain mappings: the consumer
  takes them as well, and the SDK's models are most of what a case costs.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import _driver  # type: ignore[import-not-found]
import _hermes  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
from agent.codex_runtime import _consume_codex_event_stream  # type: ignore[import-not-found]


def run_case(
    case: dict[str, Any], tell_turn: Any, client_of: Callable[[dict[str, Any], Any], Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    leftovers = _machine.Leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        return run_turn(client_of(case, trace), _hermes.request_of(case, said), trace)

    turns = _driver.converse(case, call, tell_turn)
    return turns, leftovers.count()


def run_turn(client: Any, request: dict[str, Any], trace: Any) -> dict[str, Any]:
    def call() -> Any:
        with client.responses.create(**request, stream=True) as events:
            return _consume_codex_event_stream(
                events,
                model=_hermes.MODEL,
                on_text_delta=lambda text: trace.add("text", text),
                on_reasoning_delta=lambda text: trace.add("reasoning", text),
                interrupt_check=lambda: trace.cancelled,
            )

    final, failure = _driver.attempt(call)
    flags = {"flags": ["interrupted"]} if trace.cancelled else {}
    if failure is not None:
        return {"ended": "raised", "failure": failure, "trace": trace.entries, **flags}
    return {**_hermes.returned(final), "trace": trace.entries, **flags}


def handed_client(case: dict[str, Any], trace: Any) -> Any:
    import _handed  # type: ignore[import-not-found]

    return _handed.client_of(case, trace.request_sent, typed=False)


if __name__ == "__main__":
    lane = handed_client if sys.argv[1:] == ["handed"] else _hermes.request_client
    version = importlib.metadata.version("hermes-agent")
    _driver.serve("hermes-agent", version, "consumer", partial(run_case, client_of=lane))
