"""A cassette: one recorded or synthesized conversation, byte-exact.

One folder: ``cassette.yaml`` for people and diffs, and one raw body file per response, because no text format
keeps stream bytes as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.delivery import Framing, Headers

FORMAT_VERSION = 1

Kind = Literal["sse", "jsonl"]
RecordedEnding = Literal["fin", "cut", "reset", "stall", "client-abort"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the bytes come from."""

    provider: str
    source: Literal["recorded", "synthesized"]
    tool: str
    """Program and version that wrote the cassette, e.g. ``stream-harness 0.1.0``."""
    date: str
    """ISO date."""
    model: str | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """The request that was answered, after redaction."""

    method: str = "POST"
    path: str = "/v1/responses"
    headers: Headers = ()
    body: Any = None
    """Its JSON, or None."""
    redacted: tuple[str, ...] = ()
    """JSON pointers and ``header:NAME`` marks of what redaction replaced."""


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """Status, headers, bytes, and when each chunk came."""

    status: int | None
    """None when the connection ended before a head."""
    headers: Headers
    """As received, framing headers too: they show what length a cut body had promised."""
    framing: Framing
    body: bytes
    """Exactly as sent: content-encoded bytes stay encoded."""
    chunks: tuple[tuple[int, float], ...]
    """``(offset, ms)`` of each chunk's first byte; ms from the request. Empty for an empty body."""
    ending: RecordedEnding = "fin"
    head_ms: float = 0.0
    """When the head came, from the request."""
    ended_ms: float = 0.0
    """When the ending came, from the request; 0 when it is not known. For a stall: when watching it was given up."""
    redacted: tuple[str, ...] = ()
    """Names of the rules whose hits were replaced in the body, and ``header:NAME`` marks."""
    exit_code: int = 0
    """Of a process that was cut: its exit code, or minus the number of the signal that killed it."""
    stderr: str = ""
    """What a process that was cut had said there."""

    def header(self, name: str) -> str:
        """The first value of a header, whatever the case of its name; empty when it is absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request and its response."""

    request: RecordedRequest
    response: RecordedResponse
    turn: int = 0
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Cassette:
    """One conversation. ``name`` is ``<provider>/<name>``, the path below the cassettes folder."""

    name: str
    provenance: Provenance
    interactions: tuple[Interaction, ...]
    kind: Kind = "sse"
    description: str = ""
    tags: tuple[str, ...] = ()
    path: Path | None = field(default=None, compare=False)

    @property
    def bodies(self) -> Mapping[tuple[int, int], bytes]:
        return {(entry.turn, entry.attempt): entry.response.body for entry in self.interactions}
