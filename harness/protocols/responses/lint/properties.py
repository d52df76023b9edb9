"""Properties of a whole stream by which servers give themselves away; each a question with yes or no as its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from harness.protocols.responses.catalogue import DELTAS
from harness.protocols.responses.event import DONE
from harness.protocols.responses.lint.stream import (
    ITEM_ADDED,
    ITEM_DONE,
    PART_ADDED,
    Stream,
    array_at,
    index_at,
    item_id_of,
    item_of,
    object_at,
    response_of,
    spec_of,
    text_at,
)

Shows = Callable[[Stream], bool]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEEPALIVES = frozenset({"keepalive", "response.keep_alive"})


def payloads(stream: Stream) -> Iterator[Mapping[str, Any]]:
    return (event.payload for event in stream.events if event.payload is not None)


def all_hold(tests: Iterable[bool]) -> bool:
    """Whether there is something to test, and it all holds."""
    seen = False
    for test in tests:
        if not test:
            return False
        seen = True
    return seen


def has_event(*event_types: str) -> Shows:
    return lambda stream: any(event.type in event_types for event in stream.events)


def has_comment(words: str) -> Shows:
    return lambda stream: any(words in comment for frame in stream.frames for comment in frame.comments)


def every_event_line(stream: Stream) -> bool:
    return all_hold(bool(event.name) for event in stream.events if event.payload is not None)


def no_event_line(stream: Stream) -> bool:
    return all_hold(not event.name for event in stream.events if event.payload is not None)


def ends_with_mark(stream: Stream) -> bool:
    return stream.terminal is not None and stream.events[-1].data == DONE


def _numbers(stream: Stream) -> list[int | None]:
    return [index_at(payload, "sequence_number") for payload in payloads(stream)]


def counted_from_zero(stream: Stream) -> bool:
    numbers = _numbers(stream)
    return bool(numbers) and numbers == list(range(len(numbers)))


def counted_from_later(stream: Stream) -> bool:
    numbers = _numbers(stream)
    first = numbers[0] if numbers else None
    if not first or any(event.type == "response.created" for event in stream.events):
        return False
    return first > 0 and numbers == list(range(first, first + len(numbers)))


def never_numbered(stream: Stream) -> bool:
    return all_hold("sequence_number" not in payload for payload in payloads(stream))


def one_number(stream: Stream) -> bool:
    numbers = _numbers(stream)
    return len(numbers) > 1 and None not in numbers and len(set(numbers)) == 1


def done_events_numbered(stream: Stream) -> bool:
    numbered = [event for event in stream.events if "sequence_number" in (event.payload or {})]
    return len(numbered) < len(stream.messages) and all_hold(event.type.endswith(".done") for event in numbered)


def keepalives_numbered(stream: Stream) -> bool:
    """Whether the numbers are right but for the keepalives, which take a number, repeat one, or have none."""
    alive = [event for event in stream.events if event.type in _KEEPALIVES]
    rest = [event for event in stream.events if event.payload is not None and event.type not in _KEEPALIVES]
    numbers = [index_at(event.payload, "sequence_number") for event in rest]
    steps = [b - a for a, b in pairwise(numbers) if a is not None and b is not None]
    whole = bool(alive) and bool(numbers) and None not in numbers
    return whole and all(0 < step <= 1 + len(alive) for step in steps)


def model_everywhere(stream: Stream) -> bool:
    return all_hold(isinstance(payload.get("model"), str) for payload in payloads(stream))


def content_filters(stream: Stream) -> bool:
    return any("content_filters" in (response_of(event) or {}) for event in stream.events)


def created_queued(stream: Stream) -> bool:
    return any(
        text_at(response_of(event), "status") == "queued"
        for event in stream.messages
        if event.type == "response.created"
    )


def float_time(stream: Stream) -> bool:
    return any(isinstance((response_of(event) or {}).get("created_at"), float) for event in stream.events)


def _indexed(stream: Stream) -> Iterator[Mapping[str, Any]]:
    for event in stream.messages:
        spec = spec_of(event)
        if spec is not None and spec.field("output_index") is not None and event.payload is not None:
            yield event.payload


def no_output_index(stream: Stream) -> bool:
    return all_hold("output_index" not in payload for payload in _indexed(stream))


def no_content_index(stream: Stream) -> bool:
    spoken = ((spec_of(event), event.payload) for event in stream.messages)
    return all_hold(
        "content_index" not in payload
        for spec, payload in spoken
        if payload is not None and spec is not None and spec.field("content_index") is not None
    )


def negative_index(stream: Stream) -> bool:
    """Whether -1 stands for the index of whole items; one event that strays is another matter."""
    indexes = [{index_at(event.payload, "output_index") for event in life.events} for life in stream.lives]
    return {-1} in indexes and not any(-1 in own and len(own) > 1 for own in indexes)


def created_without_output(stream: Stream) -> bool:
    created = [response_of(event) for event in stream.messages if event.type == "response.created"]
    return all_hold(response is not None and "output" not in response for response in created)


def created_bare(stream: Stream) -> bool:
    told = [response for event in stream.messages if (response := response_of(event)) is not None]
    return all_hold("created_at" not in response and "model" not in response for response in told)


def failure_bare(stream: Stream) -> bool:
    terminal, response = stream.terminal, response_of(stream.terminal)
    return (
        terminal is not None
        and terminal.type == "response.failed"
        and response is not None
        and ("model" not in response)
    )


def failure_numbered_alone(stream: Stream) -> bool:
    terminal = stream.terminal
    if terminal is None or terminal.type != "response.failed" or "sequence_number" not in (terminal.payload or {}):
        return False
    return all_hold(not event.name and "sequence_number" not in (event.payload or {}) for event in stream.messages)


def terminal_output(test: Callable[[Mapping[str, Any]], bool]) -> Shows:
    def shows(stream: Stream) -> bool:
        response = response_of(stream.terminal)
        finished = any(life.done is not None for life in stream.lives)
        return finished and response is not None and test(response)

    return shows


def terminal_is(event_type: str, status: str) -> Shows:
    def shows(stream: Stream) -> bool:
        terminal = stream.terminal
        return (
            terminal is not None
            and terminal.type == event_type
            and (text_at(response_of(terminal), "status") == status)
        )

    return shows


def snapshot_ids_differ(stream: Stream) -> bool:
    output = array_at(response_of(stream.terminal), "output") or ()
    told = [text_at(entry, "id") for entry in output]
    known = [text_at(item_of(life.done), "id") for life in stream.lives]
    return len(told) == len(known) and all_hold(
        a is not None and b is not None and a != b for a, b in zip(told, known, strict=True)
    )


def index_a_delta(stream: Stream) -> bool:
    indexes = [
        index_at(event.payload, "content_index")
        for event in stream.messages
        if event.type == "response.output_text.delta"
    ]
    return len(indexes) > 1 and None not in indexes and len(set(indexes)) == len(indexes)


def reasoning_in_parts(stream: Stream) -> bool:
    parts = (object_at(event.payload, "part") for event in stream.messages if event.type in PART_ADDED)
    return any(text_at(part, "type") == "reasoning_text" for part in parts)


def reasoning_without_part(stream: Stream) -> bool:
    told = any(event.type == "response.reasoning_text.delta" for event in stream.messages)
    return told and not reasoning_in_parts(stream)


def deltas_alone(strand: str) -> Shows:
    def shows(stream: Stream) -> bool:
        told = {event.type for event in stream.messages}
        return f"{strand}.delta" in told and f"{strand}.done" not in told

    return shows


def done_never_added(stream: Stream) -> bool:
    return all_hold(life.done is not None and life.added is None for life in stream.lives)


def _usage(stream: Stream) -> Mapping[str, Any] | None:
    return object_at(response_of(stream.terminal), "usage")


def usage_without_details(stream: Stream) -> bool:
    usage = _usage(stream)
    return usage is not None and not any(name.endswith("_details") for name in usage)


def usage_details_of_input_only(stream: Stream) -> bool:
    usage = _usage(stream) or {}
    return "input_tokens_details" in usage and "output_tokens_details" not in usage


def never_logprobs(stream: Stream) -> bool:
    texts = (event.payload for event in stream.messages if event.type.startswith("response.output_text."))
    return all_hold("logprobs" not in payload for payload in texts if payload is not None)


def usage_all_zero(stream: Stream) -> bool:
    counts = [value for name, value in (_usage(stream) or {}).items() if name.endswith("_tokens")]
    return bool(stream.lives) and all_hold(value == 0 for value in counts)


def usage_has(*names: str) -> Shows:
    return lambda stream: any(name in (_usage(stream) or {}) for name in names)


def ids_rotate(stream: Stream) -> bool:
    long = [life for life in stream.lives if len(life.events) > 2]
    ids = [[item_id_of(event) for event in life.events] for life in long]
    return all_hold(len(set(names)) > len(names) / 2 and len(set(names)) > 1 for names in ids)


def name_blank_when_done(stream: Stream) -> bool:
    return any(
        text_at(item_of(life.done), "name") == "" and text_at(item_of(life.added), "name") for life in stream.lives
    )


def account_named(stream: Stream) -> bool:
    response = response_of(stream.terminal) or {}
    named = all(isinstance(response.get(name), str) for name in ("safety_identifier", "prompt_cache_key"))
    return named and response.get("store") is False


def null_item(stream: Stream) -> bool:
    items = [event for event in stream.messages if event.type in {ITEM_ADDED, ITEM_DONE}]
    return any(event.payload is not None and event.payload.get("item", 0) is None for event in items)


def error_nested(stream: Stream) -> bool:
    return (
        stream.terminal is not None
        and stream.terminal.type == "error"
        and (object_at(stream.terminal.payload, "error") is not None)
    )


def error_untyped(stream: Stream) -> bool:
    payload = stream.terminal.payload if stream.terminal is not None else None
    return payload is not None and "type" not in payload and object_at(payload, "error") is not None


def deltas_padded(stream: Stream) -> bool:
    deltas = [event.payload or {} for event in stream.messages if event.type in DELTAS]
    return all_hold("obfuscation" in payload for payload in deltas)


def messages_phased(stream: Stream) -> bool:
    items = [item_of(life.done) or item_of(life.added) for life in stream.lives if life.type == "message"]
    return all_hold(text_at(item, "phase") is not None for item in items)


def reasoning_encrypted(stream: Stream) -> bool:
    return any(text_at(item_of(life.done), "encrypted_content") for life in stream.lives)


def last_frame_unended(stream: Stream) -> bool:
    return stream.tail is not None and stream.tail.lost and stream.terminal is not None


def error_then_failed(stream: Stream) -> bool:
    return (
        stream.terminal is not None
        and stream.terminal.type == "error"
        and [event.type for event in stream.after if event.data != DONE] == ["response.failed"]
    )


def response_named_by_uuid(stream: Stream) -> bool:
    return _UUID.fullmatch(text_at(response_of(stream.terminal), "id") or "") is not None


def ids_temporary(stream: Stream) -> bool:
    names = [item_id_of(event) for life in stream.lives for event in life.events]
    return all_hold(name is not None and "_tmp_" in name for name in names)
