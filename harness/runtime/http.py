"""An HTTP answer as a source of events, whatever it turns out to be.

The body decides, not the content type: gateways send event streams as text/plain, and HTML or a JSON error as
text/event-stream. One look at the first byte is enough, because no line of an event stream begins with ``{``, ``[``
or ``<``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from typing import Any

import httpx

from harness.runtime.errors import HTTPStatusError, NotAStream, RuntimeStreamError, StreamErrorEvent
from harness.runtime.events import decode_events, loads
from harness.runtime.terminal import NO_MESSAGE, ending_of, error_frame, provider_fields
from harness.runtime.transport import retry_after_s
from harness.runtime.view import mapping, text

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""Longest document that is read instead of a stream."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
_EXCERPT_CHARS = 500


Found = bytes | Mapping[str, Any]
"""The first bytes of an event stream, or the response object that the body is."""

Recognition = Generator[None, bytes | None, Found]
"""Yields when it needs the next chunk of the body, and is sent it, None at the end; or is thrown the error that came
instead."""


class Looking:
    """What an answer is that was opened as a stream, sans-IO: whoever reads it passes its chunks on.

    All its methods raise HTTPStatusError for an error status or an error body, NotAStream for anything else that is
    no stream.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._recognition = _recognise(response)
        next(self._recognition)
        self._found: Found | None = None

    def take(self, chunk: bytes | None) -> bool:
        """Take the next chunk, None at the end; returns whether it is found out."""
        try:
            self._recognition.send(chunk)
        except StopIteration as stop:
            self._found = stop.value
        return self._found is not None

    def broken(self, error: Exception) -> None:
        """The body broke off with this error; it is raised again, unless something else is known of the answer."""
        try:
            self._recognition.throw(error)
        except StopIteration as stop:
            self._found = stop.value

    def found(self) -> Found:
        """To be asked when it is found out, or the body is over."""
        if self._found is None:
            self.take(None)
        assert self._found is not None
        return self._found


def chunks_of(response: httpx.Response) -> Iterator[bytes]:
    """The body as it comes, its content encoding undone; as ``iter_bytes``, which costs more than reading the events
    does when it has nothing to undo."""
    direct = _is_untouched(response) and isinstance(response.stream, httpx.SyncByteStream)
    chunks: Any = response.stream if direct else response.iter_bytes()
    try:
        yield from filter(None, chunks)
    except httpx.RequestError as error:
        error.request = response.request
        raise


async def async_chunks_of(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """As ``chunks_of``, of an async response."""
    direct = _is_untouched(response) and isinstance(response.stream, httpx.AsyncByteStream)
    chunks: Any = response.stream if direct else response.aiter_bytes()
    try:
        async for chunk in chunks:
            if chunk:
                yield chunk
    except httpx.RequestError as error:
        error.request = response.request
        raise


def _is_untouched(response: httpx.Response) -> bool:
    """Whether nobody has read of the body yet, and its bytes are the content itself."""
    if not isinstance(response, httpx.Response) or response.is_stream_consumed or response.is_closed:
        return False
    return "content-encoding" not in response.headers


def _recognise(response: httpx.Response) -> Recognition:
    if not response.is_success:
        raise _status_error(response, (yield from _what_comes()))
    head = b""
    while not head.lstrip(_BLANK):
        chunk = yield
        if chunk is None:
            break
        head += chunk
    first = head.lstrip(_BLANK)[:1]
    if first in (b"{", b"[", b"<"):
        return (yield from _document(response, head))
    if not first and "event-stream" not in response.headers.get("content-type", ""):
        raise _not_a_stream(response, "an empty body", "")
    return head


def _document(response: httpx.Response, head: bytes) -> Generator[None, bytes | None, Mapping[str, Any]]:
    body = bytearray(head)
    while len(body) <= MAX_DOCUMENT_BYTES:
        try:
            chunk = yield
        except RuntimeStreamError:
            # A JSON object tells where it ends: what follows its last brace is missed by nobody. And a page is no
            # answer, whole or not.
            if not (_is_whole(body) or body.lstrip(_BLANK).startswith(b"<")):
                raise
            break
        if chunk is None:
            break
        body += chunk
    words = bytes(body).lstrip(_BLANK).decode("utf-8", "replace")
    if words.startswith("<"):
        raise _not_a_stream(response, "markup", words)
    try:
        document = loads(words)
    except (ValueError, RecursionError):
        raise _not_a_stream(response, "a broken JSON document", words) from None
    fields = document if isinstance(document, dict) else {}
    if is_response_object(fields):
        return fields
    if fields.get("error") or fields.get("detail") or fields.get("message"):
        raise _status_error(response, words)
    raise _not_a_stream(response, "a JSON document that is no response", words)


def _is_whole(body: bytearray) -> bool:
    try:
        return isinstance(loads(bytes(body).lstrip(_BLANK)), dict)
    except (ValueError, RecursionError):
        return False


def is_response_object(value: Any) -> bool:
    """Whether a value is a concrete response: its fields say so, or it has an ``output``."""
    fields = mapping(value) or {}
    return fields.get("object") == "response" or ("output" in fields and "type" not in fields)


def _what_comes() -> Generator[None, bytes | None, str]:
    """As much of an error's body as can be had; the status says enough without it."""
    body = bytearray()
    try:
        while len(body) <= MAX_DOCUMENT_BYTES:
            chunk = yield
            if chunk is None:
                break
            body += chunk
    except RuntimeStreamError as error:
        body += f" [the body broke off: {error}]".encode()
    return body.decode("utf-8", "replace")


def _status_error(response: httpx.Response, body: str) -> HTTPStatusError:
    fields, raw = _stated(body)
    return HTTPStatusError(
        **{**fields, "status": response.status_code},
        raw=raw,
        headers=response.headers,
        retry_after_s=retry_after_s(response.headers),
    )


def _stated(body: str) -> tuple[dict[str, Any], Any]:
    """What an error body says of itself, and the body: a JSON object, frames with an error, or words."""
    framed, words = _framed_error(body), " ".join(body.split())[:_EXCERPT_CHARS]
    if framed is not None:
        fields = provider_fields(mapping(framed.raw) or {}, framed.body["error"])
        # An error that says nothing of itself is told as it came.
        return {**fields, "message": words if fields["message"] == NO_MESSAGE else fields["message"]}, framed.raw
    try:
        document = loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return provider_fields(words or "the error has no body", {}), body
    return provider_fields(document.get("error"), document), document


def _framed_error(body: str) -> StreamErrorEvent | None:
    events = decode_events([body.encode("utf-8", "surrogatepass")])
    errors = (
        event for event in events if isinstance(event, dict) and ending_of(text(event.get("type")), event) == "error"
    )
    return next(map(error_frame, errors), None)


def _not_a_stream(response: httpx.Response, what: str, body: str) -> NotAStream:
    kind = response.headers.get("content-type", "no content type")
    excerpt = body[:_EXCERPT_CHARS]
    message = f"HTTP {response.status_code} with {what} instead of an event stream ({kind})"
    return NotAStream(
        f"{message}: {excerpt}" if excerpt else message,
        status=response.status_code,
        content_type=kind,
        excerpt=excerpt,
    )
