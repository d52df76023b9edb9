"""The driver protocol, version 1: one JSON object a line over stdin and stdout, in any language.

The driver says ``ready`` once, then answers each ``run`` with one ``outcome``; stderr is free. It imports its
consumer before it says ready and serves cases one after another; the harness kills it when a case outlives its
``deadline_ms`` and starts it anew. Closing stdin asks it to leave.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

DRIVER_PROTOCOL = 1


@dataclass(frozen=True, slots=True)
class Case:
    """What a consumer is asked to do: one conversation, a call per turn, against ``base_url`` or ``command``."""

    id: str
    base_url: str
    """With the version path (``http://127.0.0.1:PORT/v1``): the client adds ``/responses``."""
    turns: tuple[dict[str, Any], ...] = ({"input": "hello"},)
    """Per turn: ``input``, a text or a list of Responses input items that this turn adds."""
    tools: tuple[dict[str, Any], ...] = ()
    timeouts: dict[str, float] = field(default_factory=dict)
    """Deadlines to configure the consumer with, in ms: ``first_byte_ms``, ``idle_ms``, ``total_ms``, ``read_ms``."""
    cancel_after: int | None = None
    """Cancel the first turn after this many callbacks."""
    cancel_at_ms: float | None = None
    """Cancel the first turn at this moment, counted from its call."""
    deadline_ms: float = 20_000
    """Past this the driver is killed and the case is judged as hung."""
    command: tuple[str, ...] = ()
    """For a client of an app-server: what it starts in place of the server, which speaks in lines."""
    answers: tuple[tuple[bytes, ...], ...] | None = None
    """For a lane that opens nothing, and for no other: each turn's answer, in the pieces it comes in."""

    def to_json(self) -> dict[str, Any]:
        handed = [[b64encode(piece).decode() for piece in pieces] for pieces in self.answers or ()]
        return {
            "protocol": DRIVER_PROTOCOL,
            "op": "run",
            "case": self.id,
            "base_url": self.base_url,
            **({"command": list(self.command)} if self.command else {}),
            "turns": list(self.turns),
            "tools": list(self.tools),
            "timeouts": self.timeouts,
            "cancel_after": self.cancel_after,
            "cancel_at_ms": self.cancel_at_ms,
            "deadline_ms": self.deadline_ms,
            **({} if self.answers is None else {"answers": handed}),
        }


@dataclass(frozen=True, slots=True)
class Ready:
    """The driver's first line: ``{"protocol": 1, "ready": {...}}``."""

    consumer: str
    version: str
    lane: str
    runtime: str
    """Language and its version, e.g. ``python 3.11.7``."""
