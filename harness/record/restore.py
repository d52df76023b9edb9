"""From a journal back to a cassette, whatever moment the journal stops at.

The body file is the truth: rows of chunks that did not reach it are left out, a last line that was cut short too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from harness.cassette import Cassette, Interaction, Provenance, RecordedRequest, RecordedResponse
from harness.delivery import Framing, Headers
from harness.record.journal import TARGET
from harness.record.target import Target, tool

CUT_BY_RECORDER = "cut-by-recorder"
"""The tag of a cassette that holds a response which the recorder, not the provider, broke off."""

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a journal holds."""

    target: Target
    cassette: Cassette
    """Without interactions when nothing was recorded."""
    decoded: Mapping[int, bytes]
    """What encoded bodies mean, by the number of their file, from 1."""
    unreadable: tuple[str, ...]
    """Codings of bodies that could not be read, and so were not kept."""


def restore(folder: Path) -> Restored:
    """Raises OSError or ValueError when ``folder`` is no journal."""
    target = Target(**orjson.loads((folder / TARGET).read_bytes()))
    entries = [_Entry(path) for path in sorted(folder.glob("*.jsonl"), key=lambda path: int(path.stem))]
    entries = [entry for entry in entries if entry.seat is not None]
    interactions = tuple(entry.interaction() for entry in entries)
    asked = next((entry.model for entry in entries if entry.model), None)
    cut = [entry for entry in entries if not entry.has_ended]
    cassette = Cassette(
        name=f"{target.provider}/{target.name}",
        provenance=Provenance(
            provider=target.provider,
            source="recorded",
            tool=tool(),
            date=datetime.now(UTC).date().isoformat(),
            model=asked,
            notes="\n".join(_notes(entries)),
        ),
        interactions=interactions,
        tags=(CUT_BY_RECORDER,) if cut else (),
    )
    decoded = {number: entry.decoded for number, entry in enumerate(entries, 1) if entry.decoded is not None}
    return Restored(target, cassette, decoded, tuple(entry.unreadable for entry in entries if entry.unreadable))


class _Entry:
    """One interaction of a journal."""

    def __init__(self, log: Path) -> None:
        lines = list(_lines(log))
        self._single = {key: value for line in lines for key, value in line.items() if key != "chunk"}
        self._rows = [line["chunk"] for line in lines if "chunk" in line]
        self._body = _content(log.with_suffix(".body"))
        self._meaning = _content(log.with_suffix(".decoded"))
        # An encoded body goes once redaction touches what it means, even if the line that says so was never written.
        self._changed = self._meaning is not None and self._body is None

    @property
    def seat(self) -> tuple[int, int] | None:
        """None when not even the request was written in full."""
        return (self._single["turn"], self._single["attempt"]) if "turn" in self._single else None

    @property
    def model(self) -> str | None:
        body = self._single["request"]["body"]
        stated = body.get("model") if isinstance(body, dict) else None
        return stated if isinstance(stated, str) else None

    @property
    def has_ended(self) -> bool:
        return "ended" in self._single

    @property
    def changed(self) -> bool:
        return self._changed

    @property
    def unreadable(self) -> str:
        coding: str = self._single.get("unreadable", "")
        return coding

    @property
    def decoded(self) -> bytes | None:
        return None if self._changed else self._meaning

    def interaction(self) -> Interaction:
        request = self._single["request"]
        turn, attempt = self._single["turn"], self._single["attempt"]
        made = {**request, "headers": _headers(request["headers"]), "redacted": tuple(request["redacted"])}
        return Interaction(RecordedRequest(**made), self._response(), turn, attempt)

    def _response(self) -> RecordedResponse:
        head = self._single.get("head")
        body = (self._meaning if self._changed else self._body) or b""
        rows = _within([(row[1 if self._changed else 0], row[-1]) for row in self._rows], len(body))
        last = rows[-1][1] if rows else head["head_ms"] if head else 0.0
        ending, ended_ms = self._single.get("ended", ("cut", last))
        if head is None:
            return RecordedResponse(None, (), Framing.CLOSE, b"", (), ending, 0.0, ended_ms)
        headers, framing = _headers(head["headers"]), Framing(head["framing"])
        if self._changed:
            headers, framing = _decoded_head(headers, framing)
        return RecordedResponse(
            status=head["status"],
            headers=headers,
            framing=framing,
            body=body,
            chunks=rows,
            ending=ending,
            head_ms=head["head_ms"],
            ended_ms=ended_ms,
            redacted=tuple(dict.fromkeys((*head["redacted"], *self._single.get("rules", ())))),
        )


def _lines(path: Path) -> Iterator[Line]:
    for text in path.read_bytes().split(b"\n")[:-1]:
        yield orjson.loads(text)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _headers(rows: Iterable[Iterable[str]]) -> Headers:
    return tuple((name, value) for name, value in rows)


def _within(rows: list[tuple[int, float]], length: int) -> tuple[tuple[int, float], ...]:
    """The rows of bytes that are there; of rows at one offset the last, since the others brought nothing."""
    return tuple(sorted({offset: ms for offset, ms in rows if offset < length}.items()))


def _decoded_head(headers: Headers, framing: Framing) -> tuple[Headers, Framing]:
    """Of a body that is no longer encoded: its length as sent would be a lie."""
    kept = tuple((name, value) for name, value in headers if name.lower() not in ("content-encoding", "content-length"))
    return kept, Framing.CHUNKED if framing is Framing.LENGTH else framing


def _notes(entries: Iterable[_Entry]) -> Iterator[str]:
    for entry in entries:
        assert entry.seat is not None
        place = "turn {} attempt {}".format(*entry.seat)
        if not entry.has_ended:
            yield f"{place}: cut by the recorder, which ended before the response did"
        if entry.changed:
            yield f"{place}: the body came encoded; redaction had to change it, so it is stored decoded"
