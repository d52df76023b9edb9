"""Requests and response heads as they may be kept: these are small and whole, so they are redacted in one piece."""

from __future__ import annotations

import json
from typing import Any

from harness.cassette import Cassette, Interaction, Provenance, RecordedRequest, RecordedResponse, redact
from harness.delivery import Framing, Headers
from harness.record.events import Headed, Opened

_NO_RESPONSE = RecordedResponse(None, (), Framing.CLOSE, b"", (), "cut")


def header(headers: Headers, name: str) -> str:
    """The first value of a header, or nothing."""
    return next((value for key, value in headers if key.lower() == name), "")


def safe_request(event: Opened) -> RecordedRequest:
    """The request without its secrets; its body when that is JSON."""
    request = RecordedRequest(event.method, event.path, event.headers, _json(event.payload))
    return _redacted(request, _NO_RESPONSE).request


def safe_response(event: Headed) -> RecordedResponse:
    """The head without its secrets, with an empty body."""
    head = RecordedResponse(event.status, event.headers, event.framing, b"", (), head_ms=round(event.ms, 3))
    return _redacted(RecordedRequest(), head).response


def _redacted(request: RecordedRequest, response: RecordedResponse) -> Interaction:
    """Redaction is a matter of whole cassettes, so these two become one for a moment."""
    provenance = Provenance("any", "recorded", "any", "1970-01-01")
    return redact(Cassette("any/any", provenance, (Interaction(request, response),))).interactions[0]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
