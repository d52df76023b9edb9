"""The matrix: every consumer, every mark, nothing left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign.events import (
    ConsumerReady,
    ConsumerUnusable,
    FindingFound,
    FindingView,
    FuzzStarted,
    Mark,
    RunStarted,
    Verdict,
)
from harness.campaign.naming import fault_id
from harness.report.matrix import Matrix
from tests.unit.report.runs import EXPECTED, FAILED, FAILED_TOO, HELD

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
    gone, runtime = made[0]["consumers"]
    assert runtime["invariants"]["content-kept"] == {"fail": 2}
    assert runtime["invariants"]["typed-errors"] == {"pass": 2}
    assert runtime["scenarios"]["stall/c"] == {"error": 1, "skipped": 1}
    assert gone["error"] == "it is not installed"


def test_skips_troubles_and_promises_are_in_the_open(made: tuple[dict, str]) -> None:
    document, page = made
    runtime = document["consumers"][1]
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


def made_of(folder: Path, consumer: str, *events: object) -> dict[str, dict]:
    matrix = Matrix(folder, "2026-01-02")
    matrix.handle(RunStarted("1.0", (consumer,), ("terminal/a",), 5, {}))
    matrix.handle(ConsumerReady(consumer, "1.0"))
    for event in events:
        matrix.handle(event)  # type: ignore[arg-type]
    matrix.close()
    return {row["name"]: row for row in json.loads((folder / "matrix.json").read_text())["consumers"]}


def test_a_finding_has_one_id_whether_scenarios_or_a_campaign_show_it(tmp_path: Path) -> None:
    id = fault_id("runtime==9", "content-kept", "all text lost")
    drawn = FindingView(
        id, "runtime", "1.0", "content-kept", "all text lost", "lost", "demo/text", "- drop: {}", 1, 7, True, "again"
    )
    fuzz = FuzzStarted("1.0", "runtime", "1.0", 1, 5, 100, None)
    also = replace(FAILED_TOO, expectations=EXPECTED.expectations)
    row = made_of(tmp_path, "runtime", FAILED, also, EXPECTED, fuzz, FindingFound(drawn))["runtime"]
    text, expected = row["findings"]
    assert (text["id"], text["scenarios"]) == (id, ["terminal/b"])
    assert text["reproduce"] == FAILED.reproduce
    assert text["campaign"] == {"cassette": "demo/text", "plan": "- drop: {}"}
    assert (expected["invariant"], expected["scenarios"]) == ("expect.calls", ["http/e"])


def test_who_is_not_run_again_keeps_the_row(tmp_path: Path) -> None:
    made_of(tmp_path, "one", replace(FAILED, consumer="one"))
    rows = made_of(tmp_path, "other", replace(HELD, consumer="other"))
    assert list(rows) == ["one", "other"]
    assert rows["one"]["scenarios"] == {"terminal/b": {"fail": 1}}
    assert "✗ 1" in (tmp_path / "matrix.md").read_text()
    assert made_of(tmp_path, "one", replace(HELD, consumer="one"))["one"]["scenarios"] == {"terminal/a": {"pass": 1}}
