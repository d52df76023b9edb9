"""Redaction, fail-closed: what is not known to be harmless does not reach the disk.

Headers pass by an allow-list. Everything else is read by a table of named rules; a hit's secret is overwritten
with a placeholder of the same length, so offsets, chunks and times hold. Writing a cassette looks again, and
refuses while anything is left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.cassette.anchors import KNOWN, RuleSet
from harness.cassette.hits import Hit, is_placeholder, placeholder
from harness.cassette.masking import masked, secrets
from harness.cassette.model import Cassette, Interaction, RecordedRequest, RecordedResponse
from harness.cassette.redactor import hits_in_body, redactor_for
from harness.cassette.rules import ALLOWED_HEADERS
from harness.cassette.yamlsource import pointer_to
from harness.delivery import Headers
from harness.delivery.codings import Decoding, UnknownCoding, codings_of


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


def redact(cassette: Cassette) -> Cassette:
    """The same cassette without what the rules find; marks say what was replaced."""
    interactions = tuple(
        replace(entry, request=_redact_request(entry.request), response=_redact_response(entry.response))
        for entry in cassette.interactions
    )
    return replace(cassette, interactions=interactions)


def unresolved(cassette: Cassette, rules: RuleSet = KNOWN) -> tuple[Hit, ...]:
    """What keeps the cassette from being written: rule hits anywhere, and header values nobody has allowed."""
    notes = f"{cassette.description}\n{cassette.provenance.notes}".encode()
    entries = (hit for entry in cassette.interactions for hit in _unresolved_of(entry, rules))
    return (*_hits(notes, "notes", rules), *entries)


def _unresolved_of(entry: Interaction, rules: RuleSet) -> Iterator[Hit]:
    prefix = f"interaction {entry.turn}.{entry.attempt} "
    yield from _hits(entry.request.path.encode(), f"{prefix}request.path", rules)
    yield from _hits(_json(entry.request.body), f"{prefix}request.body", rules, _JSON_DEPTH)
    yield from _unresolved_body(entry.response, f"{prefix}response.body", rules)
    yield from _hits(entry.response.stderr.encode(), f"{prefix}response.stderr", rules)
    for side, headers in (("request", entry.request.headers), ("response", entry.response.headers)):
        for name, value in headers:
            where = f"{prefix}{side}.header:{name.lower()}"
            found = tuple(_hits(value.encode(), where, rules))
            yield from found
            if name.lower() not in ALLOWED_HEADERS and not found and value and not is_placeholder(value.encode()):
                yield Hit(NOT_ALLOWED, where, 0, len(value.encode()))


def _unresolved_body(response: RecordedResponse, where: str, rules: RuleSet) -> Iterator[Hit]:
    """Hits in the body as a client reads it; a body that cannot be read here may hold anything."""
    try:
        decoding = Decoding(codings_of(response.headers))
    except UnknownCoding:
        yield Hit(UNREADABLE, where, 0, len(response.body))
        return
    meant = decoding.feed(response.body)
    if decoding.broken:
        yield Hit(UNREADABLE, where, 0, len(response.body))
    yield from hits_in_body(meant, response.header("content-type"), where, rules)


def _hits(text: bytes, where: str, rules: RuleSet, depth: int = 3) -> Iterator[Hit]:
    """Secrets in a small text, as deep as :func:`masked` reads it."""
    for secret in secrets(text, rules, depth):
        yield Hit(secret.rule, where, secret.spans[0][0], secret.spans[-1][1])


_JSON_DEPTH = 4
"""A request's body was parsed, and is read as the JSON text that it was: one level more than any other text."""


def _redact_request(request: RecordedRequest) -> RecordedRequest:
    headers, header_marks = _redact_headers(request.headers)
    path, path_rules = masked(request.path.encode())
    # Placeholders are plain letters, so the JSON stays JSON.
    body = json.loads(masked(_json(request.body), _JSON_DEPTH)[0])
    marks = [*request.redacted, *header_marks, *(["path"] if path_rules else []), *_changed(request.body, body)]
    return replace(request, headers=headers, path=path.decode(), body=body, redacted=_unique(marks))


def _redact_response(response: RecordedResponse) -> RecordedResponse:
    headers, header_marks = _redact_headers(response.headers)
    # A content-encoded body is left as it is: overwriting compressed bytes would break it. Writing then refuses.
    body, rules = (response.body, ()) if codings_of(response.headers) else _redact_body(response)
    stderr, stderr_rules = masked(response.stderr.encode())
    marks = _unique([*response.redacted, *header_marks, *rules, *stderr_rules])
    return replace(response, headers=headers, body=body, stderr=stderr.decode(), redacted=marks)


def _redact_body(response: RecordedResponse) -> tuple[bytes, Iterable[str]]:
    redactor = redactor_for(response.header("content-type"))
    return redactor.feed(response.body) + redactor.close(), redactor.rules


def _redact_headers(headers: Headers) -> tuple[Headers, list[str]]:
    mended = tuple((name, _redact_value(name, value)) for name, value in headers)
    marks = [f"header:{old[0].lower()}" for old, new in zip(headers, mended, strict=True) if old != new]
    return mended, marks


def _redact_value(name: str, value: str) -> str:
    if name.lower() not in ALLOWED_HEADERS:
        return placeholder(len(value.encode()))
    return masked(value.encode())[0].decode()


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _changed(old: Any, new: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Pointers of the leaves that differ; a changed key marks its mapping."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.keys() == new.keys():
        for key in old:
            yield from _changed(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _changed(*pair, (*path, index))
    elif old != new:
        yield pointer_to(path)


def _unique(marks: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(marks))
