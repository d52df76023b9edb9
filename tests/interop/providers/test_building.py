"""What stands around the servers: nothing is built before it is needed, nothing half-built is used, a lack is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.consumers.environments import CACHE_VARIABLE
from tests.interop.providers.environments import CannotBuild, once, run
from tests.interop.providers.interpreters import interpreter
from tests.interop.providers.recording import Session, main
from tests.interop.providers.server import NotRunning, Running, Server

SCRIPTS = ("aimock", "gpt_oss", "litellm_proxy", "llama_server", "transformers_serve")
THIS = sys.version_info[:2]
LATER = (3, THIS[1] + 1)
LATEST = (3, 99)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(place))
    return place


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_builds_nothing(script: str, cache: Path) -> None:
    command = [sys.executable, "-m", f"tests.interop.providers.{script}", "--help"]
    helped = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "--out" in helped.stdout
    assert not cache.exists()


def test_only_what_is_asked_for_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking() -> Server:
        raise CannotBuild("needs a thing on PATH")

    def untouched() -> Server:
        raise AssertionError

    monkeypatch.setattr(sys, "argv", ["x", "--out", str(tmp_path), "--only", "greeting"])
    with pytest.raises(SystemExit, match=r"^python -m some\.script: needs a thing on PATH$"):
        main("some.script", "some", [Session(untouched, ("client-abort",)), Session(lacking, ("greeting",))])


def test_what_was_built_is_kept_until_the_recipe_changes() -> None:
    built: list[str] = []
    for recipe in ("one", "one", "two", "two"):
        once("server", recipe, lambda place, recipe=recipe: built.append(recipe))
    assert built == ["one", "two"]


def test_an_interrupted_build_starts_from_nothing() -> None:
    def interrupted(place: Path) -> None:
        (place / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once("server", "recipe", interrupted)
    seen: list[list[Path]] = []
    once("server", "recipe", lambda place: seen.append(list(place.iterdir())))
    assert seen == [[]]


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CannotBuild, match=r"^needs no-such-program on PATH$"):
        run("no-such-program", "--version")


def test_a_failing_command_is_told() -> None:
    with pytest.raises(CannotBuild, match=r"^ended with code 7, .*: .*raise SystemExit\(7\)"):
        run(sys.executable, "-c", "raise SystemExit(7)")


def served_by(*command: str, place: Path) -> Server:
    return Server(about="x", model="x", command=lambda port: command, cwd=place)


def test_a_server_without_a_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="no-such-program"), Running(served_by("no-such-program", place=tmp_path), {}):
        raise AssertionError


def test_a_server_that_ends_at_once_leaves_its_log(tmp_path: Path) -> None:
    ending = served_by("sh", "-c", "echo no model; exit 3", place=tmp_path)
    with pytest.raises(NotRunning, match=r"ended while starting; its log is .*sh\.log"), Running(ending, {}):
        raise AssertionError
    assert (tmp_path / "sh.log").read_text() == "no model\n"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without interpreters but the one that runs this: where PATH and pyenv look there is nothing yet."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def program(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def python(path: Path, version: tuple[int, int]) -> str:
    """One that answers with its version, whatever it is told."""
    return program(path, "echo {} {}".format(*version))


def test_the_running_interpreter_is_taken_where_it_fits() -> None:
    assert interpreter(THIS) == sys.executable


def test_an_interpreter_on_path(bare: Path) -> None:
    python(bare / "bin" / "python3.99", LATEST)
    assert interpreter(LATEST) == str(bare / "bin" / "python3.99")


def test_a_name_with_nothing_behind_it_is_passed_over(bare: Path) -> None:
    program(bare / "bin" / "python3.99", "exit 127")
    found = python(bare / "pyenv" / "versions" / "3.99.1" / "bin" / "python3.99", LATEST)
    assert interpreter(LATEST) == found


def test_the_oldest_that_fits_is_taken(bare: Path) -> None:
    python(bare / "bin" / "python3.99", LATEST)
    name = "python{}.{}".format(*LATER)
    older = python(bare / "pyenv" / "versions" / "older" / "bin" / name, LATER)
    assert interpreter(LATER) == older


def test_uv_is_asked_last(bare: Path) -> None:
    managed = python(bare / "managed" / "python3.99", LATEST)
    program(bare / "bin" / "uv", f'[ "$4" = ">=3.99" ] && echo {managed}')
    assert interpreter(LATEST) == managed


def test_no_interpreter_is_told_in_one_line(bare: Path) -> None:
    with pytest.raises(CannotBuild, match=r"^needs Python 3\.99 or newer") as told:
        interpreter(LATEST)
    assert "\n" not in str(told.value)
    assert os.fspath(bare / "pyenv" / "versions") in str(told.value)
