"""The gate: new, known and stale; the file it reads and writes; and that it gives the same answer every time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.campaign.gate import UNTRIAGED, BaselineError, read, write
from harness.cli import cli
from harness.consumers import registry
from tests.unit.campaign.fuzz.planted import opened, swallower

BUDGET = ("--examples", "25", "--cassettes", "aimock/*")


def gate(*words, consumer="swallower"):
    result = CliRunner().invoke(cli, ["gate", "--baseline", "known.yaml", "--consumer", consumer, *BUDGET, *words])
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def baseline(folder):
    """A baseline of all that is found."""
    assert gate("--update").exit_code == 0
    return folder / "known.yaml"


def test_what_is_not_listed_closes_it_and_can_be_replayed(folder):
    (folder / "known.yaml").write_text("baseline: 1\nknown: []\n")
    result = gate()
    assert result.exit_code == 1
    line = next(line for line in result.output.splitlines() if line.startswith("Reproduce with: "))
    again = CliRunner().invoke(cli, line.split()[3:])
    assert again.exit_code == 1
    assert again.output.count("FAIL") >= 1


def test_an_update_lists_all_that_was_found_and_leaves_it_open(baseline):
    entries = read(baseline)
    assert entries
    assert {entry.reason for entry in entries} == {UNTRIAGED}
    assert {entry.consumer for entry in entries} == {"swallower"}
    result = gate()
    assert result.exit_code == 0
    assert f"{len(entries)} known findings, 0 new, 0 stale" in result.output


def test_what_is_listed_and_gone_closes_it_and_is_named(baseline, monkeypatch):
    entries = read(baseline)
    monkeypatch.setattr(
        registry, "open_consumer", lambda name: opened("runtime") if name == "swallower" else swallower()
    )
    monkeypatch.setattr(type(opened("runtime")), "name", "swallower")
    result = gate()
    assert result.exit_code == 1
    assert f"STALE {entries[0].id}" in result.output
    assert "/known/0" in result.output


def test_an_update_keeps_reasons_and_drops_what_is_stale(baseline):
    text = baseline.read_text().replace(UNTRIAGED, "we know", 1).replace("link: null", "link: https://x.test/1", 1)
    gone = "- id: aaaaaaaaaaaa\n  consumer: swallower\n  invariant: status-true\n  reason: gone\n  date: '2026-01-01'\n  cassette: aimock/greeting\n"
    other = gone.replace("aaaaaaaaaaaa", "bbbbbbbbbbbb").replace("swallower", "another")
    baseline.write_text(text + gone + other)
    assert gate().exit_code == 1
    assert gate("--update").exit_code == 0
    entries = {entry.id: entry for entry in read(baseline)}
    assert "aaaaaaaaaaaa" not in entries
    assert "bbbbbbbbbbbb" in entries, "another program's entries are none of this pass's business"
    assert [(entry.reason, entry.link) for entry in entries.values() if entry.reason == "we know"] == [
        ("we know", "https://x.test/1")
    ]


def test_what_was_found_on_other_cassettes_is_not_asked_for(baseline):
    entry = "- id: aaaaaaaaaaaa\n  consumer: swallower\n  invariant: status-true\n  reason: gone\n  date: '2026-01-01'\n  cassette: openai/text\n"
    baseline.write_text(baseline.read_text() + entry)
    assert gate().exit_code == 0
    assert gate("--update").exit_code == 0
    assert any(entry.id == "aaaaaaaaaaaa" for entry in read(baseline))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("baseline: 2\nknown: []\n", "known.yaml:1 at /baseline: 2 must be 1"),
        ("baseline: 1\nknown:\n- id: aaaaaaaaaaaa\n", "known.yaml:3 at /known/0: consumer, invariant"),
        ("baseline: 1\nknown: [{id: x}]\n", "known.yaml:2"),
    ],
)
def test_a_broken_baseline_is_explained(folder, text, words):
    (folder / "known.yaml").write_text(text)
    result = gate()
    assert result.exit_code == 2
    assert words in result.output


def test_a_plan_that_means_nothing_is_named(baseline):
    baseline.write_text(baseline.read_text().replace("  plan:\n", "  plan:\n  - no-such: {}\n", 1))
    with pytest.raises(BaselineError, match="there is no operator 'no-such'"):
        read(baseline)


def test_an_entry_listed_twice(baseline):
    text = baseline.read_text()
    first = text.index("- id")
    baseline.write_text(text + text[first:])
    with pytest.raises(BaselineError, match="is listed twice"):
        read(baseline)


def test_a_missing_baseline_is_usage(folder):
    assert gate().exit_code == 2


def test_what_is_written_is_read_back(baseline):
    entries = read(baseline)
    write(baseline, reversed(entries))
    assert read(baseline) == entries


def test_two_passes_in_two_processes_give_the_same_answer(folder):
    """Nothing depends on hashing, on the clock or on what an earlier pass has left."""
    code = (
        "from harness.consumers import registry\nfrom tests.unit.campaign.fuzz.planted import opened\n"
        "registry.open_consumer = opened\nfrom harness.cli import main\nmain()\n"
    )
    told = []
    for hash_seed in ("1", "2"):
        command = [
            sys.executable,
            "-c",
            code,
            "gate",
            "--baseline",
            f"{hash_seed}.yaml",
            "--consumer",
            "swallower",
            *BUDGET,
            "--update",
        ]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[4])}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        told.append((done.stdout.replace(f"{hash_seed}.yaml", ""), (folder / f"{hash_seed}.yaml").read_text()))
    assert told[0] == told[1]
    assert "id:" in told[0][1]
