"""``harness fuzz`` as it is typed, and what becomes of what it found: also when it is stopped half-way."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.campaign.findings import Store
from harness.cli import cli
from harness.consumers import registry

FUZZ = ("fuzz", "--consumer", "swallower", "--seed", "3", "--layers", "connection", "--cassettes", "aimock/*")
SCRIPT = (
    "from harness.consumers import registry\nfrom tests.unit.campaign.fuzz.planted import opened\n"
    "registry.open_consumer = opened\nfrom harness.cli import main\nmain()\n"
)


def invoke(*words):
    result = CliRunner().invoke(cli, words)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def found(folder):
    """A folder in which a campaign has found something."""
    result = invoke(*FUZZ, "--max-examples", "20")
    assert result.exit_code == 1
    return result


def test_every_failure_ends_with_a_command_that_reproduces_it(found):
    commands = [line for line in found.output.splitlines() if line.startswith("Reproduce with: ")]
    assert len(commands) == len(Store().ids()) >= 2
    for line in commands[:3]:
        result = invoke(*line.split()[3:])
        assert result.exit_code == 1
        id = line.split()[-1]
        assert Store().load(id).verdict.invariant in result.output


def test_events_are_written(found, folder):
    lines = (folder / "reports" / "latest" / "fuzz.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["event"] for line in lines]
    assert kinds[0] == "fuzz-started"
    assert kinds[-1] == "fuzz-finished"
    assert {"finding-found", "finding-shrunk"} <= set(kinds)


def test_findings_are_listed_and_shown(found):
    listed = invoke("findings", "list")
    (id, *_) = Store().ids()
    assert id in listed.output
    shown = invoke("findings", "show", id[:8])
    assert f"Reproduce with: harness replay {id}" in shown.output
    assert "attempt 1" in shown.output


def test_replaying_all_drops_what_is_fixed_and_says_so(found, monkeypatch):
    before = Store().ids()
    assert invoke("replay", "--all").exit_code == 1
    assert Store().ids() == before
    fixed = invoke("replay", "--all", "--consumer", "runtime")
    assert "fixed, dropped" in fixed.output
    assert len(Store().ids()) < len(before)


def test_replaying_all_keeps_what_cannot_be_judged(found, monkeypatch):
    from harness.consumers.base import ConsumerError

    def gone(name):
        raise ConsumerError("it is not installed")

    before = Store().ids()
    monkeypatch.setattr(registry, "open_consumer", gone)
    result = invoke("replay", "--all")
    assert result.exit_code == 3
    assert "it is not installed" in result.output
    assert Store().ids() == before


def test_nothing_found_holds(folder):
    result = invoke("fuzz", "--layers", "chunk", "--max-examples", "10", "--cassettes", "aimock/*")
    assert result.exit_code == 0
    assert "0 findings" in result.output
    assert invoke("findings", "list").output.startswith("There are no findings")
    assert invoke("replay", "--all").exit_code == 5


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("fuzz", "--max-time", "soon"), 2, "write 60s, 10m or 2h"),
        (("fuzz", "--layers", "chunk,nope"), 2, "there is no layer 'nope'"),
        (("fuzz", "--cassettes", "nope/*"), 2, "selects no cassette"),
        (("fuzz", "--library", "nowhere"), 2, "there is no cassettes folder"),
        (("replay", "0123456789ab"), 2, "no findings begin with"),
        (("replay",), 2, "--all"),
        (("replay", "x@y", "--all"), 2, "--all"),
    ],
)
def test_mistakes_are_explained(folder, words, code, said):
    result = invoke(*words)
    assert result.exit_code == code
    assert said in result.output


def start(folder, *words):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4]), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", SCRIPT, *FUZZ, *words]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)


def await_finding(process):
    for line in process.stdout:
        if line.startswith("found "):
            return line.split()[1]
    raise AssertionError(f"it ended with {process.wait()} and found nothing")


def test_an_interrupt_ends_it_with_a_report(folder):
    process = start(folder, "--max-time", "5m")
    id = await_finding(process)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=600)
    assert process.returncode == 1
    assert f"Reproduce with: harness replay {id}" in rest
    assert "interrupted" in rest
    assert invoke("replay", id).exit_code == 1


def test_what_was_found_survives_a_kill_and_the_next_campaign_begins_with_it(folder):
    process = start(folder, "--max-time", "5m")
    id = await_finding(process)
    process.kill()
    process.communicate(timeout=600)
    assert id in Store(folder / ".harness" / "findings")
    assert invoke("replay", id).exit_code == 1
    again = invoke(*FUZZ[:3], "--cassettes", "aimock/*", "--seed", "99", "--layers", "chunk", "--max-examples", "1")
    assert f"Reproduce with: harness replay {id}" in again.output


def test_many_processes_find_what_one_finds(folder):
    alone = start(folder, "--max-examples", "40").communicate(timeout=600)[0]
    shutil.rmtree(folder / ".harness")
    together = start(folder, "--max-examples", "40", "--jobs", "2").communicate(timeout=600)[0]
    assert told(alone) == told(together) != []


def told(report):
    return [line for line in report.splitlines() if line.startswith("Reproduce with: ")]
