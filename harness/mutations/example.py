"""A small stream with something for every operator to do, made up here: examples and guides show plans on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.delivery import Delivery, End, Head, Send


def _events() -> Iterator[Mapping[str, Any]]:
    usage = {
        "input_tokens": 9,
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 13,
    }
    part = {"type": "output_text", "text": "Grüße", "annotations": list[Any]()}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "phase": "final_answer", "content": [part]}
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": '{"at":1}'}
    yield {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}}
    yield {"type": "response.output_item.added", "output_index": 0, "item": {**message, "content": []}}
    for delta in ("Grü", "ße"):
        yield {
            "type": "response.output_text.delta",
            "item_id": "msg_1",
            "output_index": 0,
            "content_index": 1,
            "delta": delta,
        }
    yield {"type": "response.output_item.done", "output_index": 0, "item": message}
    yield {"type": "response.output_item.added", "output_index": 1, "item": {**call, "arguments": ""}}
    yield {
        "type": "response.function_call_arguments.delta",
        "item_id": "fc_1",
        "output_index": 1,
        "delta": call["arguments"],
    }
    yield {"type": "response.output_item.done", "output_index": 1, "item": call}
    response = {"id": "resp_1", "status": "completed", "output": [message, call], "usage": usage}
    yield {"type": "response.completed", "response": response}


def _frame(number: int, event: Mapping[str, Any]) -> bytes:
    text = json.dumps({**event, "sequence_number": number}, ensure_ascii=False)
    return f"event: {event['type']}\ndata: {text}\n\n".encode()


STREAM = Delivery((Head(), *(Send(_frame(number, event)) for number, event in enumerate(_events())), End()))
"""A message and a call, one frame a chunk."""
