from dataclasses import replace

import pytest

from harness.campaign.case import PlanMissed, turns_of
from tests.unit.campaign.fakes import cassette, planned

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]}
BARE = {"role": "user", "content": "b"}
IMAGE = {"role": "user", "content": [{"type": "input_image", "image_url": "u"}]}
RULES = {"type": "message", "role": "developer", "content": "c"}
MODEL = {"type": "message", "role": "assistant", "content": []}
CALL = {"type": "function_call", "call_id": "c"}
RESULT = {"type": "function_call_output", "call_id": "c", "output": "d"}


@pytest.mark.parametrize(
    ("request_body", "said"),
    [
        (None, "hello"),
        ({}, "hello"),
        ({"input": "hi"}, "hi"),
        ({"input": ""}, "hello"),
        ({"input": [USER]}, "a"),
        ({"input": [RULES]}, [{"role": "developer", "content": "c"}]),
        ({"input": [USER, BARE]}, [{"role": "user", "content": "a"}, BARE]),
        ({"input": [IMAGE]}, [IMAGE]),
        ({"input": [USER, MODEL, CALL, RESULT]}, "hello"),
        ({"input": [USER, CALL, RESULT, BARE]}, "b"),
        ({"input": [USER, MODEL]}, "hello"),
        ({"input": ["what", 7]}, "hello"),
    ],
    ids=str,
)
def test_what_a_recorded_user_said(request_body, said):
    assert turns_of(cassette(request=request_body)) == ({"input": said},)


def test_a_later_turn_always_says_something():
    first, second = cassette(request={"input": [USER]}), cassette(request={"input": [RESULT]})
    both = replace(first, interactions=(*first.interactions, replace(second.interactions[0], turn=1)))
    assert turns_of(both) == ({"input": "a"}, {"input": "go on"})


def test_what_the_scenario_says_goes_first():
    case, _ = planned(turns=({"input": "mine"},)).prepare()
    assert case.turns == ({"input": "mine"},)
    assert case.id == "family/name@demo/text"


def test_the_plan_is_served():
    _, exchange = planned([{"drop": {"at": "terminal"}}]).prepare()
    assert b"response.completed" not in exchange.answer(0, 0).body


def test_a_plan_that_changes_nothing_is_no_case():
    with pytest.raises(
        PlanMissed, match=r"mutation 1 of the plan \(drop\) matched nothing: no frame matches type nope"
    ):
        planned([{"drop": {"at": "nope"}}]).prepare()
