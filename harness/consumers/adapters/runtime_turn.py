"""One call of the runtime as a turn of the outcome, whatever its events come from.

Mapping: a ``Result`` field by field; ``text`` is its ``all_text``, which is what the text callback was told. A result
that is incomplete carries its ``incomplete_details`` as a failure. An error's partial gives ``partial_text``.
StreamInterrupted, when the case asked for it, is how the runtime says cancelled; the trace has its every callback.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.consumers.adapters.conversation import failure_of, trace_of
from harness.consumers.drivers import _driver
from harness.contract import Case, Cause, Failure, Item, Turn, Usage
from harness.contract.outcome import Ended
from harness.runtime import Callbacks, Deadlines, Result, StreamInterrupted
from harness.runtime import Item as RuntimeItem
from harness.runtime.deadlines import DEFAULT


def turn_of_call(call: Callable[[Callbacks], Result], trace: _driver.Trace) -> Turn:
    """Make the call with callbacks that write the trace."""
    callbacks = Callbacks(
        on_event=lambda event: trace.add("event", _driver.get(event, "type")),
        on_text_delta=lambda text: trace.add("text", text),
        on_reasoning_delta=lambda text: trace.add("reasoning", text),
        on_reset=lambda reason: trace.add("reset", reason),
        interrupted=(lambda: trace.cancelled) if trace.cancel_after is not None else None,
    )
    try:
        result = call(callbacks)
    except Exception as error:  # noqa: BLE001 (whatever escapes is the outcome)
        partial = getattr(error, "partial", None)
        ended: Ended = "cancelled" if isinstance(error, StreamInterrupted) and trace.cancelled else "raised"
        failure = failure_of(error, partial.all_text if partial is not None else None)
        return Turn(ended, failure=failure, trace=trace_of(trace))
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


def _item(item: RuntimeItem) -> Item:
    spoken = item.kind in {"message", "reasoning"}
    return Item(
        item.kind,
        item.type,
        id=item.id,
        text=item.text if spoken else None,
        refusal=item.refusal or None,
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
