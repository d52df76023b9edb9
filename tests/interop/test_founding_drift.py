"""One stream with a null in it is enough: the change is found, made in the whole library, and tells old from new.

The release that went down must fail on every cassette it could read before, and the cured one must hold on each of
those that it holds on untouched.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.consumers import environments
from harness.wire import decode, encode

pytestmark = [pytest.mark.interop, pytest.mark.slow]

LIBRARY = Path(__file__).parents[2] / "cassettes"
BEFORE, AFTER = "hermes-agent==0.14.0", "hermes-agent==0.19.0"
LIMIT_S = 120


def harness(place: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, words)]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=10 * LIMIT_S, check=False)


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> Path:
    """Made by ``harness drift`` of the baseline and one stream of the day after, itself written without the harness's
    operators."""
    place = tmp_path_factory.mktemp("founding")
    body = b""
    for frame in decode((LIBRARY / "codex" / "text" / "1.sse").read_bytes())[0]:
        payload = json.loads(frame.data or "")
        if payload["type"] == "response.completed":
            payload["response"]["output"] = None
        body += encode(json.dumps(payload), event=frame.event)
    (place / "today.sse").write_bytes(body)
    result = harness(place, "drift", LIBRARY / "codex", "today.sse", "--write-plans", "plans")
    assert result.returncode == 1, result.stderr
    (path,) = (place / "plans").iterdir()
    return path


@pytest.fixture(scope="module")
def marks(plan) -> tuple[dict[tuple[str, str, str], str], float]:
    """Marks by consumer, plan and cassette, of one command that runs everything; and its seconds."""
    for spec in (BEFORE, AFTER):
        environments.install(spec)
    place = plan.parent.parent
    clean = place / "clean.yaml"
    clean.write_text("[]\n")
    words = ["--plan", plan, "--plan", clean, "--consumer", BEFORE, "--consumer", AFTER]
    started = time.monotonic()
    result = harness(place, "run", *words, "--cassettes", LIBRARY, "--json", "run.json")
    took_s = time.monotonic() - started
    assert result.returncode == 1, result.stderr
    cases = json.loads((place / "run.json").read_text())["cases"]
    found = {(case["consumer"], Path(case["scenario"]).stem, case["cassette"]): case["mark"] for case in cases}
    return found, took_s


def held(marks: dict[tuple[str, str, str], str], consumer: str, plan: str) -> set[str]:
    return {cassette for (who, what, cassette), mark in marks.items() if (who, what, mark) == (consumer, plan, "pass")}


def test_the_outage_comes_back_on_the_whole_library(marks, plan):
    found, took_s = marks
    changed = {cassette for _, what, cassette in found if what == plan.stem}
    readable = held(found, BEFORE, "clean") & changed
    assert len(readable) >= 50
    assert not held(found, BEFORE, plan.stem)
    assert took_s < LIMIT_S


def test_the_cure_holds_wherever_it_held_before(marks, plan):
    found, _ = marks
    changed = {cassette for _, what, cassette in found if what == plan.stem}
    readable = held(found, AFTER, "clean") & changed
    assert len(readable) >= 50
    assert readable == held(found, AFTER, plan.stem)


def test_each_failure_is_reproduced_by_the_command_it_prints(plan, marks):
    id = f"plan:{plan}@codex/text"
    assert harness(plan.parent, "replay", id, "--consumer", BEFORE, "--cassettes", LIBRARY).returncode == 1
    assert harness(plan.parent, "replay", id, "--consumer", AFTER, "--cassettes", LIBRARY).returncode == 0
