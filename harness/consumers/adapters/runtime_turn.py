"""One call of the runtime as a turn of the outcome, whatever its events come from.

Mapping: a ``Result`` field by field; ``text`` is its ``all_text``, which is what the text callback was told. A result
that is incomplete carries its ``incomplete_details`` as a failure. An error's partial gives ``partial_text``.
StreamInterrupted, when the case asked for it, is how the runtime says cancelled, and CancelledError is how its async
half does; the trace has its every callback. What the error summary says of an error are the turn's flags.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import httpx

from harness.consumers.adapters.conversation import Trace, failure_of, trace_of
from harness.consumers.drivers import _driver
from harness.contract import Case, Cause, Failure, Item, Turn, Usage
from harness.contract.outcome import Ended
from harness.runtime import Callbacks, Deadlines, Result, StreamInterrupted, summarize
from harness.runtime import Item as RuntimeItem
from harness.runtime.deadlines import DEFAULT


def turn_of_call(call: Callable[[Callbacks], Result], trace: Trace) -> Turn:
    """Make the call with callbacks that write the trace."""
    try:
        return turn_of_result(call(callbacks_of(trace)), trace)
    except Exception as error:  # noqa: BLE001 (whatever escapes is the outcome)
        return turn_of_error(error, trace)


def callbacks_of(trace: Trace) -> Callbacks:
    """Every callback writes the trace, and the interrupt check obeys it."""
    return Callbacks(
        on_event=lambda event: trace.add("event", _driver.get(event, "type")),
        on_text_delta=partial(trace.add, "text"),
        on_reasoning_delta=partial(trace.add, "reasoning"),
        on_reset=partial(trace.add, "reset"),
        interrupted=(lambda: trace.cancelled) if trace.cancellable else None,
    )


def turn_of_error(error: BaseException, trace: Trace) -> Turn:
    """What escaped a call, as its user sees it."""
    partial = getattr(error, "partial", None)
    stopped = isinstance(error, StreamInterrupted | asyncio.CancelledError) and trace.cancelled
    ended: Ended = "cancelled" if stopped else "raised"
    failure = failure_of(error, partial.all_text if partial is not None else None)
    return Turn(ended, failure=failure, flags=_kind(error), trace=trace_of(trace))


def _kind(error: BaseException) -> tuple[str, ...]:
    """What ``summarize`` says of an error: its kind, and whether it is retryable."""
    if not isinstance(error, Exception):
        return ()
    summary = summarize(error)
    return (summary.kind, "retryable") if summary.retryable else (summary.kind,)


def turn_of_result(result: Result, trace: Trace) -> Turn:
    """What a call returned."""
    return Turn(
        "returned",
        status=result.status,
        items=tuple([_item(item) for item in result.items]),
        text=result.all_text,
        usage=_usage(result),
        failure=_attached(result),
        flags=tuple(sorted(result.flags)),
        trace=trace_of(trace),
    )


def deadlines_of(case: Case) -> Deadlines:
    """The runtime's own deadlines, but for those the case sets."""

    def set_or(name: str, own_s: float | None) -> float | None:
        return case.timeouts[name] / 1000 if name in case.timeouts else own_s

    return replace(
        DEFAULT,
        first_byte_s=set_or("first_byte_ms", DEFAULT.first_byte_s),
        idle_s=set_or("idle_ms", DEFAULT.idle_s),
        total_s=set_or("total_ms", DEFAULT.total_s),
    )


def read_timeout_of(case: Case) -> httpx.Timeout:
    """The HTTP client's own timeouts: none, but for the one the case sets."""
    return httpx.Timeout(case.timeouts["read_ms"] / 1000 if "read_ms" in case.timeouts else None)


def _item(item: RuntimeItem) -> Item:
    spoken = item.kind in {"message", "reasoning"}
    return Item(
        item.kind,
        item.type,
        id=item.id,
        text=item.text if spoken else None,
        refusal=(item.refusal or None) if item.kind == "message" else None,
        summary=item.summary or None,
        encrypted=item.encrypted_content,
        phase=item.phase,
        call_id=item.call_id,
        name=item.name,
        arguments=item.arguments,
        finished=item.finished,
    )


def _usage(result: Result) -> Usage | None:
    usage = result.usage
    return None if usage is None else Usage(usage.input, usage.output, usage.total, usage.cached, usage.reasoning)


def _attached(result: Result) -> Failure | None:
    stated: list[Any] = [value for value in (result.error, result.incomplete_details) if value is not None]
    return Failure(tuple(_cause(value) for value in stated)) if stated and result.status != "completed" else None


def _cause(stated: Any) -> Cause:
    words = [stated.get(name) for name in ("message", "reason")] if isinstance(stated, dict) else [stated]
    message = next((word for word in words if isinstance(word, str)), "")
    return Cause("attached", message=message, details=json.dumps(stated, default=repr))
