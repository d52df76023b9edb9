"""Streams spelled out event by event, and transcripts that say they were served: input for the oracle's own tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from harness.contract import Capabilities, Case, Cause, Failure, Item, Outcome, Turn, Usage
from harness.delivery import (
    Cut,
    Delivery,
    End,
    Ending,
    Framing,
    Head,
    Request,
    Reset,
    Send,
    Served,
    Stall,
    Transcript,
)

USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
CASE = Case(id="test", base_url="http://127.0.0.1:1/v1")
FULL = Capabilities(declared_errors=("demo.StreamError",))

Event = dict[str, Any]


def created() -> Event:
    return {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}}


def message(
    text: str, index: int = 0, *, id: str | None = None, pieces: int = 2, phase: str | None = None
) -> list[Event]:
    """A whole message, told by every witness the stream has."""
    identity = id or f"msg_{index}"
    at = {"item_id": identity, "output_index": index, "content_index": 0}
    part = {"type": "output_text", "text": text, "annotations": []}
    item: Event = {"type": "message", "id": identity, "role": "assistant", "content": []}
    if phase:
        item["phase"] = phase
    step = max(1, len(text) // pieces)
    deltas = [text[start : start + step] for start in range(0, len(text), step)]
    return [
        {"type": "response.output_item.added", "output_index": index, "item": {**item, "status": "in_progress"}},
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        *({"type": "response.output_text.delta", **at, "delta": delta} for delta in deltas),
        {"type": "response.output_text.done", **at, "text": text},
        {"type": "response.content_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": index, "item": {**item, "content": [part]}},
    ]


def refusal(text: str, index: int = 0) -> list[Event]:
    at = {"item_id": f"msg_{index}", "output_index": index, "content_index": 0}
    part = {"type": "refusal", "refusal": text}
    item = {"type": "message", "id": f"msg_{index}", "role": "assistant"}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": {**item, "content": []}},
        {"type": "response.refusal.delta", **at, "delta": text},
        {"type": "response.refusal.done", **at, "refusal": text},
        {"type": "response.output_item.done", "output_index": index, "item": {**item, "content": [part]}},
    ]


def reasoning(summary: str, index: int = 0, encrypted: str | None = "gAAAA") -> list[Event]:
    at = {"item_id": f"rs_{index}", "output_index": index, "summary_index": 0}
    item = {"type": "reasoning", "id": f"rs_{index}", "summary": []}
    done = {**item, "summary": [{"type": "summary_text", "text": summary}], "encrypted_content": encrypted}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": item},
        {"type": "response.reasoning_summary_text.delta", **at, "delta": summary},
        {"type": "response.reasoning_summary_text.done", **at, "text": summary},
        {"type": "response.output_item.done", "output_index": index, "item": done},
    ]


def call(arguments: str, index: int = 0, *, name: str = "look", call_id: str | None = None) -> list[Event]:
    at = {"item_id": f"fc_{index}", "output_index": index}
    item = {"type": "function_call", "id": f"fc_{index}", "name": name, "call_id": call_id or f"call_{index}"}
    half = len(arguments) // 2
    return [
        {"type": "response.output_item.added", "output_index": index, "item": {**item, "arguments": ""}},
        {"type": "response.function_call_arguments.delta", **at, "delta": arguments[:half]},
        {"type": "response.function_call_arguments.delta", **at, "delta": arguments[half:]},
        {"type": "response.function_call_arguments.done", **at, "arguments": arguments},
        {"type": "response.output_item.done", "output_index": index, "item": {**item, "arguments": arguments}},
    ]


def terminal(kind: str = "completed", status: Any = "", output: Any = None, **response: Any) -> Event:
    """``status`` empty: the event's own word; None leaves it out."""
    body: Event = {"id": "resp_1", "output": output, "usage": USAGE, **response}
    if status is not None:
        body["status"] = status or kind
    return {"type": f"response.{kind}", "response": body}


def whole(*items: list[Event], end: Event | None = None) -> list[Event]:
    return [created(), *(event for item in items for event in item), end or terminal()]


def without(events: Iterable[Event], *types: str) -> list[Event]:
    """The events whose type ends with none of the given words."""
    return [event for event in events if not event.get("type", "").endswith(types)]


def sse(events: Iterable[Event | str | bytes]) -> bytes:
    """Frames without event lines: a text is a frame's data, bytes stand as they are."""
    return b"".join(
        event
        if isinstance(event, bytes)
        else f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
        for event in events
    )


_SEEN = {End: Ending.COMPLETE, Cut: Ending.CUT, Reset: Ending.RESET, Stall: Ending.OPEN}


def served(
    body: bytes | list[Any],
    ending: Any = None,
    *,
    status: int = 200,
    media: str = "text/event-stream",
    framing: Framing = Framing.CHUNKED,
    head: bool = True,
    taken: int | None = None,
    seen: Ending | None = None,
    turn: int = 0,
    attempt: int = 0,
    coding: str = "",
    offers: str | None = "gzip, deflate",
) -> Served:
    """One request and what was taken of its answer; all of it unless ``taken`` says otherwise."""
    content = body if isinstance(body, bytes) else sse(body)
    last = ending or End()
    headers = (("content-type", media),) if media else ()
    headers += (("content-encoding", coding),) if coding else ()
    actions: list[Any] = [Head(status, headers, framing)] if head else []
    actions += [Send(content)] if content and head else []
    delivery = Delivery((*actions, last if head or not isinstance(last, End) else Cut()))
    shown = seen or _SEEN[type(delivery.ending)]
    if framing is Framing.CLOSE and shown in {Ending.CUT, Ending.COMPLETE}:
        shown = Ending.EOF
    reached = len(content) if taken is None else taken
    asked = (("Accept-Encoding", offers),) if offers is not None else ()
    request = Request("POST", "/v1/responses", asked, b"{}")
    return Served(turn, attempt, request, delivery, reached if head else 0, head, shown, 0.0, 1.0)


def transcript(*entries: Served) -> Transcript:
    return Transcript(entries)


def outcome(*turns: Turn) -> Outcome:
    return Outcome("demo", "1", turns)


def answered(
    *texts: str, status: str | None = "completed", items: tuple[Item, ...] = (), usage: Usage | None = None, **rest: Any
) -> Turn:
    """A turn that returned these messages, and other items after them."""
    messages = tuple(Item("message", "message", text=text) for text in texts)
    stated = usage or Usage(input=10, output=5, total=15)
    return Turn("returned", status, (*messages, *items), "".join(texts), stated, **rest)


def raised(type: str = "demo.StreamError", message: str = "it broke", *inner: str, **rest: Any) -> Turn:
    chain = (Cause(type, message=message), *(Cause(name, message="inner") for name in inner))
    return Turn("raised", failure=Failure(chain), **rest)


def called(arguments: str, index: int = 0, *, name: str = "look", **rest: Any) -> Item:
    return Item("function_call", "function_call", call_id=f"call_{index}", name=name, arguments=arguments, **rest)
