"""The scenarios of this repository: each can be run, on every cassette it names, and does what it says."""

from pathlib import Path

import pytest

from harness.campaign.library import Library
from harness.cassette import exchange_of

ROOT = Path(__file__).parents[3]
LIBRARY = Library(ROOT / "scenarios", ROOT / "cassettes")
SCENARIOS = LIBRARY.scenarios()
FAMILIES = {"terminal", "prelude", "truncation", "retry", "http", "shape"}


def test_every_family_is_there():
    assert {scenario.id.split("/")[0] for scenario in SCENARIOS} >= FAMILIES
    assert len(SCENARIOS) >= 60


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_its_plan_changes_every_cassette_it_names(scenario):
    for planned in LIBRARY.cases([scenario]):
        case, exchange = planned.prepare()
        assert case.turns
        if scenario.plan.mutations:
            assert exchange != exchange_of(planned.cassette)


def test_no_two_scenarios_are_the_same():
    served = [
        repr((each.plan.to_yaml(), each.cassettes, each.turns, each.timeouts, each.cancel_after, each.cancel_at_ms))
        for each in SCENARIOS
    ]
    assert len(set(served)) == len(served)


def test_every_scenario_says_its_reason_once():
    reasons = [scenario.why for scenario in SCENARIOS]
    assert len(set(reasons)) == len(reasons)
