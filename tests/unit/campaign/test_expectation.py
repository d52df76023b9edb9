from dataclasses import replace

import pytest

from harness.campaign.expectation import check_expectations
from harness.contract import Callback, Capabilities, Cause, Failure, Item, Turn
from harness.delivery import Exchange
from harness.judge import Mark, gather
from tests.unit.campaign.fakes import Fake, planned

ITEMS = (
    Item("message", "message", text="Hello"),
    Item("function_call", "function_call", finished=True),
    Item("function_call", "function_call", finished=False),
)
TURN = Turn(
    "returned",
    "completed",
    ITEMS,
    "Hello",
    flags=("no_terminal",),
    failure=Failure((Cause("a.B", message="the words", details='{"code": "c_1"}'),)),
)

ROWS = [
    ("duty", "complete", "fail", Mark.ERROR),
    ("ended", "returned", "raised", Mark.FAIL),
    ("status", "completed", "failed", Mark.FAIL),
    ("text", "Hello", "Hell", Mark.FAIL),
    ("text_contains", ["Hell", "lo"], ["Hell", "x"], Mark.FAIL),
    ("error_contains", ["words", "c_1"], ["other"], Mark.FAIL),
    ("error_explains", ["words", "c_1"], ["other"], Mark.FAIL),
    ("flags", ["no_terminal"], ["damaged"], Mark.FAIL),
    ("items", 3, 2, Mark.FAIL),
    ("calls", 1, 2, Mark.FAIL),
    ("error_kind", "no_terminal", "auth", Mark.FAIL),
    ("retryable", False, True, Mark.FAIL),
    ("finish_reason", "no_terminal", "stop", Mark.FAIL),
    ("within", "1 ms", "0.5 ms", Mark.FAIL),
    ("not_before", "1 ms", "2 ms", Mark.FAIL),
    ("reasoning_sent", [0], [1], Mark.FAIL),
    ("sendable", True, False, Mark.FAIL),
    ("requests", 1, 2, Mark.FAIL),
]


def check(expect, capabilities=None, turn=TURN, answers=1, cancel_after=None):
    case, exchange = planned().prepare()
    case = replace(case, cancel_after=cancel_after)
    exchange = Exchange({(0, attempt): exchange.answer(0, 0) for attempt in range(answers)})
    capabilities = capabilities or Capabilities(
        chat=True, classifies_errors=True, explains=True, gates_reasoning=True, simulated_time=True
    )
    seen = Fake(turn).run(case, exchange)
    evidence = gather(seen.transcript, capabilities, case)
    return [entry.mark for entry in check_expectations(expect, case, seen, evidence, capabilities, exchange)]


@pytest.mark.parametrize(("name", "right", "wrong", "breach"), ROWS, ids=[row[0] for row in ROWS])
def test_each_can_hold_and_break(name, right, wrong, breach):
    assert check({name: right}) == [Mark.PASS]
    assert check({name: wrong}) == [breach]


def test_what_a_consumer_does_not_promise_is_not_asked():
    bare = Capabilities(items=False, tool_calls=False, status=False)
    asked = {"items": 9, "calls": 9, "status": "x", "flags": ["x"], "error_explains": ["x"]}
    assert check(asked, bare) == [Mark.SKIPPED] * 5


def test_a_raw_loop_may_come_to_another_turn_than_the_one_whose_duty_is_meant():
    assert check({"duty": "fail"}, Capabilities(assembles=False)) == [Mark.SKIPPED]


def test_who_makes_no_promise_to_ask_again_may_take_the_first_answer_for_the_last():
    plain = Capabilities()
    assert check({"status": "failed", "requests": 2}, plain, answers=2) == [Mark.SKIPPED] * 2
    assert check({"status": "failed", "requests": 2}, plain) == [Mark.FAIL, Mark.SKIPPED]
    assert check({"status": "failed", "requests": 2}, answers=2) == [Mark.FAIL] * 2


def test_what_a_consumer_does_not_say_breaks_an_expectation():
    silent = Turn("returned")
    assert check({"text_contains": ["a"], "error_contains": ["a"], "text": "a"}, turn=silent) == [Mark.FAIL] * 3


def test_every_expectation_of_the_schema_is_checked():
    from harness.campaign.expectation import _CHECKS
    from harness.campaign.scenario import schema

    assert set(schema().schema["properties"]["expect"]["properties"]) == set(_CHECKS) == {row[0] for row in ROWS}


def test_a_stream_that_was_over_before_its_cancellation_is_not_expected_to_be_cancelled():
    told = replace(TURN, trace=(Callback("text", "Hello"),))
    assert check({"ended": "cancelled", "requests": 1}, turn=told, cancel_after=2) == [Mark.SKIPPED] * 2
    assert check({"ended": "cancelled", "requests": 1}, turn=told, cancel_after=1) == [Mark.FAIL, Mark.PASS]
