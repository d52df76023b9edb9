"""What a program below HTTP can be handed: an answer in which HTTP and time have no say."""

from __future__ import annotations

import pytest

from harness.delivery import Cut, Delivery, End, Ending, Exchange, Framing, Head, Reset, Send, Stall, Wait
from harness.delivery.handed import handable, pieces, transcript_of

SSE = (("content-type", "text/event-stream; charset=utf-8"),)
BODY = (Send(b"data: {}\n"), Send(b"\n"))


def one(*actions) -> Exchange:
    return Exchange.single(Delivery(actions))


WHOLE = {
    "chunked": one(Head(), *BODY, End()),
    "close-delimited": one(Head(framing=Framing.CLOSE), *BODY, End()),
    "cut where nobody can tell": one(Head(framing=Framing.CLOSE), *BODY, Cut()),
    "a true length": one(Head(framing=Framing.LENGTH), *BODY, End()),
    "no body at all": one(Head(), End()),
    "headers that say nothing": one(Head(headers=(*SSE, ("x-request-id", "7"))), *BODY, End()),
}
NOT = {
    "a silence": one(Head(), BODY[0], Wait(1.0), BODY[1], End()),
    "a silence before the head": one(Wait(1.0), Head(), *BODY, End()),
    "a cut": one(Head(), *BODY, Cut()),
    "a reset": one(Head(framing=Framing.CLOSE), *BODY, Reset()),
    "a stall": one(Head(), *BODY, Stall()),
    "no head": one(Cut()),
    "an error": one(Head(status=500), *BODY, End()),
    "another success": one(Head(status=201), *BODY, End()),
    "another label": one(Head(headers=(("content-type", "application/json"),)), *BODY, End()),
    "no label": one(Head(headers=()), *BODY, End()),
    "two labels": one(Head(headers=(*SSE, *SSE)), *BODY, End()),
    "a coding": one(Head(headers=(*SSE, ("Content-Encoding", "gzip"))), *BODY, End()),
    "too short a length": one(Head(framing=Framing.LENGTH, declared_length=3), *BODY, End()),
    "too long a length": one(Head(framing=Framing.LENGTH, declared_length=99), *BODY, End()),
    "a second turn that fails": Exchange({(0, 0): Delivery((Head(), End())), (1, 0): Delivery((Cut(),))}),
}


@pytest.mark.parametrize("exchange", WHOLE.values(), ids=WHOLE)
def test_what_comes_at_once_and_whole_can_be_handed_over(exchange: Exchange) -> None:
    assert handable(exchange)


@pytest.mark.parametrize("exchange", NOT.values(), ids=NOT)
def test_what_http_or_time_has_a_say_in_cannot(exchange: Exchange) -> None:
    assert not handable(exchange)


def test_a_next_attempt_that_is_never_asked_for_does_not_matter() -> None:
    assert handable(Exchange({(0, 0): Delivery((Head(), *BODY, End())), (0, 1): Delivery((Cut(),))}))


def test_pieces_stay_apart_and_turns_too() -> None:
    exchange = Exchange({(0, 0): Delivery((Head(), *BODY, End())), (1, 0): Delivery((Head(), BODY[1], End()))})
    assert pieces(exchange) == ((b"data: {}\n", b"\n"), (b"\n",))


@pytest.mark.parametrize(("framing", "ending"), [(Framing.CHUNKED, Ending.COMPLETE), (Framing.CLOSE, Ending.EOF)])
def test_what_was_handed_over_was_taken_whole(framing: Framing, ending: Ending) -> None:
    exchange = one(Head(framing=framing), *BODY, End())
    (served,) = transcript_of(exchange, 1).served
    assert (served.turn, served.attempt, served.head_taken, served.ending) == (0, 0, True, ending)
    assert served.body == b"data: {}\n\n"


def test_a_turn_that_was_not_called_was_not_served() -> None:
    exchange = Exchange({(turn, 0): Delivery((Head(), *BODY, End())) for turn in range(3)})
    assert [served.turn for served in transcript_of(exchange, 2).served] == [0, 1]
