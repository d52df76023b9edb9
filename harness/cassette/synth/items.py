"""One output item as the events that tell it, and as the object it ends up to be.

Each kind is one function in a table. Events carry no sequence number yet: where they stand in the stream is
decided later, when items are woven together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from harness.cassette.synth.ids import Ids
from harness.cassette.synth.profile import Profile
from harness.cassette.synth.script import (
    CustomCall,
    FunctionCall,
    Item,
    Message,
    Reasoning,
    Refusal,
    Text,
    Unknown,
    WebSearch,
)
from harness.cassette.synth.words import Words

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Maker:
    """What every item is made with."""

    profile: Profile
    rng: Random
    words: Words
    ids: Ids


@dataclass(frozen=True, slots=True)
class Told:
    """One item, told."""

    events: list[Event]
    done: dict[str, Any]
    """The finished object, as in its done event and in the terminal's snapshot."""
    tool: dict[str, Any] | None = None
    """The tool whose declaration the request needs for it."""


def tell(maker: Maker, item: Item, index: int, status: str = "completed") -> Told:
    """The events of ``item`` at ``output_index`` ``index``; it ends with ``status``."""
    return _KINDS[type(item)](maker, item, index, status)


def _message(maker: Maker, item: Message, index: int, status: str) -> Told:
    where = {"item_id": maker.ids.of("msg"), "output_index": index}
    phase = item.phase or maker.profile.phase
    tail = {**({} if phase is None else {"phase": phase}), "role": "assistant"}
    events: list[Event] = []
    content: list[dict[str, Any]] = []
    for number, part in enumerate(item.parts):
        place = {**where, "content_index": number}
        more, done = _text(maker, part, place) if isinstance(part, Text) else _refusal(maker, part, place)
        empty = {key: value if key == "type" else type(value)() for key, value in done.items()}
        events.append({"type": "response.content_part.added", **place, "part": empty})
        events.extend(more)
        events.append({"type": "response.content_part.done", **place, "part": done})
        content.append(done)
    head = {"id": where["item_id"], "type": "message"}
    started = {**head, "status": "in_progress", "content": [], **tail}
    return _framed(index, started, events, {**head, "status": status, "content": content, **tail})


def _text(maker: Maker, part: Text, place: Event) -> tuple[list[Event], dict[str, Any]]:
    tokens = maker.words.tokens(part.tokens)
    text = "".join(tokens)
    citations = [_citation(maker, text) for _ in range(part.citations)]
    events = _deltas(maker, "response.output_text", tokens, {**place, "logprobs": []})
    events += [
        {"type": "response.output_text.annotation.added", **place, "annotation": citation, "annotation_index": number}
        for number, citation in enumerate(citations)
    ]
    events.append({"type": "response.output_text.done", **place, "logprobs": [], "text": text})
    return events, {"type": "output_text", "annotations": citations, "logprobs": [], "text": text}


def _citation(maker: Maker, text: str) -> dict[str, Any]:
    start = maker.rng.randrange(len(text) - 1)
    return {
        "type": "url_citation",
        "end_index": maker.rng.randrange(start + 1, len(text) + 1),
        "start_index": start,
        "title": maker.words.sentence(3),
        "url": f"https://example.com/{maker.ids.letters(8)}",
    }


def _refusal(maker: Maker, part: Refusal, place: Event) -> tuple[list[Event], dict[str, Any]]:
    tokens = maker.words.tokens(part.tokens)
    text = "".join(tokens)
    events = _deltas(maker, "response.refusal", tokens, place)
    events.append({"type": "response.refusal.done", **place, "refusal": text})
    return events, {"type": "refusal", "refusal": text}


def _reasoning(maker: Maker, item: Reasoning, index: int, _status: str) -> Told:
    where = {"item_id": maker.ids.of("rs"), "output_index": index}
    events: list[Event] = []
    summary: list[dict[str, str]] = []
    for number, size in enumerate(item.summaries):
        place = {**where, "summary_index": number}
        tokens = [f"**{maker.words.word().capitalize()}**\n\n", *maker.words.tokens(size)]
        part = {"type": "summary_text", "text": "".join(tokens)}
        events.append({"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}})
        events.extend(_deltas(maker, "response.reasoning_summary_text", tokens, place))
        events.append({"type": "response.reasoning_summary_text.done", **place, "text": part["text"]})
        events.append({"type": "response.reasoning_summary_part.done", **place, "part": part})
        summary.append(part)
    head = {"id": where["item_id"], "type": "reasoning"}
    return _framed(
        index,
        {**head, **_encrypted(maker, 320), "summary": []},
        events,
        {**head, **_encrypted(maker, 640), "summary": summary},
    )


def _encrypted(maker: Maker, length: int) -> dict[str, Any]:
    if not maker.profile.encrypted_reasoning:
        return {}
    return {"content": [], "encrypted_content": maker.ids.encrypted(length)}


def _function_call(maker: Maker, item: FunctionCall, index: int, status: str) -> Told:
    where = {"item_id": maker.ids.of("fc"), "output_index": index}
    name, arguments = maker.words.name(), maker.words.arguments()
    events: list[Event] = []
    if item.streamed:
        events = _deltas(maker, "response.function_call_arguments", maker.words.pieces(arguments), where)
    events.append({"type": "response.function_call_arguments.done", **where, "arguments": arguments})
    head = {"id": where["item_id"], "type": "function_call"}
    call = {"call_id": maker.ids.call(), "name": name}
    return _framed(
        index,
        {**head, "status": "in_progress", "arguments": "", **call},
        events,
        {**head, "status": status, "arguments": arguments, **call},
        tool={
            "type": "function",
            "description": maker.words.sentence(5),
            "name": name,
            "parameters": _PARAMETERS,
            "strict": False,
        },
    )


_PARAMETERS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}, "filter": {"type": "object"}},
    "required": ["query"],
}


def _custom_call(maker: Maker, item: CustomCall, index: int, status: str) -> Told:
    where = {"item_id": maker.ids.of("ctc"), "output_index": index}
    name, tokens = maker.words.name(), maker.words.tokens(item.tokens)
    text = "".join(tokens)
    events = _deltas(maker, "response.custom_tool_call_input", tokens, where)
    events.append({"type": "response.custom_tool_call_input.done", **where, "input": text})
    head = {"id": where["item_id"], "type": "custom_tool_call"}
    call_id = maker.ids.call()
    return _framed(
        index,
        {**head, "status": "in_progress", "call_id": call_id, "input": "", "name": name},
        events,
        {**head, "status": status, "call_id": call_id, "input": text, "name": name},
        tool={
            "type": "custom",
            "description": maker.words.sentence(5),
            "format": {"type": "text"},
            "name": name,
        },
    )


def _web_search(maker: Maker, _item: WebSearch, index: int, status: str) -> Told:
    where = {"item_id": maker.ids.of("ws"), "output_index": index}
    query = maker.words.sentence(4)
    events = [
        {"type": f"response.web_search_call.{step}", **where} for step in ("in_progress", "searching", "completed")
    ]
    head = {"id": where["item_id"], "type": "web_search_call"}
    action = {"type": "search", "queries": [query], "query": query}
    return _framed(
        index,
        {**head, "status": "in_progress"},
        events,
        {**head, "status": status, "action": action},
        tool={"type": "web_search", "search_context_size": "medium"},
    )


def _unknown(maker: Maker, item: Unknown, index: int, status: str) -> Told:
    where = {"item_id": maker.ids.of("plt"), "output_index": index}
    frames = [maker.words.sentence(3) for _ in range(item.updates)]
    events = [
        {"type": "response.palette_call.in_progress", **where},
        *({"type": "response.palette_call.swatch", **where, "swatch": {"name": frame}} for frame in frames),
        {"type": "response.palette_call.completed", **where},
    ]
    head = {"id": where["item_id"], "type": "palette_call"}
    return _framed(
        index,
        {**head, "status": "in_progress", "swatches": []},
        events,
        {**head, "status": status, "swatches": [{"name": frame} for frame in frames]},
    )


def _deltas(maker: Maker, stem: str, tokens: list[str], place: Event) -> list[Event]:
    return [
        {"type": f"{stem}.delta", **place, "delta": token, "obfuscation": maker.ids.padding(token)} for token in tokens
    ]


def _framed(
    index: int,
    started: dict[str, Any],
    events: list[Event],
    done: dict[str, Any],
    tool: dict[str, Any] | None = None,
) -> Told:
    first = {"type": "response.output_item.added", "item": started, "output_index": index}
    last = {"type": "response.output_item.done", "item": done, "output_index": index}
    return Told([first, *events, last], done, tool)


_KINDS: Mapping[type, Callable[[Maker, Any, int, str], Told]] = {
    Message: _message,
    Reasoning: _reasoning,
    FunctionCall: _function_call,
    CustomCall: _custom_call,
    WebSearch: _web_search,
    Unknown: _unknown,
}
