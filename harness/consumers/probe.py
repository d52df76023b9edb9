"""One healthy stream that every consumer must get right: it tells a broken consumer from a broken environment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from harness.consumers import probe_lines
from harness.contract import Capabilities, Case, Outcome
from harness.delivery import Delivery, End, Exchange, Head, Send

TEXT = '{"all": "is well"}'
"""JSON, so that a lane which makes an object of the text has one to make."""
CASE = Case(id="healthy-probe", base_url="", deadline_ms=30_000)


def exchange_for(capabilities: Capabilities) -> Exchange:
    """The probe in the protocol that the consumer speaks."""
    return probe_lines.exchange(TEXT) if capabilities.app_server else EXCHANGE


def complaint(outcome: Outcome, capabilities: Capabilities) -> str | None:
    """What is wrong with an outcome of the probe; None when all is well."""
    if not outcome.turns:
        return "it called nothing"
    turn = outcome.turns[0]
    if turn.ended != "returned":
        reason = turn.failure.text.strip() if turn.failure else turn.notes
        return f"the call {turn.ended}: {reason[:500]}"
    if not capabilities.assembles:
        return None if turn.trace else "it saw no event"
    told = {turn.text, *(item.text for item in turn.items or ())}
    return None if TEXT in told else f"the text should be {TEXT!r}, it gave {sorted(filter(None, told))}"


def events() -> Iterator[dict[str, Any]]:
    """The events of the stream, without sequence numbers."""
    message = {"id": "msg_1", "type": "message", "role": "assistant"}
    part = {"type": "output_text", "annotations": [], "logprobs": []}
    whole = {**message, "status": "completed", "content": [{**part, "text": TEXT}]}
    response = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_760_000_000,
        "model": "probe",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
    }
    usage = {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 7,
    }
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    item = {"output_index": 0}
    place = {**item, "item_id": "msg_1", "content_index": 0}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    yield {"type": "response.output_item.added", **item, "item": {**message, "status": "in_progress", "content": []}}
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    yield {"type": "response.output_text.delta", **place, "delta": TEXT[:4], "logprobs": []}
    yield {"type": "response.output_text.delta", **place, "delta": TEXT[4:], "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": TEXT, "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": {**part, "text": TEXT}}
    yield {"type": "response.output_item.done", **item, "item": whole}
    done = {**response, "status": "completed", "output": [whole], "usage": usage}
    yield {"type": "response.completed", "response": done}


def sends(streamed: Iterable[dict[str, Any]]) -> Iterator[Send]:
    """Events, numbered and framed, one write each."""
    for number, event in enumerate(streamed):
        payload = json.dumps({**event, "sequence_number": number})
        yield Send(f"event: {event['type']}\ndata: {payload}\n\n".encode())


EXCHANGE = Exchange.single(Delivery((Head(), *sends(events()), End())))
