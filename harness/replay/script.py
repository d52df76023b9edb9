"""A delivery as its client can see it: silences, the head, pieces of body, and the ending its framing lets through.

Every way of playing walks this one script, so that a socket and an in-process transport agree on what a cut, a
wrong content-length or a close-delimited body looks like (RFC 9112, section 6.3, Message Body Length).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from math import inf

from harness.delivery import Cut, Delivery, End, Ending, Framing, Head, Reset, Send, Stall, Wait
from harness.delivery.actions import EndingAction

_ENDINGS: dict[tuple[type[EndingAction], Framing | None], Ending] = {
    (End, Framing.CHUNKED): Ending.COMPLETE,
    (End, Framing.LENGTH): Ending.CUT,
    (End, Framing.CLOSE): Ending.EOF,
    (Cut, None): Ending.CUT,
    (Cut, Framing.CHUNKED): Ending.CUT,
    (Cut, Framing.LENGTH): Ending.CUT,
    (Cut, Framing.CLOSE): Ending.EOF,
    **{(Reset, framing): Ending.RESET for framing in (None, *Framing)},
    **{(Stall, framing): Ending.OPEN for framing in (None, *Framing)},
}
"""How an ending looks while the body is not whole; once it is, the message is over and nothing after it counts."""

_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


@dataclass(frozen=True, slots=True)
class Overrun:
    """The piece that reaches the declared length, and the bytes past it, which no client takes for this body."""

    data: bytes
    surplus: bytes


@dataclass(frozen=True, slots=True)
class Over:
    """The last step; OPEN stands for a stall."""

    ending: Ending


Step = Head | Send | Overrun | Over


def script(delivery: Delivery) -> Iterator[tuple[float, Step]]:
    """Yield ``(silence in seconds before it, step)``; the last one, and only that, is an Over. A stall is endless."""
    framing = None if delivery.head is None else delivery.head.framing
    left = expected_length(delivery)
    silence = 0.0
    for action in delivery.actions:
        if left is None and type(action) is Send:  # nearly all actions of nearly all deliveries
            yield silence, action
            silence = 0.0
            continue
        match action:
            case Wait():
                silence += action.ms / 1000
                continue
            case Head():
                yield silence, action
            case Send() if left is None or len(action.data) <= left:
                left = None if left is None else left - len(action.data)
                yield silence, action
            case Send():
                yield silence, Overrun(action.data[:left], action.data[left:])
                left = 0
            case End() | Cut() | Reset() | Stall():
                endless = isinstance(action, Stall)
                yield inf if endless else silence, Over(_ENDINGS[type(action), framing])
                return
        silence = 0.0
        if left == 0:
            yield 0.0, Over(Ending.COMPLETE)
            return


def expected_length(delivery: Delivery) -> int | None:
    """Body bytes after which the client takes the message for whole; None when only the framing's end can tell."""
    if delivery.head is not None and delivery.head.status in _BODILESS:
        return 0
    return delivery.content_length
