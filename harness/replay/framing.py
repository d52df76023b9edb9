"""What the player writes around a body: the status line, the framing headers, the chunks (RFC 9112)."""

from __future__ import annotations

from http import HTTPStatus

from harness.delivery import Delivery, Framing, Headers
from harness.replay.script import expected_length

LAST_CHUNK = b"0\r\n\r\n"


def head_bytes(delivery: Delivery) -> bytes:
    """Status line and headers as they go down the wire, blank line included."""
    assert delivery.head is not None, "a delivery without a head has no head to write"
    status = delivery.head.status
    lines = [
        f"HTTP/1.1 {status} {reason_phrase(status)}",
        *(f"{name}: {value}" for name, value in headers_of(delivery)),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def headers_of(delivery: Delivery) -> Headers:
    """The head's own headers and those that announce its framing."""
    head = delivery.head
    assert head is not None, "a delivery without a head has no headers"
    if is_chunked(delivery):
        return (*head.headers, ("transfer-encoding", "chunked"))
    if delivery.content_length is not None:
        return (*head.headers, ("content-length", str(delivery.content_length)))
    if head.framing is Framing.CLOSE and not asks_to_close(head.headers):
        return (*head.headers, ("connection", "close"))
    return head.headers


def is_chunked(delivery: Delivery) -> bool:
    """Whether the body goes down in chunks; an answer that may have no body has no chunks either."""
    return delivery.head is not None and delivery.head.framing is Framing.CHUNKED and expected_length(delivery) is None


def chunk(data: bytes) -> tuple[bytes, bytes, bytes]:
    """One chunk: what goes before the data, the data, what goes after it."""
    return f"{len(data):x}\r\n".encode(), data, b"\r\n"


def keeps_alive(delivery: Delivery) -> bool:
    """Whether the connection can serve another request once the body is whole.

    A body longer than its declared length has put bytes on the connection that belong to no answer.
    """
    head = delivery.head
    if head is None or head.framing is Framing.CLOSE or asks_to_close(head.headers):
        return False
    expected = expected_length(delivery)
    return expected is None or expected >= len(delivery.body)


def asks_to_close(headers: Headers) -> bool:
    """Whether a ``connection: close`` is among the headers."""
    return any(name.lower() == "connection" and "close" in value.lower() for name, value in headers)


def reason_phrase(status: int) -> str:
    """The standard's phrase for a status; empty for one that it does not know."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
