"""Whole campaigns with small budgets: what is found, kept, shrunk, taken up again, and how they end."""

import pytest
from hypothesis.database import DirectoryBasedExampleDatabase, InMemoryExampleDatabase

from harness.campaign.events import (
    FindingFound,
    FindingShrunk,
    FuzzFinished,
    FuzzStarted,
    FuzzTrouble,
    to_json,
)
from harness.campaign.findings import Store
from harness.campaign.fuzz.campaign import Campaign
from harness.campaign.fuzz.corpus import Corpus
from harness.campaign.fuzz.drawing import Drawing
from harness.campaign.fuzz.engine import explore
from harness.campaign.fuzz.ground import grounds
from harness.consumers.base import ConsumerError
from tests.unit.campaign.fuzz.planted import cassettes, swallower

EXAMPLES = 25


def campaign(
    tmp_path, consumer=None, *, seed=3, examples=EXAMPLES, database=None, layers=("error", "connection"), **more
):
    return Campaign(
        consumer or swallower(),
        Drawing(grounds(cassettes()), layers),
        seed,
        examples=examples,
        store=Store(tmp_path / "findings"),
        corpus=Corpus("swallower", database) if database is not None else None,
        **more,
    )


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_a_planted_bug_is_found_shrunk_to_one_mutation_and_kept(tmp_path):
    events = list(campaign(tmp_path).events())
    assert isinstance(events[0], FuzzStarted)
    assert isinstance(events[-1], FuzzFinished)
    found, shrunk = of_kind(events, FindingFound), of_kind(events, FindingShrunk)
    assert {event.finding.id for event in found} == {event.finding.id for event in shrunk}
    silent = next(event.finding for event in shrunk if event.finding.invariant == "no-silent-truncation")
    assert silent.mutations == 1
    assert silent.reproduce == f"harness replay {silent.id}"
    store = Store(tmp_path / "findings")
    assert set(store.ids()) == {event.finding.id for event in found}
    kept = store.load(silent.id)
    assert kept.cassette.name == min(grounds(cassettes()), key=lambda ground: ground.size).name
    assert kept.stream is not None
    assert all(to_json(event) for event in events)


def test_explore_tells_the_number_of_the_example_that_showed_it_first():
    first = list(explore(swallower(), cassettes(), examples=EXAMPLES, seed=3, layers=("error", "connection")))
    assert first
    assert len({found.fingerprint for found in first}) == len(first)
    assert [found.example for found in first] == sorted(found.example for found in first)
    before = explore(swallower(), cassettes(), examples=first[0].example - 1, seed=3, layers=("error", "connection"))
    assert list(before) == []


def test_the_same_seed_finds_the_same(tmp_path):
    told = [
        [event.finding for event in of_kind(campaign(tmp_path / each).events(), FindingShrunk)] for each in ("a", "b")
    ]
    assert told[0] == told[1]
    assert told[0]


def test_the_next_campaign_begins_with_what_the_last_one_found(tmp_path):
    database = DirectoryBasedExampleDatabase(tmp_path / "examples")
    first = list(campaign(tmp_path, database=database).events())
    again = list(campaign(tmp_path, seed=4, examples=1, database=database).events())
    known = [event.finding for event in of_kind(again, FindingShrunk)]
    assert {finding.id for finding in known} >= {event.finding.id for event in of_kind(first, FindingShrunk)}
    assert all(finding.mutations <= 1 for finding in known)
    assert again[-1].examples == 1


def test_what_is_fixed_is_forgotten(tmp_path):
    from tests.unit.campaign.fuzz.planted import opened

    database = InMemoryExampleDatabase()
    list(campaign(tmp_path, database=database).events())
    assert list(Corpus("swallower", database).trials(grounds(cassettes())))
    fixed = opened("runtime")
    list(campaign(tmp_path / "2", fixed, examples=1, layers=("chunk",), database=database).events())
    left = list(Corpus("swallower", database).trials(grounds(cassettes())))
    assert not [trial for trial in left if "unanswered" in str(trial)]


def test_what_the_database_holds_that_nobody_can_read_is_forgotten():
    database = InMemoryExampleDatabase()
    key = b"stream-harness fuzz swallower"
    for value in (b"\xff", b"{}", b'{"cassette": "a/b", "plan": [{"no-such": {}}]}'):
        database.save(key, value)
    assert list(Corpus("swallower", database).trials(grounds(cassettes()))) == []
    assert list(database.fetch(key)) == []


@pytest.mark.parametrize("when", [FindingFound, FindingShrunk])
def test_an_interrupt_ends_with_all_that_was_found(tmp_path, when):
    events, seen = campaign(tmp_path).events(), []
    for event in events:
        seen.append(event)
        if isinstance(event, when):
            seen.append(events.throw(KeyboardInterrupt()))
    assert isinstance(seen[-1], FuzzFinished)
    assert seen[-1].interrupted
    found = {event.finding.id for event in of_kind(seen, FindingFound)}
    assert found <= set(Store(tmp_path / "findings").ids())
    assert seen[-1].findings >= len(found) >= 1


def test_time_that_is_up_ends_it(tmp_path):
    events = list(campaign(tmp_path, examples=None, time_s=0.0).events())
    assert events[-1].ended == "time is up"
    assert events[-1].examples == 0


class Broken:
    """Fails in a way that is nobody's verdict, now and then or always."""

    name, version = "broken", "1"

    def __init__(self, error, every):
        self._consumer, self._error, self._every, self._calls = swallower(), error, every, 0
        self.capabilities = self._consumer.capabilities

    def run(self, case, exchange):
        self._calls += 1
        if self._calls % self._every == 0:
            raise self._error
        return self._consumer.run(case, exchange)

    def close(self):
        pass


@pytest.mark.parametrize("error", [ConsumerError("it is gone"), ZeroDivisionError("ours")])
def test_a_case_that_cannot_be_judged_does_not_end_it(tmp_path, error):
    events = list(campaign(tmp_path, Broken(error, 5)).events())
    assert str(error) in of_kind(events, FuzzTrouble)[0].reason
    assert events[-1].examples == EXAMPLES
    assert events[-1].findings


def test_trouble_without_end_ends_it(tmp_path):
    events = list(campaign(tmp_path, Broken(ConsumerError("it is gone"), 1), examples=500).events())
    assert events[-1].troubles == 20
    assert "could not be judged" in events[-1].ended


def test_a_program_in_real_time_is_not_made_to_wait(tmp_path):
    from dataclasses import replace

    consumer = swallower()
    consumer._capabilities = replace(consumer.capabilities, simulated_time=False)
    events = list(campaign(tmp_path, consumer, layers=("time",), examples=30).events())
    assert events[-1].skipped > 10


class Unsteady:
    """Has the bug once."""

    name, version = "unsteady", "1"

    def __init__(self):
        from tests.unit.campaign.fuzz.planted import opened

        self._bad, self._good, self._been = swallower(), opened("runtime"), False
        self.capabilities = self._bad.capabilities

    def run(self, case, exchange):
        seen = (self._good if self._been else self._bad).run(case, exchange)
        self._been = self._been or seen.outcome.turns[0].text == ""
        return seen


def test_what_does_not_show_again_is_kept_and_said_to_be_unsteady(tmp_path):
    events = list(campaign(tmp_path, Unsteady()).events())
    unsteady = [event.finding for event in of_kind(events, FindingShrunk) if not event.finding.steady]
    assert unsteady
    assert not Store(tmp_path / "findings").load(unsteady[0].id).steady


def test_a_finding_that_was_made_small_stays_so_when_it_is_drawn_again(tmp_path):
    first = of_kind(campaign(tmp_path).events(), FindingShrunk)
    store = Store(tmp_path / "findings")
    written = {id: (store.path(id) / "finding.yaml").stat().st_mtime_ns for id in store.ids()}
    again = of_kind(campaign(tmp_path, seed=5).events(), FindingShrunk)
    both = {event.finding.id for event in first} & {event.finding.id for event in again}
    assert both
    assert all((store.path(id) / "finding.yaml").stat().st_mtime_ns == written[id] for id in both)


def test_a_finding_that_nobody_can_read_is_written_anew(tmp_path):
    (finding, *_) = [event.finding for event in of_kind(campaign(tmp_path).events(), FindingShrunk)]
    store = Store(tmp_path / "findings")
    (store.path(finding.id) / "plan.yaml").write_text("- no-such: {}\n")
    list(campaign(tmp_path).events())
    assert store.load(finding.id).view().plan == finding.plan
