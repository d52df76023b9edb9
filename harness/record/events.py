"""What a recording is made of, as data, and how it crosses a pipe.

The same four events come from the proxy and from the transports; only the keeper knows how they become a cassette.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import orjson

from harness.cassette import RecordedEnding
from harness.delivery import Framing, Headers


@dataclass(frozen=True, slots=True)
class Opened:
    """A request went up. ``number`` names this request and its response in every later event."""

    number: int
    method: str
    path: str
    """As the client asked, query included."""
    headers: Headers
    payload: bytes


@dataclass(frozen=True, slots=True)
class Headed:
    """The response's head came; ``ms`` counts from the request, as everywhere here."""

    number: int
    ms: float
    status: int
    headers: Headers
    framing: Framing


@dataclass(frozen=True, slots=True)
class Came:
    """Bytes of the body came; ``begins`` says whether they are the first of a chunk. Never empty."""

    number: int
    ms: float
    begins: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The response is over."""

    number: int
    ms: float
    ending: RecordedEnding


Event = Opened | Headed | Came | Ended


def pack(event: Event) -> bytes:
    """One event as bytes: two lengths, a JSON head, the payload."""
    content = {field.name: getattr(event, field.name) for field in fields(event) if field.name != "payload"}
    payload: bytes = getattr(event, "payload", b"")
    head = orjson.dumps([type(event).__name__, content])
    return _LENGTHS.pack(len(head), len(payload)) + head + payload


class Unpacker:
    """Bytes in any pieces back to events; an event that was cut short is never seen."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[Event]:
        self._data += data
        while len(self._data) >= _LENGTHS.size:
            head, payload = _LENGTHS.unpack_from(self._data)
            middle, end = _LENGTHS.size + head, _LENGTHS.size + head + payload
            if len(self._data) < end:
                return
            name, content = orjson.loads(self._data[_LENGTHS.size : middle])
            body = bytes(self._data[middle:end])
            del self._data[:end]
            yield _event(name, content, body)


def _event(name: str, content: dict[str, Any], payload: bytes) -> Event:
    if "headers" in content:
        content["headers"] = tuple((key, value) for key, value in content["headers"])
    if "framing" in content:
        content["framing"] = Framing(content["framing"])
    if "payload" in _KINDS[name].__dataclass_fields__:
        content["payload"] = payload
    event: Event = _KINDS[name](**content)
    return event


_LENGTHS = struct.Struct("!II")
_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Opened, Headed, Came, Ended)}
