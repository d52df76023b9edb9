"""Cassettes of VCR.py and pytest-recording: YAML (or JSON, which YAML reads too), plain or gzipped.

Three layouts are in use: ``interactions`` of request and response; lists of ``requests`` and ``responses`` side by
side; and bodies that a serializer has parsed (``parsed_body``). Only plain YAML is read: a tag that would build a
Python object is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from harness.cassette.importing.answer import Stored, headers_of, response_of
from harness.cassette.importing.asked import request_of, worth_keeping
from harness.cassette.importing.importer import Exchanged, Importer, Raw


def sniff(data: bytes) -> bool:
    return _KEYS.search(data) is not None


def read(raw: Raw) -> list[Exchanged]:
    document = _parsed(raw)
    try:
        found = [_exchanged(request, response) for request, response in _pairs(document)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise raw.failed(f"is no cassette of VCR.py: {type(error).__name__}: {error}") from error
    return worth_keeping(found)


def _parsed(raw: Raw) -> Any:
    try:
        return yaml.load(raw.data, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise raw.failed(f"is not plain YAML: {' '.join(str(error).split())}") from error


def _pairs(document: Any) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    if "interactions" in document:
        yield from ((entry["request"], entry["response"]) for entry in document["interactions"])
    else:
        yield from zip(document["requests"], document["responses"], strict=True)


def _exchanged(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Exchanged:
    headers = headers_of(asked.get("headers") or {})
    question = asked.get("parsed_body", asked.get("body"))
    request, dropped = request_of(str(asked["method"]), str(asked["uri"]), headers, question)
    body, written = _body(answered)
    status = int(answered["status"]["code"])
    response, mended = response_of(Stored(status, headers_of(answered.get("headers") or {}), body))
    return Exchanged(request, response, (*dropped, *written, *mended), str(asked["uri"]))


def _body(answered: Mapping[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    if "parsed_body" in answered:
        text = json.dumps(answered["parsed_body"], ensure_ascii=False)
        return text.encode(), ("a JSON body was written anew from its parsed form",)
    stored = answered["body"]
    value = stored.get("string", b"") if isinstance(stored, Mapping) else stored
    return (value if isinstance(value, bytes) else (value or "").encode()), ()


_KEYS = re.compile(rb"""(?m)^(?:interactions|requests|responses):|^\s*\{\s*"(?:version|interactions|requests)"\s*:""")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

VCR = Importer(
    name="vcr",
    reads="a cassette of VCR.py or pytest-recording (YAML or JSON, .gz too)",
    loses="all times, the chunk boundaries, how the connection ended, and the order and spelling of headers",
    sniff=sniff,
    read=read,
)
