"""The openai SDK's ``responses.create(stream=True)``, iterated to its end: a raw event loop, which assembles nothing.

Mapping to the outcome:
- ended, failure: what opening or iterating raised, else returned.
- trace: deltas by kind as in the driver of the helper; every other event as its whole JSON, because a raw loop hands
  its user the event itself, an error frame included.
- items, text, status, usage: absent. Nothing is folded here: a fold would be the driver's, not the SDK's.
- cancel: closing the stream. Client, retries, time-outs and the lane ``handed``: as in the driver of the helper.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import _driver  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import openai
from openai_stream import lane_of  # type: ignore[import-not-found]

LANE = "responses.create(stream=True)"


def run_turn(client: openai.OpenAI, request: dict[str, Any], trace: Any) -> dict[str, Any]:
    """One pass over the events."""

    def call() -> bool:
        with client.responses.create(**request, stream=True) as stream:
            for event in stream:
                record(trace, event)
                if trace.cancelled:
                    return True
        return False

    return turn_of(call, trace)


def turn_of(call: Callable[[], bool], trace: Any) -> dict[str, Any]:
    """What ``call`` comes to: an error, or whether it was cancelled."""
    cancelled, failure = _driver.attempt(call)
    if failure is not None:
        return {"ended": "raised", "failure": failure, "trace": trace.entries}
    return {"ended": "cancelled" if cancelled else "returned", "trace": trace.entries}


def record(trace: Any, event: Any) -> None:
    """An event as its user gets it."""
    kind = _driver.get(event, "type")
    if kind in _driver.DELTAS:
        trace.add(_driver.DELTAS[kind], _driver.get(event, "delta"))
    else:
        trace.add("event", _driver.as_json(event.to_dict()) if hasattr(event, "to_dict") else event)


if __name__ == "__main__":
    _machine.only_loopback()
    _driver.serve("openai", openai.__version__, LANE, lane_of(run_turn))
