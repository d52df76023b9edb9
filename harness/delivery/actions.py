"""What goes down the wire for one connection, as data: timed actions, nothing else.

The same delivery is played by an in-process transport and by a real socket; what a client can tell apart
(chunk boundaries only where the framing shows them, a cut only where the framing promised more) follows from
the actions, not from the player.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Headers = tuple[tuple[str, str], ...]


class Framing(StrEnum):
    """How the client can tell where the body ends."""

    CHUNKED = "chunked"
    LENGTH = "content-length"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers; framing headers are written by the player, not listed here."""

    status: int = 200
    headers: Headers = (("content-type", "text/event-stream; charset=utf-8"),)
    framing: Framing = Framing.CHUNKED
    declared_length: int | None = None
    """With LENGTH framing: a content-length that differs from the true one; None tells the truth."""


@dataclass(frozen=True, slots=True)
class Send:
    """One write of body bytes; with chunked framing, exactly one HTTP chunk. Never empty."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Silence of ``ms`` milliseconds."""

    ms: float


@dataclass(frozen=True, slots=True)
class End:
    """The body ends as its framing demands; with CLOSE framing that is a FIN."""


@dataclass(frozen=True, slots=True)
class Cut:
    """FIN although the framing promised more; before the head: the connection closes without an answer."""


@dataclass(frozen=True, slots=True)
class Reset:
    """RST, sent once the bytes before it were acknowledged."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more is sent and nothing is closed, until the client leaves."""


@dataclass(frozen=True, slots=True)
class Stdio:
    """In place of a head: what follows is written to a process's standard output, and no connection is opened."""

    exit_code: int = 0
    """How the process ends when it is cut: its exit code, or minus the number of the signal that kills it."""
    stderr: str = ""
    """What it says there before that."""


@dataclass(frozen=True, slots=True)
class Await:
    """Nothing more until the client wrote a line like this JSON text: with its method, its id, its kind of answer."""

    line: str


Action = Head | Send | Wait | End | Cut | Reset | Stall | Stdio | Await
EndingAction = End | Cut | Reset | Stall
