"""``harness consumers``, as it is typed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.consumers import environments
from harness.consumers.environments import CACHE_VARIABLE, Environment
from tests.unit.consumers.installing import pretend


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))


def invoke(*arguments: str) -> Result:

    return CliRunner().invoke(cli, ["consumers", *arguments])


def test_list_shows_what_is_here_and_how_to_get_the_rest(tmp_path: Path) -> None:
    pretend(tmp_path, "openai", "2.24.0")
    result = invoke("list")
    assert result.exit_code == 0
    assert "in this process, 2.24.0" in result.output
    assert "not installed; harness consumers install hermes-agent" in result.output


def test_check_finds_the_runtime_well() -> None:
    result = invoke("check", "runtime")
    assert (result.exit_code, result.output.split()) == (0, ["runtime", "ok"])


def test_check_says_what_is_wrong_and_checks_on(tmp_path: Path) -> None:
    folder = pretend(tmp_path, "openai", "9.9")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    result = invoke("check", "openai-stream==9.9", "hermes-agent", "runtime")
    assert result.exit_code == 3
    lines = result.output.splitlines()
    assert "the driver of openai-stream==9.9 did not get ready" in lines[0]
    assert "harness consumers install hermes-agent" in result.output
    assert lines[-1].split() == ["runtime", "ok"]


def test_install_takes_the_name_of_a_consumer_or_of_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def install(spec: str, progress: object, recipe: object) -> Environment:
        asked.append(spec)
        return Environment(*environments.split(spec), Path("python"), left_out=("ghost==2",))

    monkeypatch.setattr(environments, "install", install)
    result = invoke("install", "openai==2.24.0", "openai-raw==2.24.0", "hermes-agent+call")
    assert result.exit_code == 0
    assert asked == ["openai==2.24.0", "openai==2.24.0", "hermes-agent"]
    assert "openai==2.24.0 is ready, without ghost==2" in result.output


@pytest.mark.parametrize("spec", ["nobody", "runtime"])
def test_what_cannot_be_installed_is_one_line(spec: str) -> None:
    result = invoke("install", spec)
    assert result.exit_code in {2, 3}
    assert len(result.output.strip().splitlines()) == 1
    assert spec in result.output
