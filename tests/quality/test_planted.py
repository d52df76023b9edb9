"""A campaign finds the bugs that are planted, and none where there is none; all of them are ``make quality``'s."""

from __future__ import annotations

from itertools import islice

import pytest

from harness.consumers.registry import open_consumer
from tests.quality.planted import DEFECTS, KINDS, SYSTEMS
from tests.quality.search import campaign, look_for, mutations_needed

QUICK = (
    "walks-the-terminals-output",
    "error-frame-is-ignored",
    "end-of-file-is-success",
    "snapshot-is-matched-by-id-alone",
    "old-deltas-stay",
    "usage-has-details",
    "no-watchdog",
    "incomplete-says-stop",
)
"""Enough to show that discovery and shrinking work, of every layer that matters."""

EXAMPLES = 2_000
"""The budget that every planted bug has to be found within; looking ends where it is found."""


def test_there_is_a_defect_of_every_system_and_of_every_class_of_bug():
    assert len(DEFECTS) >= 60
    assert {defect.system for defect in DEFECTS.values()} == set(SYSTEMS)
    assert {defect.kind for defect in DEFECTS.values()} == set(KINDS)


@pytest.mark.parametrize("name", DEFECTS)
def test_every_seam_is_still_there(name):
    defect = DEFECTS[name]
    assert defect.meaning.endswith(".")
    with defect.planted() as consumer:
        assert consumer.name == defect.lane


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_bug_is_found_and_made_small(name):
    found = look_for(DEFECTS[name], campaign, seed=0, examples=EXAMPLES)
    assert found.example is not None
    assert mutations_needed(DEFECTS[name], found) <= 2


@pytest.mark.parametrize("lane", ["runtime", "runtime-auxiliary"])
def test_without_a_defect_there_is_nothing_to_find(lane):
    consumer = open_consumer(lane)
    tried = [trying(consumer) for trying in islice(campaign(0), 300)]
    consumer.close()
    assert [one.trial for one in tried if one.failed or one.trouble] == []
