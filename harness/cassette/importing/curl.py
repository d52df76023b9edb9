"""What ``curl -iN URL > FILE`` writes: the heads of all answers on the way, then the body of the last one.

With ``--raw`` the chunked framing is still in the body; then the chunk boundaries are known too (RFC 9112, 7.1).
"""

from __future__ import annotations

import re

from harness.cassette.importing.answer import Stored, header, lost_coding, response_of
from harness.cassette.importing.importer import Exchanged, Importer, Raw
from harness.cassette.model import RecordedEnding, RecordedRequest
from harness.delivery import Framing, Headers


def sniff(data: bytes) -> bool:
    return _STATUS.match(data) is not None


def read(raw: Raw) -> list[Exchanged]:
    version, status, headers, body = _last_answer(raw)
    # HTTP/2 and 3 tell a whole body from a cut one without any header, as chunked framing does.
    unframed = Framing.CLOSE if version.startswith(b"1") else Framing.CHUNKED
    body, chunks, ending, remark = _unchunked(body) or _unframed(body, headers)
    response, mended = response_of(Stored(status, headers, body, unframed, chunks, ending))
    return [Exchanged(RecordedRequest(), response, (remark, *mended))]


def _last_answer(raw: Raw) -> tuple[bytes, int, Headers, bytes]:
    """Version, status, headers and body. Answers before the last one (100, a proxy's, redirects) have a head only."""
    rest = raw.data
    while True:
        match = _STATUS.match(rest)
        if match is None:
            raise raw.failed("has no status line", "write it with: curl -iN URL > FILE")
        end = _HEAD_END.search(rest)
        if end is None:
            raise raw.failed("ends inside the head", "the head ends with a blank line")
        lines = rest[match.end() : end.start()].splitlines()
        rest = rest[end.end() :]
        if not sniff(rest):
            return match["version"], int(match["status"]), tuple(_header(line) for line in lines if line), rest


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name, value.strip()


_Chunks = tuple[tuple[int, float], ...]
_Body = tuple[bytes, _Chunks | None, RecordedEnding, str]
"""Bytes, chunk table, ending, and a remark."""


def _unframed(body: bytes, headers: Headers) -> _Body:
    """A body whose framing curl has undone; only a stated length tells whether it is whole."""
    length = header(headers, "content-length")
    if length.isdecimal() and int(length) > len(body) and not lost_coding(headers, body):
        return body, None, "cut", f"cut: {len(body)} of {length} bytes came"
    return body, None, "fin", "whether the body was cut: unknown, curl says it on stderr only"


def _unchunked(body: bytes) -> _Body | None:
    """A body that is still chunked, taken apart; None when it is not. No event stream begins like one."""
    if _CHUNK.match(body) is None:
        return None
    plain, position = b"", 0
    chunks: list[tuple[int, float]] = []
    while match := _CHUNK.match(body, position):
        size = int(match["size"], 16)
        if size == 0:
            return plain, tuple(chunks), "fin", "chunk boundaries as sent (curl --raw)"
        data = body[match.end() : match.end() + size]
        chunks += [(len(plain), 0.0)] if data else []
        plain += data
        position = match.end() + size + len(b"\r\n")
    return plain, tuple(chunks), "cut", "chunk boundaries as sent (curl --raw); cut: the last chunk is missing"


_STATUS = re.compile(rb"HTTP/(?P<version>\d(?:\.\d)?) (?P<status>\d{3})[^\r\n]*\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"(?P<size>[0-9a-fA-F]{1,8})(?:;[^\r\n]*)?\r\n")

CURL = Importer(
    name="curl",
    reads="output of curl -iN, with or without --raw",
    loses="the request, all times, and without --raw the chunk boundaries",
    sniff=sniff,
    read=read,
)
