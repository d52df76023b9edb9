"""What was really served. The judge reads this, never the plan: a client that left early saw less than was meant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.delivery.actions import Headers
from harness.delivery.exchange import Delivery


class Ending(StrEnum):
    """How the connection ended, as the client could see it."""

    COMPLETE = "complete"
    """The framing's own end: last chunk, or content-length reached."""
    EOF = "eof"
    """A FIN that the framing cannot tell from a normal end (close-delimited body)."""
    CUT = "cut"
    """A FIN although the framing promised more, or before the head."""
    RESET = "reset"
    LEFT = "left"
    """The client left first."""
    OPEN = "open"
    """Still open when the case was over: the client neither left nor was told to."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server read it."""

    method: str
    target: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Served:
    """One request and what it got."""

    turn: int
    attempt: int
    request: Request
    delivery: Delivery
    taken: int
    """Body bytes handed to the client: read by it in process, accepted by its kernel over a socket."""
    head_taken: bool
    ending: Ending
    opened_ms: float
    closed_ms: float
    """Both on the player's clock, from the start of the case."""

    @property
    def lasted_ms(self) -> float:
        return self.closed_ms - self.opened_ms

    @property
    def body(self) -> bytes:
        """The body bytes that reached the client."""
        return self.delivery.body[: self.taken]

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The same in the pieces that were sent, where it is all that was sent; else in one."""
        return self.delivery.pieces if self.taken == self.delivery.length else (self.body,)


@dataclass(frozen=True, slots=True)
class Transcript:
    """Every request of one case in the order of arrival, and what the case left open."""

    served: tuple[Served, ...]
    unanswered: tuple[Request, ...] = ()
    """Requests beyond the last turn of the exchange; they got HTTP 599 with an explanation."""

    def turn(self, number: int) -> tuple[Served, ...]:
        """The attempts at one turn, first to last."""
        return tuple(entry for entry in self.served if entry.turn == number)

    @property
    def turns(self) -> int:
        return 1 + max((entry.turn for entry in self.served), default=-1)
