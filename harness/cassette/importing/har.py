"""HTTP Archive 1.2, as browsers and proxies export it: https://w3c.github.io/web-performance/specs/HAR/Overview.html"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.cassette.importing.answer import Stored, no_response, response_of
from harness.cassette.importing.asked import request_of, worth_keeping
from harness.cassette.importing.importer import Exchanged, Importer, Raw
from harness.delivery import Headers


def sniff(data: bytes) -> bool:
    return _LOG.match(data) is not None


def read(raw: Raw) -> list[Exchanged]:
    try:
        entries = json.loads(raw.data)["log"]["entries"]
        found = [_exchanged(entry) for entry in entries]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise raw.failed(f"is no HTTP archive: {type(error).__name__}: {error}") from error
    return worth_keeping(found)


def _exchanged(entry: Mapping[str, Any]) -> Exchanged:
    asked, answered = entry["request"], entry["response"]
    posted = asked.get("postData") or {}
    request, dropped = request_of(asked["method"], asked["url"], _headers(asked["headers"]), posted.get("text", ""))
    head_ms, ended_ms = _times(entry)
    date = str(entry.get("startedDateTime", ""))[: len("2026-01-31")]
    # A request that failed below HTTP is stored with status 0.
    if not answered["status"]:
        return Exchanged(request, no_response(ended_ms), dropped, asked["url"], date)
    content = answered["content"]
    body, missing = _body(content)
    stored = Stored(
        answered["status"], _headers(answered["headers"]), body, head_ms=head_ms, ended_ms=max(head_ms, ended_ms)
    )
    response, mended = response_of(stored)
    return Exchanged(request, response, (*dropped, *missing, *mended), asked["url"], date)


def _headers(stored: Sequence[Mapping[str, str]]) -> Headers:
    # Names that begin with a colon are HTTP/2's own, and no headers.
    return tuple((entry["name"], entry["value"]) for entry in stored if not entry["name"].startswith(":"))


def _times(entry: Mapping[str, Any]) -> tuple[float, float]:
    """Ms from the request to the head and to the end; -1 in an archive stands for a phase that was not."""
    timings = entry.get("timings") or {}
    phases = [timings.get(name) or 0.0 for name in ("blocked", "dns", "connect", "send", "wait")]
    head_ms = sum(max(0.0, float(phase)) for phase in phases)
    return round(head_ms, 3), round(max(0.0, float(entry.get("time") or 0.0)), 3)


def _body(content: Mapping[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    text = content.get("text")
    if text is None:
        size = content.get("size") or 0
        return b"", (f"the archive has none of the body's {size} bytes",) if size > 0 else ()
    body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
    return body, ()


_LOG = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"log"\s*:')

HAR = Importer(
    name="har",
    reads="an HTTP archive (.har)",
    loses="the times of single chunks, the chunk boundaries, how the connection ended, and the body's content coding",
    sniff=sniff,
    read=read,
)
