"""Releases from a Python index, each in a virtual environment of its own.

Releases the project has tested come with a constraints file, so the same packages are installed tomorrow.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from packaging.requirements import Requirement

from harness.consumers import tools
from harness.consumers.base import ConsumerError
from harness.consumers.tools import Progress, ToolFailed

_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
_UNSATISFIED = ("No matching distribution found", "ResolutionImpossible")


def program(folder: Path) -> tuple[str, ...]:
    """How its interpreter is started. -E and -s: nothing of the user's Python set-up reaches the environment."""
    return (str(folder / "bin" / "python"), "-E", "-s")


def build(folder: Path, package: str, version: str, beside: Sequence[str], progress: Progress) -> tuple[str, ...]:
    """Make the environment; returns the requirements that could not be had. Raises ConsumerError."""
    tools.run([sys.executable, "-m", "venv", str(folder)], folder, progress, f"cannot create {folder}")
    python = str(folder / "bin" / "python")
    release = f"{package}=={version}"
    try:
        _install_whole(python, folder, release, beside, progress)
    except ToolFailed as error:
        if not _unsatisfied(error):
            raise
        return _Piecewise(python, folder, progress).release(release, beside, error)
    return ()


def releases(package: str) -> list[str]:
    """Every release on the index, newest first. Raises ConsumerError."""
    try:
        listing = tools.output([sys.executable, *_PIP, "index", "versions", package])
    except subprocess.CalledProcessError as error:
        words = tools.tail(error.stderr.splitlines())
        raise ConsumerError(f"cannot look {package} up on the index:\n{words}") from None
    found = re.search(r"^Available versions: (.+)$", listing, re.MULTILINE)
    if found is None:
        raise ConsumerError(f"pip lists no release of {package}: {listing[:200]!r}")
    return [version.strip() for version in found[1].split(",")]


def frozen(folder: Path) -> list[str]:
    """What is installed, package by package."""
    return tools.output([str(folder / "bin" / "python"), *_PIP, "freeze", "--all"]).splitlines()


def _install_whole(python: str, folder: Path, release: str, beside: Sequence[str], progress: Progress) -> None:
    """With the tested packages where there is a list of them and this machine can have them, else with what fits."""
    for pins in (_constraints(folder, release), []):
        try:
            tools.run(
                [python, *_PIP, "install", *pins, *beside, release], folder, progress, f"cannot install {release}"
            )
        except ToolFailed as error:
            if not pins or not _unsatisfied(error):
                raise
            progress("the tested packages cannot be had here; taking what fits")
        else:
            return


def _unsatisfied(error: ToolFailed) -> bool:
    """Whether the index has no set of packages that fits."""
    return any(mark in error.words for mark in _UNSATISFIED)


@dataclass(slots=True)
class _Piecewise:
    """A release without its requirements, then every requirement that can be had, each in the same way.

    A release that asks for one package the index does not serve is still worth driving: a consumer that truly
    needs what is missing fails at import, by name, before any case is judged.
    """

    python: str
    folder: Path
    progress: Progress
    left_out: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def release(self, release: str, beside: Sequence[str], error: ToolFailed) -> tuple[str, ...]:
        """Returns what was left out. Raises ``error`` when the release itself cannot be had."""
        self.progress(f"{release} asks for something that cannot be installed; installing it without")
        try:
            self._pip("install", "--no-deps", release)
        except ToolFailed:
            raise error from None
        for requirement in [*self._requires(Requirement(release)), *map(Requirement, beside)]:
            self._requirement(requirement)
        return tuple(self.left_out)

    def _requirement(self, requirement: Requirement) -> None:
        if str(requirement) in self._seen:
            return
        self._seen.add(str(requirement))
        try:
            self._pip("install", str(requirement))
        except ToolFailed:
            self._apart(requirement)

    def _apart(self, requirement: Requirement) -> None:
        try:
            self._pip("install", "--no-deps", str(requirement))
        except ToolFailed:
            self.progress(f"left out: {requirement}")
            self.left_out.append(str(requirement))
            return
        for inner in self._requires(requirement):
            self._requirement(inner)

    def _requires(self, requirement: Requirement) -> list[Requirement]:
        name, extras = requirement.name, requirement.extras or {""}
        listing = f"import importlib.metadata, json; print(json.dumps(importlib.metadata.requires({name!r}) or []))"
        wanted = [Requirement(line) for line in json.loads(tools.output([self.python, "-c", listing]))]
        needed = [r for r in wanted if r.marker is None or any(r.marker.evaluate({"extra": extra}) for extra in extras)]
        for found in needed:
            found.marker = None
        return needed

    def _pip(self, *words: str) -> None:
        tools.run([self.python, *_PIP, *words], self.folder, self.progress, f"cannot install {words[-1]}")


def _constraints(folder: Path, release: str) -> list[str]:
    pins = files("harness.consumers").joinpath("pins", f"{release.replace('==', '-')}.txt")
    if not pins.is_file():
        return []
    copy = folder / "constraints.txt"
    copy.write_text(pins.read_text(encoding="utf-8"), encoding="utf-8")
    return ["--constraint", str(copy)]
