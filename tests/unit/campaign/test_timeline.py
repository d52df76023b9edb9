"""Silences as people write them, as mutations."""

import pytest

from harness.campaign.scenario import ScenarioError, load_scenario
from harness.campaign.timeline import duration_ms, mutations_of
from harness.mutations import Plan
from tests.unit.campaign.fakes import write_scenario

HEAD = "summary: It is served.\nwhy: It happened.\ncassette: demo/text\n"
THIRD = {"type": "response.output_text.delta", "nth": 2}


@pytest.mark.parametrize(
    ("text", "ms"), [("45 s", 45_000), ("1.5 min", 90_000), ("250 ms", 250), ("2 h", 7_200_000), ("0.5 s", 500)]
)
def test_durations(text, ms):
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["45", "45s", "s", "-1 s", "45 seconds", "", " 45 s", "for ever"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="no duration"):
        duration_ms(text)


@pytest.mark.parametrize(
    ("step", "mutation"),
    [
        ({"stall": "45 s", "before": "head"}, {"wait-for-head": {"ms": 45_000}}),
        ({"stall": "for ever", "before": "head"}, {"unanswered": {"by": "stall"}}),
        ({"stall": "5 min", "before": THIRD}, {"wait": {"at": THIRD, "ms": 300_000, "place": "before"}}),
        ({"stall": "1 s", "after": "terminal"}, {"wait": {"at": "terminal", "ms": 1_000, "place": "after"}}),
        ({"stall": "for ever", "after": THIRD}, {"stop": {"at": THIRD, "inside": "after", "by": "stall"}}),
        ({"stall": "for ever", "before": THIRD}, {"stop": {"at": THIRD, "inside": "before", "by": "stall"}}),
        ({"drip": "10 s"}, {"wait": {"at": {"type": "*"}, "ms": 10_000}}),
        (
            {"keep-alives": "15 s", "for": "900 s", "before": THIRD},
            {"keep-alives": {"at": THIRD, "every_ms": 15_000, "times": 60, "place": "before"}},
        ),
    ],
)
def test_every_step_is_a_mutation(step, mutation):
    (written,) = mutations_of([{**step, "turn": 1, "attempt": 0}])
    assert written == {**mutation, "turn": 1, "attempt": 0}
    assert Plan.from_json([written]).mutations


def test_the_silences_of_a_scenario_come_after_its_plan(tmp_path):
    text = HEAD + "plan:\n  - drop: {at: terminal}\ntime:\n  - {stall: 2 s, before: head}\n"
    scenario = load_scenario(write_scenario(tmp_path, "a", text), "a")
    assert scenario.plan.to_json() == [{"drop": {"at": {"type": "terminal"}}}, {"wait-for-head": {"ms": 2_000}}]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{stall: 45, before: head}", "45"),
        ("{stall: 45 s}", "stall"),
        ("{stall: 45 s, before: head, after: head}", "stall"),
        ("{drip: 10 s, before: head}", "drip"),
        ("{keep-alives: 15 s, before: terminal}", "keep-alives"),
        ("{wait: 15 s}", "wait"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path, step, words):
    path = write_scenario(tmp_path, "a", HEAD + f"time:\n  - {step}\n")
    with pytest.raises(ScenarioError, match=words) as raised:
        load_scenario(path, "a")
    assert (raised.value.line, raised.value.pointer.startswith("/time/0")) == (5, True)


def test_a_place_that_is_none_is_told_at_its_step(tmp_path):
    path = write_scenario(tmp_path, "a", HEAD + "time:\n  - {stall: 1 s, before: {typ: head}}\n")
    with pytest.raises(ScenarioError) as raised:
        load_scenario(path, "a")
    assert (raised.value.line, raised.value.pointer) == (5, "/time/0")


@pytest.mark.parametrize(
    ("written", "after", "at_ms"),
    [("cancel_after: 3\n", 3, None), ("cancel_after: 20 s\n", None, 20_000), ("", None, None)],
)
def test_a_cancellation_by_number_or_by_time(tmp_path, written, after, at_ms):
    scenario = load_scenario(write_scenario(tmp_path, "a", HEAD + written), "a")
    assert (scenario.cancel_after, scenario.cancel_at_ms) == (after, at_ms)


def test_deadlines_for_the_consumer(tmp_path):
    text = HEAD + "timeouts: {first_byte: 45 s, total: 1 h}\n"
    assert load_scenario(write_scenario(tmp_path, "a", text), "a").timeouts == {
        "first_byte_ms": 45_000,
        "total_ms": 3_600_000,
    }
