"""The command line: what is typed, what is said, which code comes back. Never a traceback."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.campaign.library import Library
from harness.campaign.run import DEFAULT_CONSUMER
from harness.cassette import save
from harness.cli import cli
from harness.consumers import registry
from harness.consumers.base import ConsumerError
from tests.unit.campaign.fakes import CLAIMS, RAISES, Fake, cassette, write_scenario

NOTHING = "summary: Nothing is sent.\nwhy: It happened.\ncassette: demo/text\nplan:\n  - unanswered: {}\n"
HTML = "summary: A page.\nwhy: b\ncassette: demo/text\nplan: [{answer: {status: 502, body: a, content_type: null}}]\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(cassette(), tmp_path / "cassettes")
    write_scenario(tmp_path / "scenarios", "a/one", NOTHING)
    return tmp_path


@pytest.fixture
def consumers(monkeypatch):
    """Consumers by name, in place of the known ones."""
    known = {DEFAULT_CONSUMER: Fake(RAISES)}

    def opened(name):
        if name not in known:
            raise ConsumerError(f"there is no consumer {name!r}")
        return known[name]

    monkeypatch.setattr(registry, "open_consumer", opened)
    return known


def invoke(*words):
    result = CliRunner().invoke(cli, words)
    assert "Traceback" not in result.output
    return result


def test_all_holds(folder, consumers):
    result = invoke("run")
    assert result.exit_code == 0
    assert "1 cases" in result.output
    assert "1 held" in result.output
    latest = folder / "reports" / "latest"
    assert {path.name for path in latest.iterdir()} >= {"run.jsonl", "report.json", "report.md"}


def test_a_finding_and_its_reproduction(folder, consumers):
    consumers["fake"] = Fake(CLAIMS)
    result = invoke("run", "a/one", "--consumer", "fake", "--json", "out/r.json", "--junit", "out/r.xml")
    assert result.exit_code == 1
    assert "Reproduce with: harness replay a/one@demo/text --consumer fake" in result.output
    assert json.loads(Path("out/r.json").read_text())["cases"][0]["mark"] == "fail"
    assert "<failure" in Path("out/r.xml").read_text()

    again = invoke("replay", "a/one@demo/text", "--consumer", "fake")
    assert again.exit_code == 1
    assert invoke("replay", "a/one@demo/text").exit_code == 0


def test_what_is_pasted_reproduces_with_folders_elsewhere(folder, consumers):
    consumers["fake"] = Fake(CLAIMS)
    (folder / "scenarios").rename(folder / "my scenarios")
    result = invoke("run", "--consumer", "fake", "--scenarios", "my scenarios")
    line = next(line for line in result.output.splitlines() if line.startswith("Reproduce with: "))
    assert line.endswith("harness replay a/one@demo/text --consumer fake --scenarios 'my scenarios'")
    again = invoke(*shlex.split(line.removeprefix("Reproduce with: harness")))
    assert again.exit_code == 1


def test_an_interrupt_before_anything_ran(folder, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "scenarios", interrupted)
    assert invoke("run").exit_code == 130


def test_a_broken_driver_counts_more_than_findings(folder, consumers):
    def act(exchange):
        raise ConsumerError("the driver is gone")

    consumers |= {"bad": Fake(CLAIMS), "gone": Fake(act)}
    result = invoke("run", "--consumer", "bad", "--consumer", "gone")
    assert result.exit_code == 3
    assert "the driver is gone" in result.output


def test_a_consumer_that_cannot_be_started(folder, consumers):
    result = invoke("run", "--consumer", "ghost")
    assert result.exit_code == 3
    assert "ghost could not be started: there is no consumer 'ghost'" in result.output


def test_a_plan_that_matches_nothing_is_an_error(folder, consumers):
    write_scenario(folder / "scenarios", "a/two", NOTHING.replace("unanswered: {}", "drop: {at: nope}"))
    result = invoke("run", "a/two")
    assert result.exit_code == 3
    assert "matched nothing: no frame matches type nope" in result.output


def test_nothing_to_run(folder, consumers):
    (folder / "scenarios/a/one.yaml").unlink()
    result = invoke("run")
    assert (result.exit_code, result.output) == (5, "Error: no case was selected, so nothing ran\n")


def test_nothing_that_a_consumer_is_asked(folder, consumers):
    from harness.contract import Capabilities

    consumers["bare"] = Fake(capabilities=Capabilities(items=False))
    write_scenario(folder / "scenarios", "a/one", NOTHING + "consumer: {needs: [items]}\n")
    result = invoke("run", "--consumer", "bare")
    assert result.exit_code == 5
    assert "1 skipped" in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nope"], "'nope' is no scenario, file, folder or glob"),
        (["run", "--scenarios", "nowhere"], "there is no scenarios folder 'nowhere'"),
        (["run", "--cassettes", "nowhere"], "there is no cassettes folder 'nowhere'"),
        (["replay", "a/one"], "'a/one' is no case id"),
        (["replay", "a/one@demo/nope"], "there is no cassette 'demo/nope'"),
        (["run", "broken"], "scenarios/broken.yaml:1 at /: why, cassette is missing"),
        (["run", "elsewhere"], "'demo/nope' selects no cassette"),
        (["scenarios", "list", "broken"], "broken.yaml:1"),
        (["mutations", "show", "nope"], "there is no operator 'nope'"),
        (["serve", "demo/nope"], "there is no cassette 'demo/nope'"),
        (["serve", "demo/text", "--plan", "gone.yaml"], "gone.yaml: cannot be read"),
        (["serve", "demo/text", "--plan", "plan.yaml"], "plan.yaml:2 at /1: there is no operator 'nope'"),
        (["serve", "demo/text", "--plan", "miss.yaml"], "miss.yaml:1 at /0: mutation 1 of the plan (drop) matched"),
        (["run", "--json", "plan.yaml/r.json"], "cannot write"),
        (["nope"], "No such command 'nope'"),
        (["run", "--nope"], "No such option"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_clear_line(folder, consumers, words, said):
    write_scenario(folder / "scenarios", "broken", "summary: a\n")
    write_scenario(folder / "scenarios", "elsewhere", NOTHING.replace("demo/text", "demo/nope"))
    if "broken" not in words:
        (folder / "scenarios/broken.yaml").unlink()
    if "elsewhere" not in words:
        (folder / "scenarios/elsewhere.yaml").unlink()
    (folder / "plan.yaml").write_text("- bom: {}\n- nope: {}\n")
    (folder / "miss.yaml").write_text("- drop: {at: nope}\n")
    result = invoke(*words)
    assert result.exit_code == 2
    assert said in result.output
    assert len([line for line in result.output.splitlines() if line.startswith("Error")]) == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: next(path.glob("*.sse")).unlink(), "cannot be read"),
        (lambda path: (path / "cassette.yaml").write_text("cassette: 99\n"), "format version 99 is not known"),
        (lambda path: (path / "cassette.yaml").write_text("{"), "is not YAML"),
    ],
)
def test_a_broken_cassette_is_one_clear_line(folder, consumers, spoil, said):
    spoil(folder / "cassettes/demo/text")
    result = invoke("run")
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.splitlines()) == 1


def test_a_bug_of_ours_ends_with_how_to_report_it(folder, monkeypatch):
    def broken(name):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(registry, "open_consumer", broken)
    result = invoke("run")
    assert result.exit_code == 3
    assert "a bug of stream-harness" in result.output
    report = Path(result.output.rsplit(" ", 1)[1].strip())
    assert "ZeroDivisionError: oh" in report.read_text()
    report.unlink()


def test_the_same_consumer_twice_runs_once(folder, consumers):
    assert "1 cases" in invoke("run", "--consumer", "runtime", "--consumer", "runtime").output


def test_lists(folder, consumers):
    assert invoke("scenarios", "list").output.startswith("a/one")
    listed = invoke("mutations", "list").output
    assert "patch" in listed
    shown = invoke("mutations", "show", "patch").output
    assert "RFC 6902" in shown
    assert "In a plan:" in shown


def test_help_names_every_command():
    result = invoke("--help")
    for name in ("run", "replay", "scenarios", "mutations", "serve", "cassettes", "consumers"):
        assert f"  {name}" in result.output


def test_other_rooms_commands_are_mounted():
    assert "lint" in invoke("cassettes", "--help").output
    assert "check" in invoke("consumers", "--help").output


def harness(*words, **more):
    return subprocess.run([sys.executable, "-m", "harness", *words], capture_output=True, text=True, timeout=60, **more)


def test_asking_for_help_imports_nothing_heavy():
    code = "import sys; from harness.cli import cli; cli(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"rich", "httpx", "yaml", "jsonschema", "hypothesis", "openai", "orjson", "harness.judge"}


def test_a_real_run_of_the_real_consumer(folder):
    write_scenario(folder / "scenarios", "a/two", HTML)
    done = harness("run", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 cases" in done.stdout


def test_an_output_that_can_hold_no_unicode(folder):
    write_scenario(folder / "scenarios", "a/one", HTML.replace("A page.", "Grüße…") + "expect: {requests: 9}\n")
    done = harness("run", cwd=folder, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (1, "")
    assert "Gr\\xfc\\xdfe" in done.stdout
    assert "Reproduce with: harness replay a/one@demo/text" in done.stdout


@pytest.mark.realtime
def test_an_interrupted_run_tells_what_it_found(folder):
    for number in range(2_000):
        write_scenario(folder / "scenarios", f"a/{number:04}", HTML)
    command = [sys.executable, "-m", "harness", "run"]
    run = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = folder / "reports/latest/run.jsonl"
    try:
        while run.poll() is None and not (lines.exists() and lines.read_text().count("case-finished") > 2):
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    finally:
        run.kill()
    assert (run.returncode, err) == (130, "")
    assert "Interrupted:" in out
    events = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [event["event"] for event in events[-2:]] == ["interrupted", "run-finished"]
    assert events[-1]["cases"] + events[-2]["left"] == 2_001


def test_serving_until_interrupted(folder):
    (folder / "plan.yaml").write_text("- patch: {at: terminal, edit: [{op: add, path: /response/output, value: 3}]}\n")
    command = [sys.executable, "-m", "harness", "serve", "demo/text", "--plan", "plan.yaml"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        base_url = server.stdout.readline().split()[1]
        assert f"curl -N {base_url}/responses" in server.stdout.readline()
        for words in (b"hello", b"something else"):
            request = urllib.request.Request(f"{base_url}/responses", b'{"input": "%s"}' % words)
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert b'"output":3' in answer.read()
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=20)
    finally:
        server.kill()
    assert (server.returncode, err) == (0, "")
    assert "POST /v1/responses  turn 1, attempt 1:" in out
    assert "POST /v1/responses  turn 2, attempt 1:" in out


NULL = "- patch: {at: response.completed, edit: [{op: replace, path: /response/output, value: null}]}\n"


def test_a_lone_plan_is_run_and_reproduced(folder, consumers):
    (folder / "null.yaml").write_text(NULL)
    result = invoke("run", "--plan", "null.yaml")
    assert "null.yaml: applies to 1 of 1 cassettes\n" in result.output
    report = json.loads((folder / "reports/latest/report.json").read_text())
    (case,) = report["cases"]
    assert case["id"] == "plan:null.yaml@demo/text"
    assert shlex.split(case["reproduce"])[:3] == ["harness", "replay", case["id"]]
    again = invoke("replay", case["id"])
    assert again.exit_code == result.exit_code
    assert json.loads((folder / "reports/latest/report.json").read_text())["cases"][0]["id"] == case["id"]


def test_a_plan_that_matches_nowhere_runs_nothing_and_says_so(folder, consumers):
    (folder / "gone.yaml").write_text(NULL.replace("completed", "incomplete"))
    result = invoke("run", "--plan", "gone.yaml")
    assert result.exit_code == 5
    assert (
        "gone.yaml: applies to 0 of 1 cassettes\nIt matches nothing in 1, which are not run: demo/text\n"
        in result.output
    )


def test_globs_without_a_plan_are_usage(folder, consumers):
    assert invoke("run", "--cassette", "demo/*").exit_code == 2
