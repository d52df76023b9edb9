"""Bytes to events, sans-IO: the wire's frames, each as decoded JSON, as damage, or as the end marker.

A frame that cannot be decoded is no reason to stop: the stream goes on after it, and whoever assembles must know
that something is missing. The decoder of the frames is replaceable: ``parse`` takes any decoder's name and data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

from harness.runtime.errors import UndecodableStream
from harness.runtime.terminal import TERMINALS, states_error
from harness.runtime.view import text
from harness.wire import Decoder, LimitExceeded, Limits, Tail


class Marker(Enum):
    """An event that is no JSON."""

    DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Damage:
    """Content may have been lost here."""

    reason: str


Event = dict[str, Any] | Damage | Marker


def parse(name: str, data: str | None) -> Event | None:
    """The event of one frame, from its ``event`` field and its data; None when there is nothing to dispatch."""
    if not data:
        # Its name alone may end the response; whatever else has no data says nothing.
        return {"type": name} if data is not None and name in _ENDS else None
    try:
        payload = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _parse_odd(name, data)
    return _named(name, payload)


def _parse_odd(name: str, data: str) -> Event | None:
    words = data.strip()
    if words in {"", Marker.DONE.value}:
        return Marker.DONE if words else None
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError) as error:
        # Some gateways put their words there as they are; they are all the caller will ever get.
        return {"type": "error", "message": data} if name == "error" else Damage(f"not JSON: {error}")
    return _named(name, payload)


def _named(name: str, payload: Any) -> Event:
    """The payload with a type: its own, or else the frame's name."""
    if not isinstance(payload, dict):
        return {"type": "error", "error": payload} if name == "error" else Damage("JSON, but no object")
    stated = payload.get("type")
    if not isinstance(stated, str):
        # An error needs no type to be one, whatever its frame is called.
        nameless = name in {"", "message"} or (name not in TERMINALS and states_error(payload))
        return payload if nameless else {**payload, "type": name}
    if name == "error" and not stated.startswith(("error", "response.")):
        # The type of the error, not of the event.
        return {"type": "error", "error": payload}
    return payload


def loads(data: str | bytes) -> Any:
    """JSON as tolerant as the standard library's: NaN and lone surrogates pass. Raises ValueError, RecursionError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


class EventDecoder:
    """Feed it chunks as they come; ``close`` says what the end of the stream cut off."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._frames = Decoder() if limits is None else Decoder(limits=limits)

    def feed(self, chunk: bytes) -> list[Event]:
        """The events these bytes complete. Raises UndecodableStream when a limit is passed."""
        events: list[Event] = []
        try:
            payloads = self._frames.payloads(chunk)
        except LimitExceeded as error:
            raise UndecodableStream(f"the stream passes a limit: {error}") from error
        for name, data, replaced in payloads:
            # What ``parse`` says, with its plain case first.
            try:
                event = orjson.loads(data or b"")
            except orjson.JSONDecodeError:
                event = parse(name.decode(), None if data is None else data.decode())
            else:
                if name == b"error" or type(event) is not dict or type(event.get("type")) is not str:
                    event = _named(name.decode(), event)
            if event is not None:
                events.append(event)
            if replaced:
                events.append(Damage("bytes that are not UTF-8"))
        return events

    def close(self) -> list[Event]:
        try:
            tail = self._frames.close()
        except LimitExceeded as error:
            raise UndecodableStream(f"the stream passes a limit: {error}") from error
        return [] if tail is None or not _loses_content(tail) else [Damage("the last frame was cut off")]


def decode_events(chunks: Iterable[bytes], limits: Limits | None = None) -> Iterator[Event]:
    """All events of a body. Raises UndecodableStream when a limit is passed."""
    decoder = EventDecoder(limits)
    for chunk in chunks:
        yield from decoder.feed(chunk)
    yield from decoder.close()


def _loses_content(tail: Tail) -> bool:
    # The standard discards an unterminated frame. Where that frame is the terminal (relays forget its blank line,
    # connections end inside it) nothing but the terminal is lost; any other frame might have been content.
    event = parse(tail.event, tail.data)
    if isinstance(event, dict):
        response = event.get("response")
        status = response.get("status") if isinstance(response, dict) else None
        return text(event.get("type")) not in _GOOD_TERMINALS or text(status) not in {"", "completed"}
    if isinstance(event, Damage):
        return tail.event not in _GOOD_TERMINALS and not _BEGINS_AS_TERMINAL(tail.data or "")
    return event is None and tail.event not in {"", *_GOOD_TERMINALS}


_ENDS = frozenset(TERMINALS) - {"response.error"}
_GOOD_TERMINALS = frozenset({"response.completed", "response.done"})
_BEGINS_AS_TERMINAL = re.compile(r'\s*\{\s*"type"\s*:\s*"response\.(completed|done)"').match
