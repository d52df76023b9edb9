"""HTTP/1 responses taken apart as they come, with what a recording wants to know of them.

A reader around h11's grammar, without I/O. It never changes a byte: what is forwarded are the bytes that came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import h11

from harness.delivery import Framing, Headers
from harness.record.heads import header

_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_MAX_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """Status, headers, and how the body's end can be told."""

    status: int
    headers: Headers
    framing: Framing


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of the body; ``begins`` says whether they start a chunk. Where the framing shows no chunks, every arrival
    counts as one."""

    data: bytes
    begins: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """The message is over by its own framing; ``surplus`` says whether bytes came behind it."""

    surplus: bool


class ResponseReader:
    """Reads one response, and writes the request that it answers, which its framing depends on."""

    def __init__(self) -> None:
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        self._framing = Framing.CLOSE
        self._between_chunks = self._empty = True
        self.broken = False
        """Whether what came is no HTTP/1 from some byte on; nothing is read of the rest."""
        self.whole = False

    def request(self, method: str, target: str, headers: Headers, body: bytes) -> bytes:
        """The request's bytes."""
        head = h11.Request(method=method, target=target, headers=list(headers))
        pieces = [self._parser.send(head), self._parser.send(h11.Data(data=body)) if body else b""]
        return b"".join(piece or b"" for piece in (*pieces, self._parser.send(h11.EndOfMessage())))

    def feed(self, data: bytes) -> Iterator[ResponseHead | Part | Whole]:
        """What ``data`` adds; an empty one is the end of the connection."""
        if self.broken or self.whole:
            return
        try:
            self._parser.receive_data(data)
            while (event := self._parser.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                match event:
                    case h11.Response():
                        yield self._head(event)
                    case h11.Data():
                        yield self._part(event)
                    case h11.EndOfMessage():
                        self.whole = True
                        yield from self._surplus()
                        return
                    case h11.ConnectionClosed():
                        return
        except h11.RemoteProtocolError:
            self.broken = True

    def _head(self, event: h11.Response) -> ResponseHead:
        headers = _headers(event)
        self._framing = framing_of(event.status_code, headers)
        return ResponseHead(event.status_code, headers, self._framing)

    def _surplus(self) -> Iterator[Part | Whole]:
        """Bytes past the length that was promised belong to no answer, yet they are what this server sends."""
        surplus = bytes(self._parser.trailing_data[0])
        if surplus and self._framing is Framing.LENGTH:
            yield Part(surplus, self._empty)
        yield Whole(bool(surplus))

    def _part(self, event: h11.Data) -> Part:
        # h11 marks a chunk's end always, its start only where the size line came together with the first byte.
        begins, self._empty = self._between_chunks, False
        self._between_chunks = event.chunk_end or self._framing is not Framing.CHUNKED
        return Part(bytes(event.data), begins)


def framing_of(status: int, headers: Headers) -> Framing:
    """How the end of a body under these headers can be told (RFC 9112, section 6.3).

    An answer that may have no body counts as chunked: that framing adds nothing to such a head when it is replayed.
    """
    if "chunked" in header(headers, "transfer-encoding").lower() or status in _BODILESS:
        return Framing.CHUNKED
    return Framing.LENGTH if header(headers, "content-length") else Framing.CLOSE


def closes(headers: Headers) -> bool:
    return any(name.lower() == "connection" and "close" in value.lower() for name, value in headers)


def _headers(message: h11.Request | h11.Response) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in message.headers.raw_items())
