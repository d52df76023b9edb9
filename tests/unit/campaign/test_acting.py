"""A consumer that acts by itself is not asked about answers that make it act."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pytest

from harness.campaign.acting import offers_calls, went_on
from harness.campaign.case import Planned
from harness.campaign.fuzz.drawing import Trial
from harness.campaign.fuzz.ground import grounds
from harness.campaign.fuzz.trying import attempt
from harness.campaign.run import run_case
from harness.consumers.base import Observation
from harness.contract import Capabilities, Case
from harness.delivery import Cut, Delivery, End, Exchange, Head, Request, Send, Transcript
from harness.judge import Mark
from harness.mutations import Plan
from tests.unit.campaign.fakes import CLAIMS, Fake, cassette, planned
from tests.unit.judge.streams import call, created, message, sse, terminal, whole

TALK = whole(message("hi"))
CALL = whole(message("hi"), call("{}", 1))
SHELL: list[dict[str, Any]] = [
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "local_shell_call", "id": "ls_0"}}
]


def exchange(events: list[dict[str, Any]]) -> Exchange:
    return Exchange.single(Delivery((Head(), Send(sse(events)), End())))


@pytest.mark.parametrize(
    ("events", "offered"),
    [
        (TALK, False),
        (CALL, True),
        ([created(), *call("{}")], True),
        ([*TALK, *call("{}", 1)], False),
        ([created(), *SHELL, terminal()], True),
    ],
    ids=["text", "call", "no terminal", "after the terminal", "a tool of the specification"],
)
def test_what_is_served_decides(events: list[dict[str, Any]], offered: bool) -> None:
    assert offers_calls(exchange(events)) is offered


def test_a_coded_body_is_read_too() -> None:
    coded = gzip.compress(sse(CALL))
    head = Head(headers=(("content-type", "text/event-stream"), ("content-encoding", "gzip")))
    assert offers_calls(Exchange.single(Delivery((head, Send(coded), End()))))


def test_a_later_turn_counts_and_a_closed_door_does_not() -> None:
    closed = Delivery((Cut(),))
    assert not offers_calls(Exchange.single(closed))
    calling = exchange(CALL).deliveries[0, 0]
    assert offers_calls(Exchange({(0, 0): closed, (1, 0): calling}))


def test_whoever_acts_is_not_asked_and_is_told_why() -> None:
    case = Planned(planned().scenario, cassette(body=sse(CALL)))
    result = run_case(Fake(CLAIMS, Capabilities(acts=True)), case)
    assert result.mark is Mark.SKIPPED
    assert result.reason.startswith("the consumer carries out calls by itself")
    assert run_case(Fake(CLAIMS), case).mark is Mark.FAIL
    assert run_case(Fake(CLAIMS, Capabilities(acts=True)), planned()).mark is not Mark.SKIPPED


def test_whoever_asks_on_is_not_judged_by_the_harness_own_answer() -> None:
    beyond = Transcript((), (Request("POST", "/v1/responses", (), b"{}"),))
    assert went_on(Capabilities(asks_on=True), beyond)
    assert went_on(Capabilities(acts=True), beyond)
    assert not went_on(Capabilities(), beyond)
    assert not went_on(Capabilities(asks_on=True), Transcript(()))


class GoesOn(Fake):
    """Asks once more than there are answers."""

    def run(self, case: Case, exchange: Exchange) -> Observation:
        seen = super().run(case, exchange)
        beyond = (seen.transcript.served[0].request,)
        return replace(seen, transcript=replace(seen.transcript, unanswered=beyond))


def test_a_run_and_a_campaign_pass_over_what_went_on() -> None:
    going = GoesOn(CLAIMS, Capabilities(asks_on=True))
    assert run_case(going, planned()).mark is Mark.SKIPPED
    assert run_case(GoesOn(CLAIMS), planned()).mark is not Mark.SKIPPED
    trial = Trial(grounds([cassette()])[0], Plan())
    assert attempt(going, trial).skipped
    assert not attempt(GoesOn(CLAIMS), trial).skipped
