"""A recording is played as it came: its chunks, its silences, its ending."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from harness.cassette import Interaction, RecordedRequest, delivery_of, exchange_of
from harness.delivery import Cut, End, Framing, Head, Reset, Send, Stall, Wait
from tests.unit.cassette.making import BODY, RESPONSE, cassette, cassettes, responses


def test_untimed_sends_at_chunk_boundaries():
    head = Head(200, (("Content-Type", "text/event-stream"),), Framing.CHUNKED)
    assert delivery_of(RESPONSE).actions == (head, Send(BODY[:7]), Send(BODY[7:]), End())


def test_timed_waits_between_them():
    actions = delivery_of(RESPONSE, timed=True).actions
    assert actions[0] == Wait(4)
    assert isinstance(actions[1], Head)
    assert actions[2:] == (Wait(6.5), Send(BODY[:7]), Wait(1.5), Send(BODY[7:]), Wait(8), End())


def test_an_ending_without_a_time_waits_for_nothing():
    assert delivery_of(replace(RESPONSE, ended_ms=0), timed=True).actions[-2:] == (Send(BODY[7:]), End())


@pytest.mark.parametrize(
    ("ending", "action"),
    [("fin", End()), ("cut", Cut()), ("reset", Reset()), ("stall", Stall()), ("client-abort", Cut())],
)
def test_endings(ending, action):
    assert delivery_of(replace(RESPONSE, ending=ending)).ending == action


def test_no_head_no_body():
    response = replace(RESPONSE, status=None, body=b"", chunks=(), ending="reset", ended_ms=30)
    assert delivery_of(response, timed=True).actions == (Wait(30), Reset())


@pytest.mark.parametrize(
    ("framing", "stated", "declared"),
    [
        (Framing.LENGTH, "43", None),
        (Framing.LENGTH, "50", 50),
        (Framing.LENGTH, "many", None),
        (Framing.CHUNKED, "50", None),
    ],
)
def test_framing_headers_are_left_to_the_player(framing, stated, declared):
    headers = (("Content-Length", stated), ("Transfer-Encoding", "chunked"), ("x-request-id", "1"))
    head = delivery_of(replace(RESPONSE, framing=framing, headers=headers)).head
    assert head == Head(200, (("x-request-id", "1"),), framing, declared)


@given(responses())
def test_every_byte_is_delivered_whatever_the_chunks(response):
    for timed in (False, True):
        delivery = delivery_of(response, timed=timed)
        assert delivery.body == response.body
        assert sum(isinstance(action, Send) for action in delivery.actions) == len(response.chunks)


@given(cassettes())
def test_an_exchange_holds_every_interaction(made):
    exchange = exchange_of(made, timed=True)
    assert {key: delivery.body for key, delivery in exchange.deliveries.items()} == made.bodies


def test_attempts_stay_apart():
    other = replace(RESPONSE, status=500, body=b"", chunks=())
    made = cassette(Interaction(RecordedRequest(), other), Interaction(RecordedRequest(), RESPONSE, attempt=1))
    assert [exchange_of(made).answer(0, attempt).head.status for attempt in (0, 1, 2)] == [500, 200, 200]
