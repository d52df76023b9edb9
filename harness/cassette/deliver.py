"""From what was recorded to what goes down the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.cassette import stdio
from harness.cassette.model import Cassette, RecordedEnding, RecordedResponse
from harness.delivery import Action, Cut, Delivery, End, Exchange, Framing, Head, Reset, Send, Stall, Wait

ENDINGS: Mapping[RecordedEnding, type[End | Cut | Reset | Stall]] = {
    "fin": End,
    "cut": Cut,
    "reset": Reset,
    "stall": Stall,
    # What the server would have said to a client that stayed is not known; to that client the stream breaks off.
    "client-abort": Cut,
}

PLAYED = frozenset({"content-length", "transfer-encoding"})
"""Headers the player writes by itself, from the framing."""


def delivery_of(response: RecordedResponse, *, timed: bool = False) -> Delivery:
    """One Send a recorded chunk; with ``timed``, the silences of the recording between them."""
    events = list(_events(response))
    if not timed:
        return Delivery(tuple(action for _, action in events))
    actions: list[Action] = []
    clock = 0.0
    for ms, action in events:
        if ms > clock:
            actions.append(Wait(ms - clock))
            clock = ms
        actions.append(action)
    return Delivery(tuple(actions))


def exchange_of(cassette: Cassette, *, timed: bool = False) -> Exchange:
    """All deliveries of a cassette."""
    if cassette.kind == "jsonl":
        return stdio.exchange_of(cassette, timed=timed)
    return Exchange(
        {(entry.turn, entry.attempt): delivery_of(entry.response, timed=timed) for entry in cassette.interactions}
    )


def _events(response: RecordedResponse) -> Iterator[tuple[float, Action]]:
    """Every action with its time in ms from the request."""
    if response.status is not None:
        kept = tuple(header for header in response.headers if header[0].lower() not in PLAYED)
        yield response.head_ms, Head(response.status, kept, response.framing, _declared_length(response))
    ends = [*(offset for offset, _ in response.chunks), len(response.body)][1:]
    for (start, ms), end in zip(response.chunks, ends, strict=True):
        yield ms, Send(response.body[start:end])
    yield response.ended_ms, ENDINGS[response.ending]()


def _declared_length(response: RecordedResponse) -> int | None:
    """The length the head promised, where the body broke that promise."""
    stated = response.header("content-length")
    if response.framing is not Framing.LENGTH or not stated.isdecimal() or int(stated) == len(response.body):
        return None
    return int(stated)
