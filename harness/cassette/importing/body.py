"""A bare event stream: what ``curl -N`` prints, or a ``.sse`` fixture."""

from __future__ import annotations

import re

from harness.cassette.importing.answer import EVENT_STREAM, Stored, response_of
from harness.cassette.importing.importer import Exchanged, Importer, Raw
from harness.cassette.model import RecordedRequest


def sniff(data: bytes) -> bool:
    return _FIELD.match(data) is not None


def read(raw: Raw) -> list[Exchanged]:
    response, remarks = response_of(Stored(200, EVENT_STREAM, raw.data))
    return [Exchanged(RecordedRequest(), response, remarks)]


# WHATWG HTML, section 9.2.5: an optional byte order mark, then fields and comments.
_FIELD = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?:(?:event|data|id|retry)(?:[:\r\n]|\Z)|:)")

BODY = Importer(
    name="body",
    reads="a bare event stream (curl -N, or a .sse file)",
    loses="the request, status and headers, all times, the chunk boundaries, and how the connection ended",
    sniff=sniff,
    read=read,
)
