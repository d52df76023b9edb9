"""One turn of a script as the events of its stream, and as bytes.

Order follows the grammar of a Responses stream: created, in progress, the items, one terminal. Sequence numbers
are given last, so weaving items together cannot break them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from harness.cassette.synth.items import Event, Maker, Told, tell
from harness.cassette.synth.script import Reasoning, Turn
from harness.wire import encode


@dataclass(frozen=True, slots=True)
class Stream:
    """A turn, framed."""

    response_id: str
    events: list[Event]
    items: list[dict[str, Any]]
    """The finished output items, in order."""

    @property
    def frames(self) -> list[bytes]:
        return [frame(event) for event in self.events]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the request asked for, as far as the response repeats it."""

    created_at: int
    instructions: str
    prompt_cache_key: str
    previous_response_id: str | None
    tools: list[dict[str, Any]]


def frame(event: Event) -> bytes:
    """One SSE frame: the event line repeats the type, the JSON keeps its non-ASCII text as it is."""
    return encode(json.dumps(event, ensure_ascii=False, separators=(",", ":")), event=event["type"])


def tell_turn(maker: Maker, turn: Turn) -> list[Told]:
    """The items of a turn, told; an early ending strikes the last one."""
    last = len(turn.items) - 1
    told = [
        tell(maker, item, index, "incomplete" if turn.ending == "incomplete" and index == last else "completed")
        for index, item in enumerate(turn.items)
    ]
    if turn.ending == "failed":
        told[last] = Told(_until_done(told[last].events), told[last].done)
    return told


def stream(maker: Maker, turn: Turn, told: Sequence[Told], asked: Asked) -> Stream:
    """The whole stream of one turn."""
    response_id = maker.ids.of("resp")
    items = [entry.done for entry in told]
    begun = _response(maker, response_id, asked, status="in_progress", service_tier="auto")
    ended = _response(
        maker, response_id, asked, status=turn.ending, service_tier="default", **_outcome(maker, turn, told, asked)
    )
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        *_vendor(maker, asked),
        *weave(maker.rng, [entry.events for entry in told], turn.woven),
        {"type": f"response.{turn.ending}", "response": ended},
    ]
    return Stream(response_id, list(_numbered(events)), items)


def _outcome(maker: Maker, turn: Turn, told: Sequence[Told], asked: Asked) -> dict[str, Any]:
    """What the terminal's response says that the first one could not."""
    if turn.ending == "failed":
        return {"error": {"code": "server_error", "message": maker.words.sentence(8)}}
    output = {"output": [entry.done for entry in told], "usage": _usage(maker, turn, told)}
    if turn.ending == "completed":
        return {**output, "completed_at": asked.created_at + 3}
    return {**output, "incomplete_details": {"reason": "max_output_tokens"}, "max_output_tokens": 16}


def weave(rng: Random, rows: Sequence[Sequence[Event]], woven: Sequence[int]) -> Iterator[Event]:
    """The rows one after another; those named in ``woven`` as one, in bursts, each opened in its order."""
    for index, row in enumerate(rows):
        if index not in woven:
            yield from row
        elif index == woven[0]:
            yield from _interleaved(rng, [list(rows[number]) for number in woven])


def _interleaved(rng: Random, rows: list[list[Event]]) -> Iterator[Event]:
    for row in rows:
        yield row.pop(0)
    while rows:
        row = rows[rng.randrange(len(rows))]
        for _ in range(min(len(row), rng.randrange(1, 4))):
            yield row.pop(0)
        rows = [row for row in rows if row]


def _until_done(events: Sequence[Event]) -> list[Event]:
    first_done = next(number for number, event in enumerate(events) if event["type"].endswith(".done"))
    return list(events[:first_done])


def _numbered(events: Sequence[Event]) -> Iterator[Event]:
    """Fields in the order of the wire: the type, then by name; what is not of the protocol has no number."""
    numbers = count()
    for event in events:
        body = dict(event)
        kind = body.pop("type")
        if kind.startswith("response."):
            body["sequence_number"] = next(numbers)
        yield {"type": kind, **dict(sorted(body.items()))}


def _response(maker: Maker, response_id: str, asked: Asked, *, status: str, **fields: Any) -> dict[str, Any]:
    changing = {
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.instructions,
        "max_output_tokens": None,
        "model": maker.profile.model,
        "output": [],
        "previous_response_id": asked.previous_response_id,
        "prompt_cache_key": asked.prompt_cache_key,
        "tools": asked.tools,
        "usage": None,
    }
    return {
        "id": response_id,
        "object": "response",
        "created_at": asked.created_at,
        "status": status,
        **dict(sorted({**maker.profile.response, **changing, **fields}.items())),
        "metadata": {},
    }


def _usage(maker: Maker, turn: Turn, told: Sequence[Told]) -> dict[str, Any]:
    reasoning = sum(8 * maker.rng.randrange(2, 20) for item in turn.items if isinstance(item, Reasoning))
    visible = sum("delta" in event for entry in told for event in entry.events)
    asked = maker.rng.randrange(20, 400)
    return {
        "input_tokens": asked,
        "input_tokens_details": dict(maker.profile.cached_details),
        "output_tokens": visible + reasoning,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": asked + visible + reasoning,
    }


def _vendor(maker: Maker, asked: Asked) -> Iterator[Event]:
    if maker.profile.rate_limits:
        yield {
            "type": "codex.rate_limits",
            "plan_type": "plus",
            "rate_limits": {
                "allowed": True,
                "limit_reached": False,
                "primary": {"used_percent": 7, "window_minutes": 300, "reset_at": asked.created_at + 9120},
                "secondary": {"used_percent": 31, "window_minutes": 10080, "reset_at": asked.created_at + 302400},
            },
        }
