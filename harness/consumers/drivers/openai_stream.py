"""The openai SDK's ``responses.stream()`` helper, as its README shows it: iterate, then ``get_final_response()``.

Mapping to the outcome:
- ended, failure: what the ``with`` block, the iteration or ``get_final_response()`` raised first; else returned.
- status, items, usage: ``status``, ``output`` and ``usage`` of the final response, nothing else.
- text: its ``output_text`` property; a property that raises is the consumer's failure too.
- trace: text, refusal, argument and reasoning deltas as the helper yields them; every other event by its type.
  There are no resets: the helper never retries once a stream is open.
- cancel: leaving the ``with`` block, which is how its user stops a stream.
- retries before the stream opens are the SDK's own (``max_retries`` at its default), with its own back-off.
- time-outs: the shortest silence the case sets is the client's ``timeout``, the only deadline the SDK has.
- client: one a case, without keep-alive, so that any socket alive after the call was left behind by the helper.
- the lane ``handed``: the same, on the client of ``_handed``: the helper over a typed stream without HTTP.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import openai

if __package__:
    from harness.consumers.drivers import _driver, _machine, _sdk
else:
    import _driver  # type: ignore[import-not-found, no-redef]
    import _machine  # type: ignore[import-not-found, no-redef]
    import _sdk  # type: ignore[import-not-found, no-redef]

LANE = "responses.stream"
MODEL = "gpt-5"


def run_turn(client: openai.OpenAI, request: dict[str, Any], trace: _driver.Trace) -> dict[str, Any]:
    """One call of the helper as one turn of the outcome."""

    def call() -> tuple[Any, str] | None:
        with client.responses.stream(**request) as stream:
            for event in stream:
                record(trace, event)
                if trace.cancelled:
                    return None
            final = stream.get_final_response()
            return final, final.output_text

    return turn_of(call, trace)


def turn_of(call: Callable[[], tuple[Any, str] | None], trace: _driver.Trace) -> dict[str, Any]:
    """What ``call`` comes to: the final response and its text, an error, or None because it was cancelled."""
    result, failure = _driver.attempt(call)
    if failure is not None:
        return {"ended": "raised", "failure": failure, "trace": trace.entries}
    if result is None:
        return {"ended": "cancelled", "trace": trace.entries}
    final, text = result
    return {
        "ended": "returned",
        "status": _driver.text_of(final.status),
        "items": _driver.items_of(final.output),
        "text": _driver.text_of(text),
        "usage": _driver.usage_of(final.usage),
        "trace": trace.entries,
        **_driver.attached(final),
    }


def record(trace: _driver.Trace, event: Any) -> None:
    """An event as its user sees it."""
    trace.add_event(event)


def request_of(case: dict[str, Any], said: list[dict[str, Any]]) -> dict[str, Any]:
    """The arguments of one call."""
    tools = {"tools": case["tools"]} if case.get("tools") else {}
    return {"model": MODEL, "input": said, **tools}


def client_of(case: dict[str, Any], on_request: Any) -> openai.OpenAI:
    """The SDK's own HTTP client with its own defaults, but for keep-alive, seen from outside by a request hook."""
    timeout_s = _driver.read_timeout_s(case)
    client = openai.OpenAI(base_url=case["base_url"], api_key="test", http_client=_sdk.http_client(on_request))
    return client if timeout_s is None else client.with_options(timeout=timeout_s)


def run_case(
    case: dict[str, Any],
    tell_turn: Any,
    call_once: Any = run_turn,
    connect: Any = client_of,
    close: Callable[[Any], None] = openai.OpenAI.close,
    count_leftovers: Callable[[], Any] = _machine.Leftovers,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All turns on one client, and what they left behind before the client was closed."""
    leftovers = count_leftovers()
    trace = _driver.Trace()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        nonlocal trace
        trace = _driver.Trace(case.get("cancel_after") if number == 0 else None)
        done: dict[str, Any] = call_once(client, request_of(case, said), trace)
        return done

    client = connect(case, lambda request: trace.request_sent())
    turns = _driver.converse(case, call, tell_turn)
    left = leftovers.count()
    _driver.retire(lambda: close(client))
    return turns, left


def lane_of(call_once: Any) -> Any:
    """``run_case`` with this call in it, on the lane that the driver's argument names."""
    if sys.argv[1:] != ["handed"]:
        return partial(run_case, call_once=call_once)
    import _handed  # type: ignore[import-not-found]

    return partial(run_case, call_once=call_once, connect=_handed.client_of, close=lambda client: None)


if __name__ == "__main__":
    _machine.only_loopback()
    _driver.serve("openai", openai.__version__, LANE, lane_of(run_turn))
