"""Talks in lines among the cassettes of a campaign: each goes to who can read it, and to no mutation."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.campaign.case import turns_of
from harness.campaign.lanes import Lanes
from harness.campaign.library import Library
from harness.commands.serve import serve
from harness.consumers import probe, registry
from harness.consumers.base import ConsumerError
from tests.unit.appserver.playing import NAMES, cassette

SCENARIO = "summary: Any.\nwhy: Any.\n"
PLAN = "- drop: {at: {nth: 0}}\n"


@pytest.fixture
def library(tmp_path):
    (tmp_path / "any.yaml").write_text(f"{SCENARIO}cassette: '*/text'\n")
    (tmp_path / "named.yaml").write_text(f"{SCENARIO}cassette: app-server/*\n")
    return Library(tmp_path, Path("cassettes"))


def test_talks_are_taken_only_where_they_are_asked_for(library):
    asked = {name: library.cases(library.scenarios([name])) for name in ("any", "named")}
    assert {planned.cassette.kind for planned in asked["any"]} == {"sse"}
    assert {planned.cassette.kind for planned in asked["named"]} == {"jsonl"}


def test_a_lone_plan_says_that_it_finds_nothing_there(library, tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    assert library.plan_cases(plan, ["app-server/*"]) == ([], [f"app-server/{name}" for name in NAMES])


def test_without_a_name_every_cassette_goes_to_the_lane_that_reads_it():
    scenarios = Library(Path("scenarios"), Path("cassettes"))
    cases = scenarios.cases(scenarios.scenarios(["app-server", "truncation"]))
    lanes = Lanes(cases)
    for planned in cases:
        asked = {name for name in lanes.names if lanes.concern(name, planned)}
        assert ("runtime-app-server" in asked) is (planned.cassette.kind == "jsonl")
        assert asked


def test_every_scenario_of_the_family_has_its_cassette_and_every_cassette_a_scenario():
    scenarios = Library(Path("scenarios"), Path("cassettes"))
    named = {planned.cassette.name for planned in scenarios.cases(scenarios.scenarios(["app-server"]))}
    assert named == {f"app-server/{name}" for name in NAMES}


def test_the_user_says_what_was_recorded():
    assert turns_of(cassette("two-turns")) == ({"input": "First."}, {"input": "Second."})


def test_the_healthy_probe_is_told_in_lines_too():
    consumer = registry.open_consumer("runtime-app-server")
    outcome = consumer.run(probe.CASE, probe.exchange_for(consumer.capabilities)).outcome
    assert probe.complaint(outcome, consumer.capabilities) is None


def test_a_stream_over_http_is_none_of_its_business():
    consumer = registry.open_consumer("runtime-app-server")
    with pytest.raises(ConsumerError, match="streams over HTTP"):
        consumer.run(probe.CASE, probe.EXCHANGE)


def test_a_talk_cannot_be_served_over_http():
    done = CliRunner().invoke(serve, ["app-server/text"])
    assert (done.exit_code, "talk in lines" in done.output) == (2, True)
