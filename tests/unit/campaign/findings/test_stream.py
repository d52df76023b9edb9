"""Served streams as cassettes: nothing is lost on the way, and nothing that is needed is left out."""

from itertools import islice

import pytest

from harness.campaign.findings.stream import MOST_TRIALS, cassette_of, response_of, smallest
from harness.campaign.fuzz.drawing import Drawing, hypothesis_draws
from harness.campaign.fuzz.ground import grounds
from harness.cassette import delivery_of, exchange_of, load, save
from harness.delivery import Cut, Delivery, End, Framing, Head, Reset, Send, Stall, Wait
from harness.mutations import Take
from tests.unit.campaign.fuzz.planted import cassettes

HEAD = Head(headers=(("content-type", "text/event-stream"),))


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery((HEAD, Send(b"a"), End())),
        Delivery((Wait(5.0), HEAD, Wait(1.0), Send(b"ab"), Wait(2.5), Send(b"c"), Wait(9.0), Stall())),
        Delivery((HEAD, End())),
        Delivery((Wait(3.0), Cut())),
        Delivery((Reset(),)),
        Delivery((Head(204, (), Framing.CLOSE), End())),
        Delivery((Head(200, HEAD.headers, Framing.LENGTH, 50), Send(b"short"), Cut())),
    ],
)
def test_a_delivery_comes_back_from_its_recording(delivery):
    assert delivery_of(response_of(delivery), timed=True) == delivery


def test_drawn_exchanges_come_back_from_disk(tmp_path):
    drawing = Drawing(grounds(cassettes()))
    for number, drawn in enumerate(islice(hypothesis_draws(5), 40)):
        trial = drawing.read(drawn)
        exchange = trial.plan.apply(trial.ground.exchange).exchange
        cassette = cassette_of(exchange, trial.ground.cassette, f"found/{number}", "why")
        assert bodies(exchange_of(load(save(cassette, tmp_path)), timed=True)) == bodies(exchange), trial


def bodies(exchange):
    return {
        place: (delivery.body, delivery.longest_wait_ms, type(delivery.ending))
        for place, delivery in exchange.deliveries.items()
    }


def test_only_the_frames_that_are_needed_stay():
    ground = next(ground for ground in grounds(cassettes()) if ground.name == "openai/text")
    needed = {"response.created", "response.output_text.done"}
    asked = []

    def shows(exchange):
        asked.append(exchange)
        return needed <= {piece.event.type for piece in Take.of(exchange.answer(0, 0)).pieces}

    least = smallest(ground.exchange, shows)
    assert [piece.event.type for piece in Take.of(least.answer(0, 0)).pieces] == sorted(needed)
    assert len(asked) <= MOST_TRIALS
