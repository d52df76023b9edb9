"""Requests as tools store them, and which of a file's many exchanges belong in a cassette of streams."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from harness.cassette.importing.importer import Exchanged
from harness.cassette.model import RecordedRequest
from harness.delivery import Headers


def request_of(method: str, url: str, headers: Headers, body: Any) -> tuple[RecordedRequest, tuple[str, ...]]:
    """The request, and what of it could not be kept. ``body`` is text, bytes, or JSON that was parsed already."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    document, remarks = _json(body)
    return RecordedRequest(method.upper(), path, headers, document), remarks


def worth_keeping(exchanges: Iterable[Exchanged]) -> list[Exchanged]:
    """Those that are streams or were meant to be: a recorded browser session also fetches pages and pictures."""
    return [entry for entry in exchanges if _streams(entry)]


def _streams(entry: Exchanged) -> bool:
    kind = entry.response.header("content-type").lower()
    asked = entry.request.body
    return kind.startswith("text/event-stream") or (isinstance(asked, dict) and asked.get("stream") is True)


def _json(body: Any) -> tuple[Any, tuple[str, ...]]:
    if not isinstance(body, str | bytes):
        return body, ()
    if not body:
        return None, ()
    try:
        return json.loads(body), ()
    except ValueError:
        return None, ("a request body that is not JSON was dropped",)
