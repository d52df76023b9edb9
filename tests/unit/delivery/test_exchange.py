"""Deliveries and exchanges refuse what no server could do, and answer every attempt."""

from __future__ import annotations

import pytest

from harness.delivery import (
    Cut,
    Delivery,
    End,
    Ending,
    Exchange,
    Framing,
    Head,
    Request,
    Reset,
    Send,
    Served,
    Stall,
    Transcript,
    Wait,
)

HEAD = Head()
WHOLE = Delivery((HEAD, Send(b"a"), Send(b"b"), End()))


@pytest.mark.parametrize(
    ("actions", "reason"),
    [
        ((), "exactly one ending"),
        ((HEAD, Send(b"a")), "exactly one ending"),
        ((HEAD, End(), Send(b"a")), "exactly one ending"),
        ((HEAD, Cut(), End()), "exactly one ending"),
        ((HEAD, HEAD, End()), "at most one Head"),
        ((Send(b"a"), Cut()), "before the first Send"),
        ((Send(b"a"), HEAD, Cut()), "before the first Send"),
        ((Wait(5), End()), "End needs a Head"),
        ((HEAD, Send(b""), End()), "never empty"),
    ],
)
def test_impossible_deliveries(actions, reason):
    with pytest.raises(ValueError, match=reason):
        Delivery(actions)


@pytest.mark.parametrize("ending", [Cut(), Reset(), Stall()])
def test_a_connection_may_end_before_its_head(ending):
    delivery = Delivery((Wait(5), ending))
    assert delivery.head is None
    assert delivery.body == b""
    assert delivery.ending is ending


def test_the_body_is_all_that_is_sent():
    assert WHOLE.body == b"ab"
    assert WHOLE.ending == End()


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (Head(framing=Framing.CHUNKED), None),
        (Head(framing=Framing.CLOSE, declared_length=9), None),
        (Head(framing=Framing.LENGTH), 2),
        (Head(framing=Framing.LENGTH, declared_length=9), 9),
        (Head(framing=Framing.LENGTH, declared_length=0), 0),
    ],
)
def test_the_length_the_client_is_told(head, told):
    assert Delivery((head, Send(b"ab"), End())).content_length == told


def test_no_length_without_a_head():
    assert Delivery((Cut(),)).content_length is None


@pytest.mark.parametrize(
    ("actions", "ms"),
    [
        ((HEAD, End()), 0),
        ((Wait(3), HEAD, Wait(4), Wait(5), Send(b"a"), Wait(8), End()), 9),
        ((HEAD, Wait(3), Stall()), float("inf")),
    ],
)
def test_the_longest_silence(actions, ms):
    assert Delivery(actions).longest_wait_ms == ms


@pytest.mark.parametrize("keys", [[], [(1, 0)], [(0, 0), (2, 0)], [(0, 1)], [(0, 0), (1, 1)]])
def test_impossible_exchanges(keys):
    with pytest.raises(ValueError, match="exchange"):
        Exchange(dict.fromkeys(keys, WHOLE))


def test_an_attempt_nobody_wrote_gets_the_last_one_again():
    first, second, other = (Delivery((HEAD, Send(data), End())) for data in (b"1", b"2", b"3"))
    exchange = Exchange({(0, 0): first, (0, 2): second, (1, 0): other})
    assert exchange.turns == 2
    assert [exchange.answer(0, attempt) for attempt in range(5)] == [first, first, second, second, second]
    assert exchange.answer(1, 7) is other
    assert exchange.answer(2, 0) is None


def test_single_answers_one_turn_only():
    exchange = Exchange.single(WHOLE)
    assert exchange.answer(0, 3) is WHOLE
    assert exchange.answer(1, 0) is None


def served(turn: int, attempt: int, taken: int = 2) -> Served:
    request = Request("POST", "/v1/responses", (), b"{}")
    return Served(turn, attempt, request, WHOLE, taken, True, Ending.COMPLETE, 0, 1)


def test_a_transcript_tells_turns_and_what_was_taken():
    transcript = Transcript((served(0, 0, taken=1), served(1, 0), served(0, 1)))
    assert [entry.attempt for entry in transcript.turn(0)] == [0, 1]
    assert transcript.turns == 2
    assert transcript.served[0].body == b"a"


def test_an_empty_transcript_has_no_turns():
    assert Transcript(()).turns == 0
