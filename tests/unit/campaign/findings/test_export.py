"""What is exported works without the store: the test on the user's own code, the scenario in ``harness run``."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from harness.campaign.findings import Store
from harness.campaign.scenario import load_scenario
from harness.cli import cli
from tests.unit.campaign.findings.making import finding

NAIVE = """
import json, httpx
def ask(client):
    text = ""
    with client.stream("POST", "{base}/responses", json={{"input": "hello", "stream": True}}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                text += json.loads(line[5:]).get("delta", "") if "output_text.delta" in line else ""
    return text
"""
CAREFUL = """
import json, httpx
def ask(client):
    text, whole = "", False
    with client.stream("POST", "{base}/responses", json={{"input": "hello", "stream": True}}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                text += json.loads(line[5:]).get("delta", "") if "output_text.delta" in line else ""
                whole = whole or "response.completed" in line
    if not whole:
        raise ValueError("the stream broke off")
    return text
"""
WAYS = {
    "base_url": "import httpx, mine\n    return mine.ask(httpx.Client(base_url=served.base_url))",
    "transport": "import httpx, mine\n    return mine.ask(httpx.Client(base_url='http://x/v1', transport=served.transport(httpx)))",
}


@pytest.fixture
def exported(folder):
    """Where an exported test lies, and a function that runs it on code of the user's."""
    kept = finding()
    Store().write(kept)
    result = CliRunner().invoke(cli, ["findings", "export", kept.id[:6], "--pytest", "--out", "mine"])
    assert result.exit_code == 0, result.output
    path = folder / "mine" / f"test_finding_{kept.id}.py"

    def run(code, way):
        text = path.read_text()
        text = text.replace('pytest.fail("put the call of your own code here")', WAYS[way])
        text = text.replace("[str, ...] = ()", '[str, ...] = ("ValueError",)')
        path.write_text(text)
        (folder / "mine" / "mine.py").write_text(code.format(base=""))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
        return subprocess.run(command, cwd=folder / "mine", capture_output=True, text=True, timeout=600)

    return run


@pytest.mark.parametrize("way", list(WAYS))
def test_code_with_the_bug_fails_the_test_and_code_without_it_passes(exported, way):
    bad = exported(NAIVE, way)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "no-silent-truncation" in bad.stdout
    good = exported(CAREFUL, way)
    assert good.returncode == 0, good.stdout + good.stderr


def test_a_test_that_calls_nothing_yet_says_so(folder):
    kept = finding()
    Store().write(kept)
    CliRunner().invoke(cli, ["findings", "export", kept.id, "--pytest", "--out", "mine"])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "mine"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1
    assert "put the call of your own code here" in done.stdout


def test_the_scenario_drops_in_and_runs(folder):
    kept = finding()
    Store().write(kept)
    result = CliRunner().invoke(cli, ["findings", "export", kept.id, "--scenario"])
    assert result.output.split() == [f"scenarios/found/{kept.id}.yaml"]
    scenario = load_scenario(folder / "scenarios" / "found" / f"{kept.id}.yaml", "x")
    assert scenario.plan == kept.plan
    ran = CliRunner().invoke(cli, ["run", f"found/{kept.id}", "--consumer", "swallower"])
    assert ran.exit_code == 1
    assert "no-silent-truncation" in ran.output
    assert CliRunner().invoke(cli, ["run", f"found/{kept.id}", "--consumer", "runtime"]).exit_code == 0


def test_a_cassette_that_the_library_lacks_goes_along(folder):
    import shutil

    shutil.rmtree(folder / "cassettes" / "aimock")
    kept = finding()
    Store().write(kept)
    CliRunner().invoke(cli, ["findings", "export", kept.id, "--scenario"])
    assert CliRunner().invoke(cli, ["run", f"found/{kept.id}", "--consumer", "swallower"]).exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"), [(["abc", "--pytest"], "no findings begin with 'abc'"), ([], "Missing argument")]
)
def test_mistakes_are_explained(folder, words, said):
    result = CliRunner().invoke(cli, ["findings", "export", *words])
    assert result.exit_code == 2
    assert said in result.output


def test_a_form_must_be_named(folder):
    kept = finding()
    Store().write(kept)
    assert "--pytest or --scenario" in CliRunner().invoke(cli, ["findings", "export", kept.id]).output


def test_a_test_that_is_there_already_is_kept_unless_it_is_to_be_replaced(folder):
    kept = finding()
    Store().write(kept)
    export = ["findings", "export", kept.id, "--pytest", "--scenario", "--out", "mine"]
    assert CliRunner().invoke(cli, export).exit_code == 0
    path = folder / "mine" / f"test_finding_{kept.id}.py"
    path.write_text("mine")
    assert (folder / "mine" / "found" / f"{kept.id}.yaml").is_file()
    again = CliRunner().invoke(cli, export)
    assert (again.exit_code, path.read_text()) == (2, "mine")
    assert "is there already" in again.output
    assert CliRunner().invoke(cli, [*export, "--replace"]).exit_code == 0
    assert "def ask" in path.read_text()
