"""Without a consumer named, every scenario runs against the lanes of the runtime that it concerns."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign.lanes import Lanes
from harness.campaign.library import Library
from harness.campaign.run import concerned
from harness.consumers.registry import default_entries
from tests.unit.campaign.fakes import planned

ROOT = Path(__file__).parents[3]
LIBRARY = Library(ROOT / "scenarios", ROOT / "cassettes")
CASES = LIBRARY.cases(LIBRARY.scenarios())
LANES = Lanes(CASES)
ABLE = {entry.name: entry.capabilities_of(None) for entry in default_entries()}


def lanes_of(scenario_id, **fields):
    case = planned(**fields)
    case = replace(case, scenario=replace(case.scenario, id=scenario_id))
    lanes = Lanes([case])
    assert all(lanes.concern(name, case) for name in lanes.names)
    return lanes.names


def test_no_case_of_this_repository_is_skipped():
    for case in CASES:
        asked = [name for name in LANES.names if LANES.concern(name, case)]
        assert asked, case.id
        assert all(concerned(case, ABLE[name]) for name in asked), case.id


def test_every_lane_has_work():
    assert set(LANES.names) == set(ABLE)


@pytest.mark.parametrize(
    ("scenario_id", "fields", "lanes"),
    [
        ("shape/x", {}, ("runtime",)),
        ("my/own", {}, ("runtime",)),
        ("stall/x", {}, ("runtime", "runtime-async", "runtime-auxiliary", "runtime-auxiliary-async")),
        ("cancel/x", {"needs": ("cancels_waiting",)}, ("runtime-async", "runtime-auxiliary-async")),
        ("auxiliary/x", {"needs": ("chat",)}, ("runtime-auxiliary", "runtime-auxiliary-async")),
        ("replay-gate/x", {"needs": ("gates_reasoning",)}, ("runtime-replay-gate",)),
    ],
)
def test_families_go_to_their_lanes(scenario_id, fields, lanes):
    assert lanes_of(scenario_id, **fields) == lanes


def test_what_no_lane_can_run_stays_with_the_runtime_which_says_why():
    assert lanes_of("my/own", needs=("gates_reasoning",)) == ("runtime",)
