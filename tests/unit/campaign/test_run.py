import json

import pytest

from harness.campaign.events import (
    CaseFinished,
    CaseStarted,
    ConsumerReady,
    ConsumerUnusable,
    Interrupted,
    RunFinished,
    RunStarted,
    to_json,
)
from harness.campaign.run import Run, run_case
from harness.consumers.base import ConsumerError
from harness.contract import Capabilities
from harness.judge import Mark
from tests.unit.campaign.fakes import CLAIMS, RAISES, Fake, planned

NOTHING = [{"unanswered": {}}]


def run(consumers, cases):
    def opened(name):
        if isinstance(consumers[name], Exception):
            raise consumers[name]
        return consumers[name]

    return list(Run(cases, tuple(consumers), opened).events())


def raising(error):
    def act(exchange):
        raise error

    return Fake(act)


def test_a_case_that_holds():
    result = run_case(Fake(RAISES), planned(NOTHING))
    assert result.mark is Mark.PASS
    assert {verdict.mark for verdict in result.verdicts} <= {Mark.PASS, Mark.SKIPPED}


def test_a_case_that_does_not():
    result = run_case(Fake(CLAIMS), planned(NOTHING))
    assert result.mark is Mark.FAIL


def test_a_broken_expectation_fails_and_a_broken_duty_is_our_error():
    assert run_case(Fake(), planned(NOTHING, expect={"ended": "returned"})).mark is Mark.FAIL
    assert run_case(Fake(), planned(NOTHING, expect={"duty": "complete"})).mark is Mark.ERROR


def test_a_consumer_that_is_accused_may_have_come_to_another_duty_than_the_scenario_means():
    assert run_case(Fake(CLAIMS), planned(NOTHING, expect={"duty": "complete"})).mark is Mark.FAIL


@pytest.mark.parametrize(
    ("consumer", "plan", "words"),
    [
        (raising(ConsumerError("it is gone")), NOTHING, "it is gone"),
        (raising(ZeroDivisionError("ours")), NOTHING, "ZeroDivisionError: ours"),
        (Fake(), [{"drop": {"at": "nope"}}], "matched nothing"),
    ],
)
def test_what_cannot_be_judged_is_an_error_with_its_reason(consumer, plan, words):
    result = run_case(consumer, planned(plan))
    assert result.mark is Mark.ERROR
    assert words in result.reason
    assert result.verdicts == ()


@pytest.mark.parametrize("lacking", [{"tool_calls": False}, {"usage": "none"}])
def test_a_consumer_that_lacks_what_a_scenario_needs_is_not_asked(lacking):
    consumer = Fake(raising(AssertionError), Capabilities(**lacking))
    result = run_case(consumer, planned(needs=("tool_calls", "usage")))
    assert result.mark is Mark.SKIPPED
    assert next(iter(lacking)) in result.reason


def test_a_consumer_in_real_time_is_not_asked_to_wait_for_hours():
    slow = planned([{"wait-for-head": {"ms": 900_000}}])
    result = run_case(Fake(raising(AssertionError)), slow)
    assert (result.mark, result.reason) == (Mark.SKIPPED, "it takes 900 s, and the consumer cannot simulate time")
    assert run_case(Fake(RAISES, Capabilities(simulated_time=True)), slow).mark is not Mark.SKIPPED


def test_a_stall_takes_as_long_as_the_deadline_that_ends_it():
    stalled = [{"unanswered": {"by": "stall"}}]
    assert run_case(Fake(), planned(stalled, timeouts={"idle_ms": 300_000.0})).mark is Mark.SKIPPED
    assert run_case(Fake(), planned(stalled)).mark is not Mark.SKIPPED


def test_a_consumer_that_cannot_be_cancelled_by_time_is_not_asked_to():
    result = run_case(Fake(raising(AssertionError)), planned(cancel_at_ms=20_000.0))
    assert (result.mark, result.reason) == (Mark.SKIPPED, "the consumer does not promise: timed_cancel")


def test_a_consumer_without_deltas_is_not_asked_to_stop_at_one():
    quiet = Fake(raising(AssertionError), Capabilities(streams=False))
    for needs in ((), ("streams",)):
        assert run_case(quiet, planned(cancel_after=2, needs=needs)).reason == "the consumer does not promise: streams"
    assert run_case(Fake(), planned(cancel_after=2)).mark is not Mark.SKIPPED


def test_a_run_asks_only_those_whom_a_case_concerns():
    good, other = Fake(RAISES), Fake(raising(AssertionError))
    opened = {"good": good, "other": other}
    events = list(
        Run([planned(NOTHING)], tuple(opened), opened.__getitem__, (), lambda name, _: name == "good").events()
    )
    assert (events[0].cases, events[-1].marks) == (1, {"pass": 1})


def test_the_events_of_a_run():
    good, bad = Fake(RAISES), Fake(CLAIMS)
    events = run({"good": good, "bad": bad}, [planned(NOTHING)])
    assert [type(event) for event in events] == [
        RunStarted,
        ConsumerReady, CaseStarted, CaseFinished,
        ConsumerReady, CaseStarted, CaseFinished,
        RunFinished,
    ]  # fmt: skip
    assert events[0].cases == 2
    assert events[0].rules["typed-errors"]
    assert [event.mark for event in events if isinstance(event, CaseFinished)] == [Mark.PASS, Mark.FAIL]
    assert events[-1].marks == {"pass": 1, "fail": 1}
    assert (good.closed, bad.closed) == (1, 1)


def test_one_broken_case_does_not_end_the_run():
    answers = iter([ConsumerError("gone"), None])

    def act(exchange):
        error = next(answers)
        if error:
            raise error
        return RAISES

    events = run({"fake": Fake(act)}, [planned(NOTHING), planned(NOTHING)])
    assert events[-1].marks == {"error": 1, "pass": 1}


def test_one_unusable_consumer_does_not_end_the_run():
    events = run({"gone": ConsumerError("not installed"), "good": Fake()}, [planned(NOTHING)])
    assert events[1] == ConsumerUnusable("gone", "not installed")
    assert events[-1].marks == {"pass": 1, "error": 1}
    assert events[-1].cases == 1


@pytest.mark.parametrize("where", ["in the consumer", "in a reader"])
def test_an_interrupt_ends_the_run_in_order(where):
    consumer = raising(KeyboardInterrupt()) if where == "in the consumer" else Fake()
    events = Run([planned(NOTHING)] * 3, ("fake",), lambda name: consumer).events()
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, CaseFinished):
            seen.append(events.throw(KeyboardInterrupt()))
    assert [type(event) for event in seen[-2:]] == [Interrupted, RunFinished]
    done = 0 if where == "in the consumer" else 1
    assert seen[-2].left == 3 - done
    assert seen[-1].cases == done
    assert consumer.closed == 1


def test_a_finished_case_tells_everything_there_is_to_know():
    body = [{"patch": {"at": "terminal", "edit": [{"op": "add", "path": "/response/status", "value": "failed"}]}}]
    (event,) = [e for e in run({"fake": Fake(CLAIMS)}, [planned(body)]) if isinstance(e, CaseFinished)]
    assert event.id == "family/name@demo/text"
    assert event.reproduce == "harness replay family/name@demo/text --consumer fake"
    assert "patch" in event.plan
    assert event.outcome["turns"][0]["status"] == "completed"
    (attempt,) = event.attempts
    assert (attempt.duty, attempt.taken, attempt.total_frames) == ("fail", attempt.sent, 2)
    assert attempt.frames[-1].text.startswith('data: {"type":"response.completed"')
    assert json.loads(json.dumps(to_json(event)))["mark"] == "fail"


def test_a_case_that_holds_shows_no_frames():
    (event,) = [e for e in run({"fake": Fake()}, [planned(NOTHING)]) if isinstance(e, CaseFinished)]
    assert event.attempts[0].frames == ()
