"""What can be handed to a program below its HTTP layer: the bytes of a stream, where HTTP and time have no say in it.

An answer is handed over whole or not at all: status, headers, framing, silences and endings are what such a program
does not see, so nothing of them may matter.
"""

from __future__ import annotations

from harness.delivery.actions import Cut, End, Framing, Head, Headers, Send, Wait
from harness.delivery.exchange import Delivery, Exchange
from harness.delivery.transcript import Ending, Request, Served, Transcript

_ASKED = Request("POST", "/v1/responses", (), b"")


def handable(exchange: Exchange) -> bool:
    """Whether every turn's first answer is an event stream that comes at once, and whole."""
    return all(_comes_whole(delivery) for (_, attempt), delivery in exchange.deliveries.items() if attempt == 0)


def pieces(exchange: Exchange) -> tuple[tuple[bytes, ...], ...]:
    """Each turn's first answer, in the pieces it comes in."""
    return tuple(
        tuple(action.data for action in exchange.deliveries[turn, 0].actions if isinstance(action, Send))
        for turn in range(exchange.turns)
    )


def transcript_of(exchange: Exchange, turns: int) -> Transcript:
    """The transcript of so many turns, each of which was handed all of its first answer."""
    return Transcript(tuple(_handed(turn, exchange.deliveries[turn, 0]) for turn in range(turns)))


def _handed(turn: int, delivery: Delivery) -> Served:
    assert delivery.head is not None
    ending = Ending.EOF if delivery.head.framing is Framing.CLOSE else Ending.COMPLETE
    return Served(turn, 0, _ASKED, delivery, len(delivery.body), True, ending, 0.0, 0.0)


def _comes_whole(delivery: Delivery) -> bool:
    head = delivery.head
    if head is None or any(isinstance(action, Wait) for action in delivery.actions):
        return False
    # Where only a FIN ends the body, nobody can tell a cut from an end.
    ends = isinstance(delivery.ending, (End, Cut) if head.framing is Framing.CLOSE else End)
    return ends and _is_stream(head) and delivery.content_length in {None, len(delivery.body)}


def _is_stream(head: Head) -> bool:
    labelled = _value(head.headers, "content-type") == "text/event-stream"
    return head.status == 200 and labelled and not _value(head.headers, "content-encoding")


def _value(headers: Headers, wanted: str) -> str:
    """Of a header, without its parameters; of one that is repeated, all that is said, which is nothing we know."""
    said = [value.partition(";")[0].strip().lower() for name, value in headers if name.lower() == wanted]
    return ", ".join(said)
