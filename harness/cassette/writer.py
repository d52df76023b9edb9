"""Saving: deterministic, all or nothing, and never with a secret in it.

A cassette is written beside its place, loaded back, compared, and only then moved in.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from harness.cassette import stdio
from harness.cassette.errors import CassetteError
from harness.cassette.model import FORMAT_VERSION, Cassette, Interaction, Kind, RecordedRequest, RecordedResponse
from harness.cassette.reader import INDEX, load
from harness.cassette.redaction import RedactionError, unresolved
from harness.cassette.yamlsource import CoreDumper


def save(cassette: Cassette, root: Path) -> Path:
    """Write to ``root/<provider>/<name>``, replacing what is there; returns that folder.

    Raises RedactionError when a rule still finds a secret, and CassetteError for what could not be loaded again.
    """
    target = Path(root) / cassette.name
    if not _NAME.fullmatch(cassette.name):
        raise CassetteError(target, f"{cassette.name!r} is no cassette name", hint="provider/name, as in openai/text")
    hits = unresolved(cassette)
    if hits:
        raise RedactionError(cassette.name, hits)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Hidden, so that whoever loads the whole library meanwhile does not see it.
    work = target.parent / f".{target.name}.{os.getpid()}"
    fresh = work / target.name
    try:
        fresh.mkdir(parents=True)
        for name, content in files(cassette).items():
            (fresh / name).write_bytes(content)
        _verify(cassette, fresh)
        if target.exists():
            target.rename(work / "old")
        fresh.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def files(cassette: Cassette) -> dict[str, bytes]:
    """The folder's content, by file name: the same bytes for the same cassette, always."""
    bodies = {_body_name(cassette, number): entry.response.body for number, entry in enumerate(cassette.interactions)}
    document = {
        "cassette": FORMAT_VERSION,
        "kind": cassette.kind,
        "description": cassette.description,
        "tags": _Row(cassette.tags),
        "provenance": {
            "provider": cassette.provenance.provider,
            "model": cassette.provenance.model,
            "source": cassette.provenance.source,
            "tool": cassette.provenance.tool,
            "date": cassette.provenance.date,
            "notes": cassette.provenance.notes,
        },
        "interactions": [
            _interaction(entry, _body_name(cassette, number), cassette.kind)
            for number, entry in enumerate(cassette.interactions)
        ],
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return {INDEX: text.encode(), **bodies}


def _interaction(entry: Interaction, body_name: str, kind: Kind) -> dict[str, Any]:
    response = entry.response
    request_fields, response_fields = _FIELDS[kind]
    return {
        "turn": entry.turn,
        "attempt": entry.attempt,
        "request": request_fields(entry.request),
        "response": {
            **response_fields(response),
            "ended_ms": _number(response.ended_ms),
            "redacted": _Row(response.redacted),
            "body": {
                "file": body_name,
                "length": len(response.body),
                "sha256": hashlib.sha256(response.body).hexdigest(),
            },
            # One row a line: a changed chunk is a changed line, not a table that flows anew.
            "chunks": [_Row((offset, _number(ms))) for offset, ms in response.chunks],
        },
    }


def _request_fields(request: RecordedRequest) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "headers": [_Row(header) for header in request.headers],
        "redacted": _Row(request.redacted),
        "body": request.body,
    }


def _response_fields(response: RecordedResponse) -> dict[str, Any]:
    return {
        "status": response.status,
        "headers": [_Row(header) for header in response.headers],
        "framing": response.framing.value,
        "ending": response.ending,
        "head_ms": _number(response.head_ms),
    }


_FIELDS: Mapping[Kind, tuple[Callable[[RecordedRequest], Any], Callable[[RecordedResponse], Any]]] = {
    "sse": (_request_fields, _response_fields),
    "jsonl": (stdio.request_fields, stdio.response_fields),
}
"""By kind of cassette: what it says of a request, and of a response beside what all say."""


def _body_name(cassette: Cassette, number: int) -> str:
    return f"{number + 1}.{cassette.kind}"


def _number(ms: float) -> float:
    return int(ms) if ms == int(ms) else ms


def _verify(cassette: Cassette, folder: Path) -> None:
    again = load(folder)
    if again != replace(cassette, name=again.name):
        raise CassetteError(folder, "does not come back from YAML as it went in", hint="a text YAML cannot hold")


class _Row(tuple[Any, ...]):
    """A short list, written on one line."""

    __slots__ = ()


class _Dumper(CoreDumper):
    """With short lists on one line."""


_Dumper.add_representer(
    _Row, lambda dumper, row: dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True)
)
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*")
