"""Reads requests off a connection: bytes in, plain requests out, with a bound on everything a client may send."""

from __future__ import annotations

import h11

from harness.delivery import Request
from harness.replay.framing import asks_to_close

MAX_BODY = 256 * 1024 * 1024
"""A conversation with its images, at its longest."""
MAX_HEAD = 1024 * 1024


class BadRequest(Exception):
    """The client did not speak HTTP/1, or said too much; ``status`` is the answer to that."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RequestReader:
    """Reads one request. h11 wants to see the answer before it reads the next one, and the answer is written by
    hand, so every request gets a reader of its own, which starts with what the one before left over."""

    def __init__(self, leftover: bytes = b"") -> None:
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._head: h11.Request | None = None
        self._body = bytearray()
        if leftover:
            self._parser.receive_data(leftover)

    @property
    def leftover(self) -> bytes:
        return bytes(self._parser.trailing_data[0])

    @property
    def keeps_alive(self) -> bool:
        """Whether the client offers to use the connection again."""
        assert self._head is not None
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._head.headers)
        return self._head.http_version >= b"1.1" and not asks_to_close(headers)

    def feed(self, data: bytes) -> None:
        self._parser.receive_data(data)

    def go_on(self) -> bytes:
        """What tells a client to send the body that it holds back; empty unless it waits (RFC 9110, section 10.1.1)."""
        if not self._parser.they_are_waiting_for_100_continue:
            return b""
        return self._parser.send(h11.InformationalResponse(status_code=100, headers=[])) or b""

    def next(self) -> Request | None:
        """The request, or None while it is unfinished. Raises BadRequest."""
        try:
            while (event := self._parser.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Request):
                    self._head = event
                elif isinstance(event, h11.Data):
                    self._add(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    return self._request()
        except h11.RemoteProtocolError as error:
            raise BadRequest(error.error_status_hint, str(error)) from error
        return None

    def _add(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > MAX_BODY:
            raise BadRequest(413, f"the request's body is longer than {MAX_BODY} bytes")

    def _request(self) -> Request:
        head = self._head
        assert head is not None
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
        return Request(head.method.decode("ascii"), head.target.decode("latin-1"), headers, bytes(self._body))
