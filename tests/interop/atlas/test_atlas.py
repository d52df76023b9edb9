"""The list of real bugs is in order: every control can be served, and what was published is about these bugs."""

from __future__ import annotations

import json

import pytest

from harness.campaign.fuzz.ground import Ground
from harness.cassette import load
from harness.consumers.registry import entry_of
from harness.judge import REGISTRY
from harness.mutations import Plan
from tests.interop.atlas.__main__ import APPLICABLE, FOUND
from tests.interop.atlas.bug import CASSETTES, Bug, bugs
from tests.interop.atlas.page import page, read_left_out

CONTROLS = json.loads(APPLICABLE.read_text("utf-8"))
RAN = json.loads(FOUND.read_text("utf-8"))


@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_a_control_breaks_a_rule_that_there_is_and_can_be_served(bug: Bug) -> None:
    assert bug.rule in REGISTRY
    assert entry_of(bug.consumer).has(bug.vulnerable)
    assert entry_of(bug.consumer).has(bug.fixed)
    bug.control.prepare()


def test_each_bug_has_its_control_and_each_applicable_one_its_campaign() -> None:
    assert [entry["name"] for entry in CONTROLS] == [bug.name for bug in bugs()]
    assert {entry["name"] for entry in RAN} == {entry["name"] for entry in CONTROLS if entry["applicable"]}


def test_what_found_a_bug_can_be_applied_again() -> None:

    for entry in RAN:
        if entry["met"]:
            ground = Ground(load(CASSETTES / entry["met"]["cassette"]))
            assert not Plan.from_json(entry["met"]["plan"]).apply(ground.exchange).misses


def test_the_page_is_the_one_that_the_results_make() -> None:
    published = FOUND.with_suffix(".md").read_text("utf-8").splitlines()
    made = page(bugs(), CONTROLS, RAN, read_left_out()).splitlines()
    # Its head names the releases of Python and Hypothesis that wrote it.
    assert [line for line in made if line.startswith(("|", "-"))] == [
        line for line in published if line.startswith(("|", "-"))
    ]
