"""Installing: whole or not at all, once, side by side; what runs pip is replaced, the rest is real."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.consumers import environments, tools
from harness.consumers.base import ConsumerError, UnknownConsumer
from harness.consumers.environments import CACHE_VARIABLE
from tests.unit.consumers.installing import pretend

NOWHERE = "ERROR: No matching distribution found for ghost"


class Pip:
    """Stands in for venv and pip: notes what was asked, fails for the requirements it was told not to have."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refused: dict[str, str] = {}
        self.requires: dict[str, list[str]] = {}
        self.unknown: set[str] = set()

    def run(self, command: list[str], folder: Path, progress: Any, failure: str) -> None:
        shown = " ".join(command[3:]).replace("--disable-pip-version-check --no-input ", "")
        self.asked.append(shown.replace(str(folder), "FOLDER"))
        wanted = command[-1]
        if wanted in self.unknown or ("--no-deps" not in command and wanted in self.refused):
            script = f"print({self.refused.get(wanted, NOWHERE)!r}); raise SystemExit(1)"
            self._real([sys.executable, "-I", "-c", script], folder, progress, failure)

    def output(self, command: list[str]) -> str:
        if command[-2:-1] == ["versions"]:
            if command[-1] == "nothing":
                raise subprocess.CalledProcessError(1, command, stderr="ERROR: No matching distribution found")
            return f"{command[-1]} (3.1.4)\nAvailable versions: 3.1.4, 3.0"
        asked_about = re.search(r"requires\('([^']+)'\)", command[-1])
        return json.dumps(self.requires.get(asked_about[1], [])) if asked_about else "some-package==1.0\n"

    _real = staticmethod(tools.run)


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pip:
    stand_in = Pip()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(tools, "run", stand_in.run)
    monkeypatch.setattr(tools, "output", stand_in.output)
    return stand_in


def test_a_release_is_installed_once(pip: Pip, tmp_path: Path) -> None:
    told: list[str] = []
    first = environments.install("Some_Thing==1.0", told.append)
    asked = len(pip.asked)
    again = environments.install("some-thing==1.0", told.append)
    assert first == again
    assert first.program[0] == str(tmp_path / "consumers" / "some-thing==1.0" / "bin" / "python")
    assert len(pip.asked) == asked == 2
    assert told[-1] == "some-thing==1.0 is already installed"


def test_releases_stand_side_by_side_in_order_of_version(pip: Pip) -> None:
    for version in ("0.10.0", "0.9.0"):
        environments.install(f"thing=={version}")
    assert [env.version for env in environments.installed("thing")] == ["0.9.0", "0.10.0"]
    assert environments.find("thing", "newest").version == "0.10.0"


def test_newest_is_what_the_index_says(pip: Pip) -> None:
    assert environments.install("thing").version == "3.1.4"
    assert environments.install("thing==newest").version == "3.1.4"


def test_a_half_built_environment_is_rebuilt(pip: Pip, tmp_path: Path) -> None:
    folder = pretend(tmp_path, "thing", "1.0")
    (folder / "installed.json").unlink()
    (folder / "half").touch()
    assert environments.installed("thing") == []
    environments.install("thing==1.0")
    assert not (folder / "half").exists()
    assert (folder / "installed.json").exists()


def test_a_failed_install_shows_pips_last_lines_and_leaves_nothing_installed(pip: Pip) -> None:
    pip.refused["thing==1.0"] = (
        "\n".join(f"line {n}" for n in range(40)) + f"\nLooking in indexes\n{'1.0, ' * 400}\nERROR: disk full"
    )
    with pytest.raises(
        ConsumerError, match=r"cannot install thing==1\.0:(?s:.*)line 39\n  1\.0, (?s:.*)\n  ERROR: disk full$"
    ) as failed:
        environments.install("thing==1.0")
    assert "line 20" not in str(failed.value)
    assert "Looking in" not in str(failed.value)
    assert max(map(len, str(failed.value).splitlines())) < 320
    assert environments.installed("thing") == []
    del pip.refused["thing==1.0"]
    assert environments.install("thing==1.0").version == "1.0"


def test_a_requirement_nobody_serves_is_left_out_and_told(pip: Pip) -> None:
    pip.refused["thing==1.0"] = NOWHERE
    pip.unknown.add("ghost==2")
    pip.requires["thing"] = ["httpx<1", "ghost==2", "never; python_version < '3'", "extra-only; extra == 'voice'"]
    told: list[str] = []
    environment = environments.install("thing==1.0", told.append)
    assert environment.left_out == ("ghost==2",)
    assert pip.asked[-4:] == [
        "install --no-deps thing==1.0",
        "install httpx<1",
        "install ghost==2",
        "install --no-deps ghost==2",
    ]
    assert "left out: ghost==2" in told


def test_only_what_is_missing_is_left_out_however_deep_it_is_asked_for(pip: Pip) -> None:
    pip.refused.update({"thing==1.0": NOWHERE, "core>=1": NOWHERE})
    pip.unknown.add("ghost==2")
    pip.requires.update({"thing": ["core>=1"], "core": ["ghost==2", "httpx<1"]})
    assert environments.install("thing==1.0").left_out == ("ghost==2",)
    assert "install --no-deps core>=1" in pip.asked
    assert pip.asked[-1] == "install httpx<1"


def test_a_release_that_does_not_exist_is_not_installed_piecewise(pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(command: list[str], folder: Path, progress: Any, failure: str) -> None:
        if "install" in command:
            raise tools.ToolFailed(failure, ["ERROR: No matching distribution found"])

    monkeypatch.setattr(tools, "run", nowhere)
    with pytest.raises(ConsumerError, match=r"cannot install thing==9\.9"):
        environments.install("thing==9.9")


def test_tested_releases_get_the_packages_they_were_tested_with(pip: Pip) -> None:
    environments.install("openai==2.24.0")
    assert pip.asked[-1] == "install --constraint FOLDER/constraints.txt openai==2.24.0"


def test_where_the_tested_packages_cannot_be_had_what_fits_is_taken(pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pins(command: list[str], *rest: Any) -> None:
        pip.run(command, *rest)
        if "--constraint" in command:
            raise tools.ToolFailed("too old a Python", ["ERROR: ResolutionImpossible"])

    monkeypatch.setattr(tools, "run", no_pins)
    told: list[str] = []
    assert environments.install("openai==2.24.0", told.append).left_out == ()
    assert pip.asked[-1] == "install openai==2.24.0"
    assert "the tested packages cannot be had here; taking what fits" in told


@pytest.mark.parametrize("spec", ["", "==1", "a b", "thing==", "thing==one", "thing>=1", "../up==1"])
def test_what_is_no_release_is_refused(pip: Pip, spec: str) -> None:
    with pytest.raises(UnknownConsumer):
        environments.install(spec)
    assert pip.asked == []


def test_a_package_the_index_does_not_know(pip: Pip) -> None:
    with pytest.raises(ConsumerError, match=r"cannot look nothing up on the index:\n  ERROR: No matching"):
        environments.install("nothing")


def test_progress_is_told_line_by_line(tmp_path: Path) -> None:
    told: list[str] = []
    script = "print('Collecting a'); print('noise'); print('  Downloading b')"
    tools.run([sys.executable, "-I", "-c", script], tmp_path, told.append, "failed")
    assert told == ["Collecting a", "Downloading b"]
    assert re.search("noise", (tmp_path / "install.log").read_text())


def test_the_cache_is_the_users_unless_the_variable_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    assert environments.cache_folder().name == "stream-harness"
    monkeypatch.setenv(CACHE_VARIABLE, "~/elsewhere")
    assert environments.cache_folder() == Path("~/elsewhere").expanduser()


class Npm:
    """Stands in for npm and node."""

    def __init__(self, node: str) -> None:
        self.asked: list[list[str]] = []
        self._node = node

    def run(self, command: list[str], folder: Path, progress: Any, failure: str) -> None:
        self.asked.append(command[command.index("--save-exact") + 1 :])
        lock = {"packages": {"": {}, "node_modules/@openai/agents": {"version": "1.2.3"}}}
        (folder / "package-lock.json").write_text(json.dumps(lock))

    def output(self, command: list[str]) -> str:
        return f"{self._node}\n" if command[0] == "node" else json.dumps(["1.0.0", "1.2.3", "2.0.0-beta.1"])


@pytest.mark.parametrize(("node", "own"), [("v22.1.0", 0), ("v20.20.2", 1)])
def test_an_npm_package_gets_a_newer_node_only_where_it_needs_one(
    node: str, own: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = Npm(node)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(tools, "run", npm.run)
    monkeypatch.setattr(tools, "output", npm.output)
    made = environments.install("@openai/agents", recipe=environments.Recipe("npm", ("zod", "@ai-sdk/openai@4")))
    assert (made.version, made.index) == ("1.2.3", "npm")
    assert npm.asked[0][:3] == ["@openai/agents@1.2.3", "zod@latest", "@ai-sdk/openai@4"]
    assert len(npm.asked[0][3:]) == own
    assert environments.installed("@openai/agents", "npm") == [made]
    assert environments.installed("@openai/agents") == []
    with pytest.raises(ConsumerError, match="harness consumers install agents-js"):
        environments.find("@openai/agents", "9.9.9", "npm", called="agents-js")
