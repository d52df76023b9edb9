"""Redaction, fail-closed: what is not known to be harmless does not reach the disk.

Headers pass by an allow-list. Everything else is read by a table of named rules; a hit's secret is overwritten
with a placeholder of the same length, so offsets, chunks and times hold. Writing a cassette looks again, and
refuses while anything is left.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.cassette.model import Cassette, Interaction, RecordedRequest, RecordedResponse
from harness.cassette.rules import ALLOWED_HEADERS, RULES, Rule
from harness.cassette.yamlsource import pointer_to
from harness.delivery import Headers


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret that is still there. It never holds the secret itself."""

    rule: str
    where: str
    """``response.body``, ``request.path``, ``request.header:NAME``, ``request.body/input/0`` ..."""
    start: int
    end: int


class RedactionError(Exception):
    """A cassette that still holds secrets; nothing of it was written. ``hits`` says where they are."""

    def __init__(self, name: str, hits: tuple[Hit, ...]) -> None:
        super().__init__(name, hits)
        self.name = name
        self.hits = hits

    def __str__(self) -> str:
        lines = [f"  {hit.where}, bytes {hit.start} to {hit.end}: {hit.rule}" for hit in self.hits]
        return "\n".join([f"{self.name} is not written: {len(lines)} unresolved redaction hits", *lines])


NOT_ALLOWED = "header-not-allowed"
UNREADABLE = "body-not-readable"


def placeholder(length: int) -> str:
    """What stands for a secret of ``length`` bytes."""
    return _PREFIX + "x" * (length - len(_PREFIX)) if length > len(_PREFIX) else "x" * length


def is_placeholder(secret: bytes) -> bool:
    return _PLACEHOLDER.fullmatch(secret) is not None


_PREFIX = "redacted-"
_PLACEHOLDER = re.compile(rb"(?:redacted-)?x+")


def scan(data: bytes, where: str, rules: Iterable[Rule] = RULES) -> Iterator[Hit]:
    """The secrets in ``data`` that no placeholder has replaced yet, rule by rule."""
    for rule in rules:
        for match in rule.pattern.finditer(data):
            if not is_placeholder(match["secret"]):
                yield Hit(rule.name, where, *match.span("secret"))


def overwrite(data: bytes, hits: Iterable[Hit]) -> bytes:
    """``data`` with a placeholder over every hit; the length stays."""
    mended = bytearray(data)
    for start, end in _merged(hits):
        mended[start:end] = placeholder(end - start).encode()
    return bytes(mended)


def redact(cassette: Cassette) -> Cassette:
    """The same cassette without what the rules find; marks say what was replaced."""
    interactions = tuple(
        replace(entry, request=_redact_request(entry.request), response=_redact_response(entry.response))
        for entry in cassette.interactions
    )
    return replace(cassette, interactions=interactions)


def unresolved(cassette: Cassette) -> tuple[Hit, ...]:
    """What keeps the cassette from being written: rule hits anywhere, and header values nobody has allowed."""
    notes = f"{cassette.description}\n{cassette.provenance.notes}".encode()
    return (*scan(notes, "notes"), *(hit for entry in cassette.interactions for hit in _unresolved_of(entry)))


def _unresolved_of(entry: Interaction) -> Iterator[Hit]:
    prefix = f"interaction {entry.turn}.{entry.attempt} "
    yield from scan(entry.request.path.encode(), f"{prefix}request.path")
    yield from scan(_json(entry.request.body), f"{prefix}request.body")
    yield from _unresolved_body(entry.response, f"{prefix}response.body")
    for side, headers in (("request", entry.request.headers), ("response", entry.response.headers)):
        for name, value in headers:
            where = f"{prefix}{side}.header:{name.lower()}"
            secrets = tuple(scan(value.encode(), where))
            yield from secrets
            if name.lower() not in ALLOWED_HEADERS and not secrets and value and not is_placeholder(value.encode()):
                yield Hit(NOT_ALLOWED, where, 0, len(value.encode()))


def _unresolved_body(response: RecordedResponse, where: str) -> Iterator[Hit]:
    """Hits in the body as a client reads it; a body that cannot be read here may hold anything."""
    coding = response.header("content-encoding").strip().lower()
    try:
        yield from scan(_DECODERS[coding](response.body), where)
    except (KeyError, zlib.error):
        yield Hit(UNREADABLE, where, 0, len(response.body))


def _inflated(body: bytes) -> bytes:
    # A truncated body is a recording like any other: what comes out of it is what a client sees.
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body)


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": _inflated,
    "x-gzip": _inflated,
    "deflate": _inflated,
}


def _redact_request(request: RecordedRequest) -> RecordedRequest:
    headers, header_marks = _redact_headers(request.headers)
    path = request.path.encode()
    path_hits = tuple(scan(path, "path"))
    text = _json(request.body)
    # Placeholders are plain letters, so the JSON stays JSON.
    body = json.loads(overwrite(text, scan(text, "body")))
    marks = [*request.redacted, *header_marks, *(["path"] if path_hits else []), *_changed(request.body, body)]
    return replace(
        request, headers=headers, path=overwrite(path, path_hits).decode(), body=body, redacted=tuple(_unique(marks))
    )


def _redact_response(response: RecordedResponse) -> RecordedResponse:
    headers, header_marks = _redact_headers(response.headers)
    # A content-encoded body is left as it is: overwriting compressed bytes would break it. Writing then refuses.
    hits = () if response.header("content-encoding") else tuple(scan(response.body, "body"))
    marks = [*response.redacted, *header_marks, *(hit.rule for hit in hits)]
    return replace(response, headers=headers, body=overwrite(response.body, hits), redacted=tuple(_unique(marks)))


def _redact_headers(headers: Headers) -> tuple[Headers, list[str]]:
    mended = tuple((name, _redact_value(name, value)) for name, value in headers)
    marks = [f"header:{old[0].lower()}" for old, new in zip(headers, mended, strict=True) if old != new]
    return mended, marks


def _redact_value(name: str, value: str) -> str:
    if name.lower() not in ALLOWED_HEADERS:
        return placeholder(len(value.encode()))
    data = value.encode()
    return overwrite(data, scan(data, name)).decode()


def _merged(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    """Spans that touch or overlap become one, so that no half of a secret is left between two placeholders."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted((hit.start, hit.end) for hit in hits):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _changed(old: Any, new: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Pointers of the leaves that differ; a changed key marks its mapping."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.keys() == new.keys():
        for key in old:
            yield from _changed(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _changed(*pair, (*path, index))
    elif old != new:
        yield pointer_to(path)


def _unique(marks: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(marks))
