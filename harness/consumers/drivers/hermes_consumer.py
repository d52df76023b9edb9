"""hermes-agent's event consumer alone: the SDK's ``responses.create(stream=True)`` into
``agent.codex_runtime._consume_codex_event_stream``, as both of its callers there use it.

Mapping to the outcome:
- ended, failure: what opening, the iteration or the consumer raised, else returned.
- status, items, text, usage, attached failure: of the object it returns, as in the driver of the stream runner.
- trace: ``on_text_delta`` and ``on_reasoning_delta``, in order.
- cancel: ``interrupt_check`` says so from then on. The consumer breaks off and returns what it has, by the status it
  had till then. Its caller, who said stop, makes an InterruptedError of that: the call is "cancelled", and flagged
  ``interrupted``.
- the stream is closed after the call, as its callers do. There are no retries: those are theirs. Time-outs: the
  client's.
- the lane ``handed``: the same on bytes that the case brings along, decoded by the SDK and left as plain mappings: the
  consumer takes them as well, and the SDK's models are most of what a case costs.
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
    case: dict[str, Any], tell_turn: Any, source_of: Callable[..., Callable[[], Any]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    leftovers = _machine.Leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        return run_turn(source_of(case, said, trace), trace)

    turns = _driver.converse(case, call, tell_turn)
    return turns, leftovers.count()


def run_turn(source: Callable[[], Any], trace: Any) -> dict[str, Any]:
    def call() -> Any:
        with source() as events:
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
    stopped = {"ended": "cancelled"} if trace.cancelled else {}
    return {**_hermes.returned(final), "trace": trace.entries, **flags, **stopped}


def opened(case: dict[str, Any], said: list[dict[str, Any]], trace: Any) -> Callable[[], Any]:
    client = _hermes.request_client(case, trace)
    return partial(client.responses.create, **_hermes.request_of(case, said), stream=True)


def handed(case: dict[str, Any], said: list[dict[str, Any]], trace: Any) -> Callable[[], Any]:
    import _handed  # type: ignore[import-not-found]

    trace.request_sent()
    return partial(_handed.plain_events, case)


if __name__ == "__main__":
    source = handed if sys.argv[1:] == ["handed"] else opened
    version = importlib.metadata.version("hermes-agent")
    _driver.serve("hermes-agent", version, "consumer", partial(run_case, source_of=source))
