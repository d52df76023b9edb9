"""From a file to a cassette: recognise, read, seat the requests in turns, redact, and say where it all comes from."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness import __version__
from harness.cassette.importing.answer import readable
from harness.cassette.importing.importer import Exchanged, Importer, Raw
from harness.cassette.importing.table import IMPORTERS
from harness.cassette.listing import is_event_stream
from harness.cassette.model import Cassette, Interaction, Provenance
from harness.cassette.redaction import redact, unresolved
from harness.delivery.codings import codings_of
from harness.delivery.seating import Seating
from harness.protocols.responses.event import decode_all
from harness.wire import decode


@dataclass(frozen=True, slots=True)
class Labels:
    """What a person knows better than the file; empty means: whatever the file says."""

    provider: str = ""
    name: str = ""
    model: str = ""
    date: str = ""


_UNLABELLED = Labels()


def import_file(path: Path, labels: Labels = _UNLABELLED, source: str = "") -> Cassette:
    """The redacted cassette of a file; ``source`` names its importer, else it is recognised by its first bytes.

    Raises ImportFailed. A secret that redaction cannot reach is left for :func:`harness.cassette.save` to refuse.
    """
    raw = _raw(path)
    importer = IMPORTERS[source] if source else _recognised(raw)
    found = importer.read(raw)
    if not found:
        raise raw.failed("holds no streamed answer, and no request for one")
    # Redacted first: what is read off it for the labels ends up in the index.
    cassette, remarks = _redacted(_cassette(found))
    provider = labels.provider or _provider_of(found)
    if not provider:
        raise raw.failed("does not say which provider it is from", "name it: --provider NAME")
    date, dated = _date(raw, found, cassette, labels)
    remarks = [*(remark for entry in found for remark in entry.remarks), *remarks, *dated]
    return replace(
        cassette,
        name=f"{provider}/{labels.name or _plain(_stem(path))}",
        tags=(provider, "imported"),
        provenance=Provenance(
            provider=provider,
            source="recorded",
            tool=f"stream-harness import {__version__} ({importer.name})",
            date=date,
            model=labels.model or _model_of(cassette),
            notes=_notes(raw, importer, remarks),
        ),
    )


def _raw(path: Path) -> Raw:
    raw = Raw(path, path.read_bytes())
    if not raw.data.startswith(b"\x1f\x8b"):
        return raw
    try:
        return Raw(path, gzip.decompress(raw.data))
    except (OSError, EOFError, zlib.error) as error:
        raise raw.failed(f"is no whole gzip file: {error}") from error


def _recognised(raw: Raw) -> Importer:
    for importer in IMPORTERS.values():
        if importer.sniff(raw.data):
            return importer
    known = "; ".join(f"{importer.name}: {importer.reads}" for importer in IMPORTERS.values())
    raise raw.failed("is of no kind that is known here", known)


def _cassette(found: Sequence[Exchanged]) -> Cassette:
    provenance = Provenance("any", "recorded", "any", "1970-01-01")
    return Cassette("any/any", provenance, tuple(_seated(found)))


def _seated(found: Iterable[Exchanged]) -> Iterable[Interaction]:
    """Requests in turns. One whose body was not kept is like no other."""
    seating = Seating()
    for entry in found:
        body = entry.request.body
        turn, attempt = seating.seat(object() if body is None else body)
        yield Interaction(entry.request, entry.response, turn, attempt)


def _redacted(cassette: Cassette) -> tuple[Cassette, list[str]]:
    """Redacted; a coded body that holds secrets is decoded for it, since bytes of a coding cannot be overwritten."""
    mended = redact(cassette)
    coded = [entry for entry in mended.interactions if codings_of(entry.response.headers)]
    if not any(unresolved(replace(mended, interactions=(entry,))) for entry in coded):
        return mended, []
    remarks: list[str] = []
    entries = []
    for entry in mended.interactions:
        response, said = readable(entry.response)
        remarks += said
        entries.append(replace(entry, response=response))
    return redact(replace(mended, interactions=tuple(entries))), remarks


def _provider_of(found: Iterable[Exchanged]) -> str:
    hosts = [urlsplit(entry.url).hostname or "" for entry in found]
    return next((name for host in hosts for end, name in PROVIDERS.items() if f".{host}".endswith(f".{end}")), "")


PROVIDERS: Mapping[str, str] = {
    "api.openai.com": "openai",
    "chatgpt.com": "codex",
    "openai.azure.com": "azure",
    "cognitiveservices.azure.com": "azure",
    "api.x.ai": "xai",
    "openrouter.ai": "openrouter",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.anthropic.com": "anthropic",
}
"""Whose the hosts are."""


def _model_of(cassette: Cassette) -> str | None:
    """As the first answer states it, else as the first request asked for it."""
    asked = [entry.request.body.get("model") for entry in cassette.interactions if isinstance(entry.request.body, dict)]
    stated = [payload.get("model") for payload in _responses(cassette)]
    return next((model for model in (*stated, *asked) if isinstance(model, str) and model), None)


def _responses(cassette: Cassette) -> Iterable[dict[str, Any]]:
    """The response objects, or else the payloads themselves, of the first events of each stream."""
    for entry in cassette.interactions:
        if is_event_stream(entry.response):
            for event in decode_all(decode(entry.response.body)[0])[:_FIRST]:
                response = (event.payload or {}).get("response")
                yield response if isinstance(response, dict) else event.payload or {}


_FIRST = 3


def _date(raw: Raw, found: Sequence[Exchanged], cassette: Cassette, labels: Labels) -> tuple[str, tuple[str, ...]]:
    """When it was recorded, by the best that is known, and a remark where that is little."""
    headers = [_day(entry.response.header("date")) for entry in found]
    stated = next((date for date in (labels.date, *(entry.date for entry in found), *headers) if date), "")
    if stated:
        return stated, ()
    created = next((payload.get("created_at") for payload in _responses(cassette)), None)
    if isinstance(created, int | float) and 0 < created < _FAR:
        return _iso(created), ()
    return _iso(raw.path.stat().st_mtime), ("the date is the file's",)


_FAR = 1e11
"""Past this a number is no time in seconds."""


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _day(date: str) -> str:
    try:
        return parsedate_to_datetime(date).date().isoformat() if date else ""
    except ValueError:
        return ""


def _notes(raw: Raw, importer: Importer, remarks: Iterable[str]) -> str:
    lines = [
        f"Imported from {_plain(raw.path.name)} ({importer.reads}).",
        f"Not kept by that source: {importer.loses}.",
    ]
    return "\n".join([*lines, *(f"{remark[0].upper()}{remark[1:]}." for remark in dict.fromkeys(remarks))])


def _stem(path: Path) -> str:
    """The file's name without the suffixes that only say what kind of file it is."""
    name = path.name
    while (shorter := name.removesuffix(Path(name).suffix)) and Path(name).suffix.lower() in _SUFFIXES:
        name = shorter
    return name


_SUFFIXES = frozenset({".gz", ".yaml", ".yml", ".json", ".jsonl", ".har", ".sse", ".txt", ".http", ".chunks"})


def _plain(name: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", name, flags=re.ASCII).strip("-._") or "imported"
