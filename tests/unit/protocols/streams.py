"""A small stream without any fault: reasoning with a summary, a message, two calls side by side; and its framing."""

from __future__ import annotations

import json
from typing import Any

from harness.wire import Frame, decode, encode

Payload = dict[str, Any]


def healthy() -> list[Payload]:
    """Payloads of a stream on which the lint has nothing to say; fresh on every call, so a test may change them."""
    items = [_reasoning(), _message(), _call(2, "lookup"), _call(3, "store")]
    added, middle, done = zip(*items, strict=True)
    bodies = [
        _lifecycle("created", "in_progress"),
        _lifecycle("in_progress", "in_progress"),
        *_in_turn(added[:2], middle[:2], done[:2]),
        added[2],
        added[3],
        *(event for pair in zip(middle[2], middle[3], strict=True) for event in pair),
        done[2],
        done[3],
        _lifecycle("completed", "completed", output=[event["item"] for event in done], usage=_usage()),
    ]
    # Through text, so that no two events share an object.
    return numbered(json.loads(json.dumps(bodies)))


def numbered(bodies: list[Payload]) -> list[Payload]:
    """The same events with right sequence numbers."""
    return [{**body, "sequence_number": number} for number, body in enumerate(bodies)]


def framed(bodies: list[Payload], *, names: bool = True, mark: bool = False) -> list[Frame]:
    """Frames of payloads, with or without event lines, with or without ``[DONE]`` at the end."""
    return decode(body_of(bodies, names=names, mark=mark))[0]


def body_of(bodies: list[Payload], *, names: bool = True, mark: bool = False) -> bytes:
    chunks = [encode(json.dumps(body), event=str(body.get("type", "")) if names else "") for body in bodies]
    return b"".join([*chunks, encode("[DONE]")] if mark else chunks)


def _in_turn(added: Any, middle: Any, done: Any) -> list[Payload]:
    return [event for life in zip(added, middle, done, strict=True) for event in (life[0], *life[1], life[2])]


def _lifecycle(stage: str, status: str, **more: Any) -> Payload:
    response = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "model": "model-1",
        "status": status,
        "output": [],
        "error": None,
        "incomplete_details": None,
        "usage": None,
        **more,
    }
    return {"type": f"response.{stage}", "response": response}


def _usage() -> Payload:
    return {
        "input_tokens": 11,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 18,
    }


def _item_event(stage: str, index: int, item: Payload) -> Payload:
    return {"type": f"response.output_item.{stage}", "output_index": index, "item": item}


def _reasoning() -> tuple[Payload, list[Payload], Payload]:
    at = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
    part = {"type": "summary_text", "text": "thinking hard"}
    middle = [
        {"type": "response.reasoning_summary_part.added", **at, "part": {**part, "text": ""}},
        {"type": "response.reasoning_summary_text.delta", **at, "delta": "thinking "},
        {"type": "response.reasoning_summary_text.delta", **at, "delta": "hard"},
        {"type": "response.reasoning_summary_text.done", **at, "text": part["text"]},
        {"type": "response.reasoning_summary_part.done", **at, "part": part},
    ]
    item = {"id": "rs_1", "type": "reasoning", "summary": [part]}
    return _item_event("added", 0, {**item, "summary": []}), middle, _item_event("done", 0, item)


def _message() -> tuple[Payload, list[Payload], Payload]:
    at = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
    part = {"type": "output_text", "text": "Hello, world", "annotations": []}
    middle = [
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        *(
            {"type": "response.output_text.delta", **at, "delta": delta, "logprobs": []}
            for delta in ("Hel", "lo, ", "world")
        ),
        {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []},
        {"type": "response.content_part.done", **at, "part": part},
    ]
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    return (
        _item_event("added", 1, {**item, "status": "in_progress", "content": []}),
        middle,
        _item_event("done", 1, item),
    )


def _call(index: int, name: str) -> tuple[Payload, list[Payload], Payload]:
    at = {"item_id": f"fc_{index}", "output_index": index}
    item = {
        "id": f"fc_{index}",
        "type": "function_call",
        "call_id": f"call_{index}",
        "name": name,
        "arguments": '{"key": 1}',
        "status": "completed",
    }
    middle = [
        *({"type": "response.function_call_arguments.delta", **at, "delta": delta} for delta in ('{"key"', ": 1}")),
        {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]},
    ]
    added = _item_event("added", index, {**item, "arguments": "", "status": "in_progress"})
    return added, middle, _item_event("done", index, item)
