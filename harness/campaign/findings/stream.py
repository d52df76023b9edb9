"""The stream that shows a finding, as a cassette of its own, without the frames that the failure does not need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from harness import __version__
from harness.cassette import Cassette, Interaction, RecordedEnding, RecordedRequest, RecordedResponse
from harness.delivery import Cut, Delivery, End, Exchange, Framing, Head, Reset, Send, Stall, Wait
from harness.delivery.actions import EndingAction
from harness.mutations import Take

MOST_TRIALS = 300

_ENDINGS: dict[type[EndingAction], RecordedEnding] = {End: "fin", Cut: "cut", Reset: "reset", Stall: "stall"}

Place = tuple[int, int]


def smallest(exchange: Exchange, shows: Callable[[Exchange], bool], most: int = MOST_TRIALS) -> Exchange:
    """The exchange with as few frames as still show it: stretches are left out, half of the frames first, then less."""
    left = most
    for place in sorted(exchange.deliveries):
        stretch = len(Take.of(exchange.deliveries[place]).pieces)
        while stretch:
            start = 0
            while start < len(Take.of(exchange.deliveries[place]).pieces):
                if left == 0:
                    return exchange
                left -= 1
                candidate = _shortened(exchange, place, start, stretch)
                if shows(candidate):
                    exchange = candidate
                else:
                    start += stretch
            stretch //= 2
    return exchange


def _shortened(exchange: Exchange, place: Place, start: int, stretch: int) -> Exchange:
    take = Take.of(exchange.deliveries[place])
    kept = take.with_pieces([*take.pieces[:start], *take.pieces[start + stretch :]])
    return Exchange({**exchange.deliveries, place: kept.delivery()})


def cassette_of(exchange: Exchange, base: Cassette, name: str, description: str) -> Cassette:
    """The exchange as a cassette that answers the base's requests; played with its times it gives the exchange back."""
    requests = {(entry.turn, entry.attempt): entry.request for entry in base.interactions}

    def asked(turn: int, attempt: int) -> RecordedRequest:
        return requests[turn, max(known for t, known in requests if t == turn and known <= attempt)]

    return Cassette(
        name=name,
        provenance=replace(
            base.provenance,
            source="synthesized",
            tool=f"stream-harness {__version__}",
            notes=f"A mutation of {base.name}.",
        ),
        interactions=tuple(
            Interaction(asked(turn, attempt), response_of(delivery), turn, attempt)
            for (turn, attempt), delivery in sorted(exchange.deliveries.items())
        ),
        description=description,
        tags=("finding",),
    )


def response_of(delivery: Delivery) -> RecordedResponse:
    """A delivery as if it had been recorded, its waits as times."""
    head, body = delivery.head, delivery.body
    chunks, (head_ms, ended_ms) = list(_chunks(delivery)), _times(delivery)
    stated = delivery.content_length
    length = (("content-length", str(stated)),) if stated is not None else ()
    return RecordedResponse(
        status=head.status if head else None,
        headers=(*head.headers, *length) if head else (),
        framing=head.framing if head else Framing.CLOSE,
        body=body,
        chunks=tuple(chunks),
        ending=_ENDINGS[type(delivery.ending)],
        head_ms=head_ms,
        ended_ms=ended_ms,
    )


def _chunks(delivery: Delivery) -> Iterator[tuple[int, float]]:
    offset, clock_ms = 0, 0.0
    for action in delivery.actions:
        if isinstance(action, Wait):
            clock_ms += action.ms
        elif isinstance(action, Send):
            yield offset, clock_ms
            offset += len(action.data)


def _times(delivery: Delivery) -> tuple[float, float]:
    """When the head came, and when the ending did."""
    head_ms, clock_ms = 0.0, 0.0
    for action in delivery.actions:
        if isinstance(action, Wait):
            clock_ms += action.ms
        elif isinstance(action, Head):
            head_ms = clock_ms
    return head_ms, clock_ms
