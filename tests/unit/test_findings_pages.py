"""Every failing cell of the published matrix is explained by a page, and no page explains what does not fail.

A page is ``reports/published/findings/<id>.md``: a front matter of the keys below, then prose with a command that shows it. It explains one cause of one
consumer: its own finding, and those ``also`` that the same line of code makes (other rules it breaks, other lanes into
the same program), in the scenarios that it names. What only a campaign shows has no scenario to be named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.campaign.naming import base_name, fault_id

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"
PAGES = sorted((PUBLISHED / "findings").glob("*.md"))

REQUIRED = {"id", "consumer", "release", "invariant", "cause", "scenarios", "known_upstream"}
OPTIONAL = {"also", "date"}
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One finding of one release in one scenario; an empty scenario stands for the campaign."""

    consumer: str
    release: str
    id: str
    scenario: str
    says: str


def cells_of(matrix: Json) -> Iterator[Cell]:
    for row in matrix["consumers"]:
        for finding in row["findings"]:
            says = f"{row['name']} {finding['invariant']}: {finding['cause']}"
            for scenario in finding["scenarios"] or [""]:
                yield Cell(base_name(row["name"]), row["version"], finding["id"], scenario, says)


def front_of(text: str) -> Json:
    opening, front, _ = text.split("---\n", 2)
    assert not opening, "a page begins with its front matter"
    return dict(yaml.safe_load(front))


def ids_of(page: Json) -> list[str]:
    return [page["id"], *page.get("also", ())]


def releases_of(page: Json) -> list[str]:
    stated = page["release"]
    return [str(entry) for entry in stated] if isinstance(stated, list) else [str(stated)]


def explains(page: Json, cell: Cell) -> bool:
    if cell.id not in ids_of(page) or cell.release not in releases_of(page):
        return False
    return not cell.scenario or any(fnmatchcase(cell.scenario, glob) for glob in page["scenarios"])


def unexplained(matrix: Json, pages: list[Json]) -> list[Cell]:
    return [cell for cell in cells_of(matrix) if not any(explains(page, cell) for page in pages)]


def stale(matrix: Json, page: Json) -> list[str]:
    """What a page speaks of that does not fail: ids, releases and scenarios."""
    cells = [cell for cell in cells_of(matrix) if cell.id in ids_of(page) and cell.release in releases_of(page)]
    ids = {cell.id for cell in cells if explains(page, cell)}
    found = [id for id in ids_of(page) if id not in ids]
    found += [release for release in releases_of(page) if all(cell.release != release for cell in cells)]
    return found + [glob for glob in page["scenarios"] if not any(fnmatchcase(cell.scenario, glob) for cell in cells)]


@pytest.fixture(scope="module")
def matrix() -> Json:
    return dict(json.loads((PUBLISHED / "matrix.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def pages() -> list[Json]:
    return [front_of(path.read_text("utf-8")) for path in PAGES]


def test_every_failing_cell_is_explained(matrix: Json, pages: list[Json]) -> None:
    assert [f"{cell.id} {cell.scenario or 'campaign'}: {cell.says}" for cell in unexplained(matrix, pages)] == []


def test_no_cell_is_in_error(matrix: Json) -> None:
    assert [row["name"] for row in matrix["consumers"] if row["error"] or row["troubles"]] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_in_form_and_explains_only_what_fails(path: Path, matrix: Json) -> None:
    text = path.read_text("utf-8")
    page = front_of(text)
    assert set(page) <= REQUIRED | OPTIONAL
    assert set(page) >= REQUIRED
    assert path.stem == page["id"] == fault_id(page["consumer"], page["invariant"], page["cause"])
    assert "\n# " in text
    assert "`harness run " in text or "`harness replay " in text
    assert stale(matrix, page) == []


FINDING = {"id": "a", "invariant": "typed-errors", "cause": "TypeError", "scenarios": ["terminal/null", "shape/null"]}
MADE = {
    "consumers": [{"name": "one==1", "version": "1", "findings": [FINDING, {**FINDING, "id": "b", "scenarios": []}]}]
}
PAGE = {"id": "a", "also": ["b"], "release": 1, "scenarios": ["terminal/*", "shape/null"]}


def test_the_check_sees_what_is_missing_and_what_is_stale() -> None:
    assert unexplained(MADE, [PAGE]) == []
    assert [cell.scenario for cell in unexplained(MADE, [{**PAGE, "scenarios": ["terminal/*"]}])] == ["shape/null"]
    assert [cell.id for cell in unexplained(MADE, [{**PAGE, "also": []}])] == ["b"]
    assert len(unexplained(MADE, [{**PAGE, "release": "2"}])) == 3
    assert stale(MADE, PAGE) == []
    assert stale(MADE, {**PAGE, "also": ["b", "c"], "release": ["1", "2"], "scenarios": ["*", "http/*"]}) == [
        "c", "2", "http/*",
    ]  # fmt: skip
