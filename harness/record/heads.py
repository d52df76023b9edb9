"""Requests and response heads as they may be kept: these are small and whole, so they are redacted in one piece."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness.cassette import Cassette, Interaction, Provenance, RecordedRequest, RecordedResponse, redact
from harness.cassette.yamlsource import pointer_to
from harness.delivery import Framing, Headers
from harness.record.events import Headed, Opened
from harness.record.masking import masked

_NO_RESPONSE = RecordedResponse(None, (), Framing.CLOSE, b"", (), "cut")


def header(headers: Headers, name: str) -> str:
    """The first value of a header, or nothing."""
    return next((value for key, value in headers if key.lower() == name), "")


def safe_request(event: Opened) -> RecordedRequest:
    """The request without its secrets; its body when that is JSON."""
    surface = _redacted(RecordedRequest(event.method, event.path, event.headers, _json(event.payload)), _NO_RESPONSE)
    marks: list[str] = []
    body = _deeper(surface.request.body, (), marks)
    return replace(surface.request, body=body, redacted=tuple(dict.fromkeys((*surface.request.redacted, *marks))))


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


def _deeper(value: Any, path: tuple[str | int, ...], marks: list[str]) -> Any:
    """The texts of a JSON value read as what they mean: an escape may hide from the surface where a secret begins."""
    if isinstance(value, str):
        text, rules = masked(value.encode("utf-8", "surrogatepass"))
        if rules:
            marks.append(pointer_to(path))
        return text.decode("utf-8", "surrogatepass") if rules else value
    if isinstance(value, dict | list):
        entries: Iterator[tuple[str | int, Any]] = iter(value.items() if isinstance(value, dict) else enumerate(value))
        mended = [(key, _deeper(entry, (*path, key), marks)) for key, entry in entries]
        return dict(mended) if isinstance(value, dict) else [entry for _, entry in mended]
    return value
