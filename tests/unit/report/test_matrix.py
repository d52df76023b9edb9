"""The matrix: every consumer, every mark, nothing left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign.events import ConsumerReady, ConsumerUnusable, Mark, RunStarted, Verdict
from harness.report.matrix import Matrix
from tests.unit.report.runs import FAILED, HELD

SKIPPED = replace(HELD, id="c", scenario="stall/c", mark=Mark.SKIPPED, verdicts=(), reason="it takes 900 s")
BROKEN = replace(HELD, id="d", scenario="stall/c", mark=Mark.ERROR, verdicts=(), reason="Traceback\nValueError: ours")
TWO_TURNS = replace(
    FAILED,
    id="e",
    verdicts=(Verdict("content-kept", Mark.PASS, turn=0), Verdict("content-kept", Mark.FAIL, "lost", 1)),
)


@pytest.fixture
def made(tmp_path: Path) -> tuple[dict, str]:
    matrix = Matrix(tmp_path, "2026-01-02")
    matrix.handle(RunStarted("1.0", ("runtime", "gone"), ("terminal/a",), 5, {}))
    matrix.handle(ConsumerReady("runtime", "1.0", {"phases": False}))
    for case in (HELD, FAILED, SKIPPED, BROKEN, TWO_TURNS):
        matrix.handle(case)
    matrix.handle(ConsumerUnusable("gone", "it is not installed"))
    matrix.close()
    return json.loads((tmp_path / "matrix.json").read_text()), (tmp_path / "matrix.md").read_text()


def test_a_case_counts_once_an_invariant_by_its_worst_turn(made: tuple[dict, str]) -> None:
    runtime, gone = made[0]["consumers"]
    assert runtime["invariants"]["content-kept"] == {"fail": 2}
    assert runtime["invariants"]["typed-errors"] == {"pass": 2}
    assert runtime["scenarios"]["stall/c"] == {"error": 1, "skipped": 1}
    assert gone["error"] == "it is not installed"


def test_skips_troubles_and_promises_are_in_the_open(made: tuple[dict, str]) -> None:
    document, page = made
    runtime = document["consumers"][0]
    assert (runtime["skips"], runtime["troubles"]) == ({"it takes 900 s": 1}, {"ValueError: ours": 1})
    assert runtime["promises"] == {"phases": False}
    for words in (
        "✗ 2",
        "! 1",
        "it takes 900 s",
        "ValueError: ours",
        "phases false",
        "it is not installed",
        "2026-01-02",
    ):
        assert words in page
