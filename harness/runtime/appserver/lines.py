"""Bytes to JSON-RPC messages and back, one message a line; sans-IO.

The server's JSON-RPC leaves ``"jsonrpc": "2.0"`` out, in both directions. A line that is no message is handed out as
Garbage: what it was meant to say is lost, and the caller has to know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.runtime.errors import UndecodableStream
from harness.runtime.view import text

MAX_LINE = 64 * 2**20
"""Bytes. A command's whole output is one line."""

Id = int | str
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notification:
    """The server tells something."""

    method: str
    params: Params


@dataclass(frozen=True, slots=True)
class Request:
    """The server asks, and waits for the answer."""

    id: Id
    method: str
    params: Params


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one of our requests: a result, or an error object."""

    id: Any
    result: Any = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Garbage:
    """A line that is no message."""

    line: bytes


Message = Notification | Request | Response | Garbage


class LineReader:
    """Cuts what arrives into lines, however it was cut on its way."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max_line = max_line
        self._rest = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now. Raises UndecodableStream for a line longer than the limit."""
        self._rest += data
        while (end := self._rest.find(b"\n", self._searched)) >= 0:
            line = bytes(self._rest[:end])
            del self._rest[: end + 1]
            self._searched = 0
            if line.strip():
                yield message_of(line)
        self._searched = len(self._rest)
        if self._searched > self._max_line:
            raise UndecodableStream(f"a line is longer than {self._max_line} bytes: {bytes(self._rest[:80])!r}...")

    @property
    def unfinished(self) -> bytes:
        """The beginning of a line whose end has not come."""
        return bytes(self._rest)


def message_of(line: bytes) -> Message:
    """What one line says, by the members that JSON-RPC 2.0 gives each kind of message (sections 4 and 5)."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return Garbage(line)
    if not isinstance(body, dict):
        return Garbage(line)
    method, id = body.get("method"), body.get("id")
    if isinstance(method, str):
        told = body.get("params")
        params: Params = told if isinstance(told, dict) else {}
        return Request(id, method, params) if isinstance(id, int | str) else Notification(method, params)
    if "result" in body or "error" in body:
        error = body.get("error")
        if error is not None and not isinstance(error, dict):
            error = {"message": text(error) or json.dumps(error)}
        return Response(id, body.get("result"), error)
    return Garbage(line)


def encode(**members: Any) -> bytes:
    """One message as a line."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
