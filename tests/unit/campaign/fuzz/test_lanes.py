"""Campaigns over two lanes: breadth over the fast one, the word of the full one, and their difference as a finding."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from harness.campaign.events import FindingShrunk
from harness.campaign.findings import Store
from harness.campaign.findings.export import NotExportable, export_pytest, export_scenario
from harness.campaign.fuzz.campaign import Campaign
from harness.campaign.fuzz.drawing import Drawing, hypothesis_draws
from harness.campaign.fuzz.ground import grounds
from harness.campaign.fuzz.lanes import Lanes
from harness.campaign.library import Library
from harness.campaign.run import run_case
from harness.consumers import registry
from harness.consumers.adapters.runtime import RuntimeAdapter
from harness.contract import Turn
from harness.judge import LANES_AGREE, Mark
from tests.unit.campaign.fakes import planned
from tests.unit.campaign.fuzz.planted import CAPABILITIES, CASSETTES, Swallower, cassettes, swallower

HANDED = replace(CAPABILITIES, opens=False)


class Counting:
    """A consumer, and how often it was asked."""

    def __init__(self, consumer):
        self._consumer, self.asked = consumer, 0
        self.name, self.version, self.capabilities = consumer.name, consumer.version, consumer.capabilities

    def run(self, case, exchange):
        self.asked += 1
        return self._consumer.run(case, exchange)

    def close(self):
        pass


class Doubting(RuntimeAdapter):
    """A fast lane that is wrong about one thing: what has a text is never complete."""

    def call(self, request, trace):
        turn = super().call(request, trace)
        return replace(turn, status="incomplete") if turn.text else turn


class Deaf(RuntimeAdapter):
    """A fast lane that claims the same of whatever it is handed: nothing that comes of it is ever new."""

    def call(self, request, trace):
        super().call(request, trace)
        return Turn("returned", status="completed", items=(), text="")


def right(name="right", capabilities=CAPABILITIES):
    return RuntimeAdapter(name, capabilities)


def campaign(tmp_path, full, fast, *, examples=40, layers=("error", "shape", "connection"), **more):
    return Campaign(
        full,
        Drawing(grounds(cassettes()), layers),
        3,
        examples=examples,
        store=Store(tmp_path / "findings"),
        fast=fast,
        **more,
    )


def found(events):
    return {event.finding.id: event.finding for event in events if isinstance(event, FindingShrunk)}


def test_a_fast_lane_that_agrees_spares_the_full_one_and_accuses_nobody(tmp_path):
    full, fast = Counting(right()), Counting(right("fast", HANDED))
    *events, last = campaign(tmp_path, full, fast, examples=80).events()
    assert found(events) == {}
    assert last.scouted > 20
    assert full.asked == 80 - last.scouted
    assert fast.asked >= last.scouted


def test_what_only_the_full_lane_can_be_asked_goes_there_alone(tmp_path):
    full, fast = Counting(right()), Counting(right("fast", HANDED))
    *_, last = campaign(tmp_path, full, fast, layers=("time", "connection"), examples=40).events()
    assert full.asked == 40 - last.scouted
    assert full.asked > 20


def test_with_a_fast_lane_the_same_bugs_are_found(tmp_path):
    alone = found(campaign(tmp_path / "1", swallower(), None).events())
    both = found(campaign(tmp_path / "2", swallower(), Swallower("fast", HANDED)).events())
    assert alone.keys() == both.keys() != set()
    assert {finding.consumer for finding in both.values()} == {"swallower"}


@pytest.fixture
def disagreement(tmp_path):
    """The finding of a campaign whose fast lane is wrong."""
    findings = found(campaign(tmp_path, right(), Doubting("fast", HANDED), layers=("shape",)).events())
    assert [finding.invariant for finding in findings.values()] == [LANES_AGREE]
    (id,) = findings
    return Store(tmp_path / "findings").load(id)


def test_a_fast_lane_that_disagrees_is_found_and_the_full_lane_is_not_accused(disagreement):
    assert disagreement.consumer == "right"
    assert disagreement.verdict.cause == "the status differs between the lanes"
    assert disagreement.plan.mutations == ()
    assert disagreement.stream is not None
    assert disagreement.steady


def test_it_can_be_replayed(disagreement, monkeypatch):
    monkeypatch.setattr(registry, "open_fast", lambda consumer: Doubting("fast", HANDED))
    again = run_case(right(), disagreement.planned())
    assert [verdict.invariant for verdict in again.verdicts if verdict.mark is Mark.FAIL] == [LANES_AGREE]
    monkeypatch.setattr(registry, "open_fast", lambda consumer: right("fast", HANDED))
    assert run_case(right(), disagreement.planned()).mark is Mark.PASS


def test_a_consumer_without_a_fast_lane_is_not_asked(disagreement):
    result = run_case(right(), disagreement.planned())
    assert (result.mark, result.reason) == (Mark.SKIPPED, "the consumer has no fast lane to be held against")


def test_it_is_exported_as_a_scenario_about_lanes_and_not_as_a_test(disagreement, tmp_path, monkeypatch):
    written = export_scenario(disagreement, tmp_path / "scenarios", CASSETTES)
    assert "lanes: true" in written[0].read_text()
    library = Library(tmp_path / "scenarios", CASSETTES)
    (planned,) = library.cases(library.scenarios())
    monkeypatch.setattr(registry, "open_fast", lambda consumer: Doubting("fast", HANDED))
    assert run_case(right(), planned).mark is Mark.FAIL
    with pytest.raises(NotExportable, match="two lanes"):
        export_pytest(disagreement, tmp_path)


def test_a_fast_lane_that_hides_everything_is_found_by_the_sample(tmp_path):
    findings = found(campaign(tmp_path, right(), Deaf("fast", HANDED), layers=("chunk",), examples=100).events())
    assert LANES_AGREE in {finding.invariant for finding in findings.values()}
    assert {finding.invariant for finding in findings.values()} <= {LANES_AGREE}


def test_a_failure_goes_over_the_full_lane_until_that_has_shown_it():
    """The fast lane fails alone: its word is never enough, however often it is heard."""
    drawing = Drawing(grounds(cassettes()), ("connection", "error"))
    full = Counting(right())
    lanes = Lanes(full, Swallower("fast", HANDED))
    failing = 0
    for drawn in islice(hypothesis_draws(3), 80):
        scouted = lanes.scout(drawing.read(drawn), drawn)
        before, settled = full.asked, lanes.settle(scouted)
        if scouted.form and scouted.failed:
            failing += 1
            assert full.asked == before + 1
            assert {verdict.invariant for verdict in settled.failed.values()} == {LANES_AGREE}
    assert failing > 3


def test_scouting_elsewhere_changes_nothing():
    """As with many processes: each scouts with lanes of its own, and one settles in the order of the draws."""
    drawing, draws = Drawing(grounds(cassettes()), ("error", "shape")), list(islice(hypothesis_draws(5), 40))

    def told(scouts):
        lanes = Lanes(swallower(), Swallower("fast", HANDED))
        tried = [scouts[n % len(scouts)].scout(drawing.read(drawn), drawn) for n, drawn in enumerate(draws)]
        return [(one.form, sorted(one.failed)) for one in map(lanes.settle, tried)]

    apart = [Lanes(swallower(), Swallower("fast", HANDED)) for _ in range(2)]
    assert told(apart[:1]) == told(apart)


def test_a_lane_below_http_is_not_asked_what_it_cannot_see():
    result = run_case(right("fast", HANDED), planned([{"unanswered": {"by": "reset"}}]))
    assert result.mark is Mark.SKIPPED
    assert "no stream that comes at once" in result.reason
