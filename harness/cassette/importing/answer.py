"""An answer as a tool has stored it, made into what was on the wire, as far as that is still known.

Most tools undo the framing, and some the content coding, but leave the headers that spoke of them; a cassette whose
headers belie its bytes would be replayed as a broken answer that nobody ever sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.cassette.model import RecordedEnding, RecordedResponse
from harness.delivery import Framing, Headers
from harness.delivery.codings import Decoding, UnknownCoding, codings_of

EVENT_STREAM: Headers = (("content-type", "text/event-stream"),)
"""The head of a stream whose own one was not kept."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Head and body as stored, and when they came in ms from the request, where the tool says so."""

    status: int | None
    headers: Headers
    body: bytes
    unframed: Framing = Framing.CHUNKED
    """The framing of an answer whose headers state none."""
    chunks: tuple[tuple[int, float], ...] | None = None
    """The chunk table, where the tool kept it."""
    ending: RecordedEnding = "fin"
    head_ms: float = 0.0
    ended_ms: float = 0.0


def response_of(stored: Stored) -> tuple[RecordedResponse, tuple[str, ...]]:
    """The response, and what had to be mended or supposed."""
    headers, remarks = _without_lost_coding(stored.headers, stored.body)
    length = _stated_length(headers)
    if length not in {None, len(stored.body)} and stored.ending == "fin":
        headers = _without(headers, "content-length")
        remarks += (f"content-length {length} is not the length of the kept body, and was dropped",)
        length = None
    chunks = stored.chunks if stored.chunks is not None else _one_chunk(stored.body, stored.head_ms)
    framing = Framing.LENGTH if length is not None else _stated_framing(headers) or stored.unframed
    response = RecordedResponse(
        status=stored.status,
        headers=headers,
        framing=framing,
        body=stored.body,
        chunks=chunks,
        ending=stored.ending,
        head_ms=stored.head_ms,
        ended_ms=stored.ended_ms,
    )
    return response, remarks


def no_response(ended_ms: float = 0.0) -> RecordedResponse:
    """A connection that brought no head."""
    return RecordedResponse(None, (), Framing.CLOSE, b"", (), "cut", ended_ms=ended_ms)


def header(headers: Headers, name: str) -> str:
    """The first value of a header, whatever the case of its name; empty when it is absent."""
    return next((value for key, value in headers if key.lower() == name), "")


def headers_of(stored: Mapping[str, object]) -> Headers:
    """Headers from a mapping of names to one value or to several."""
    return tuple(
        (str(name), str(value))
        for name, values in stored.items()
        for value in (values if isinstance(values, list | tuple) else [values])
    )


def readable(response: RecordedResponse) -> tuple[RecordedResponse, tuple[str, ...]]:
    """The response with its body decoded, because a secret in it cannot be overwritten otherwise.

    One that cannot be decoded here is left as it is: writing the cassette will refuse it.
    """
    codings = codings_of(response.headers)
    if not codings:
        return response, ()
    coding = ", ".join(codings)
    try:
        decoding = Decoding(codings)
    except UnknownCoding:
        return response, (f"the body cannot be decoded as {coding}",)
    body = decoding.feed(response.body)
    if decoding.broken:
        return response, (f"the body cannot be decoded as {coding}",)
    plain = replace(
        response,
        headers=_without(_without(response.headers, "content-encoding"), "content-length"),
        framing=Framing.CHUNKED if response.framing is Framing.LENGTH else response.framing,
        body=body,
        chunks=_one_chunk(body, response.head_ms),
    )
    return plain, (f"the body came with content-encoding {coding}; it is kept decoded, to redact it",)


def _one_chunk(body: bytes, ms: float) -> tuple[tuple[int, float], ...]:
    return ((0, ms),) if body else ()


def _without_lost_coding(headers: Headers, body: bytes) -> tuple[Headers, tuple[str, ...]]:
    coding = lost_coding(headers, body)
    if not coding:
        return headers, ()
    kept = _without(_without(headers, "content-encoding"), "content-length")
    return kept, (f"content-encoding {coding} was undone by the tool, and its header dropped",)


def lost_coding(headers: Headers, body: bytes) -> str:
    """The stated content-encoding that the tool has undone already, if so: no coded body is valid UTF-8."""
    coding = header(headers, "content-encoding").strip().lower()
    return coding if coding not in {"", "identity"} and _is_text(body) else ""


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _stated_length(headers: Headers) -> int | None:
    stated = header(headers, "content-length").strip()
    chunked = _stated_framing(headers) is Framing.CHUNKED
    return int(stated) if stated.isdecimal() and not chunked else None


def _stated_framing(headers: Headers) -> Framing | None:
    return Framing.CHUNKED if "chunked" in header(headers, "transfer-encoding").lower() else None


def _without(headers: Headers, name: str) -> Headers:
    return tuple(entry for entry in headers if entry[0].lower() != name)
