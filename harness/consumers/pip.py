"""Releases from a Python index, each in a virtual environment of its own.

Releases the project has tested come with a constraints file, so the same packages are installed tomorrow.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
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
        return _install_piecewise(python, folder, package, release, beside, progress, error)
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


def _install_piecewise(
    python: str,
    folder: Path,
    package: str,
    release: str,
    beside: Sequence[str],
    progress: Progress,
    error: ConsumerError,
) -> tuple[str, ...]:
    """The release without its requirements, then every requirement that can be had; the rest is returned.

    A release that asks for one package the index does not serve is still worth driving: a consumer that truly
    needs what is missing fails at import, by name, before any case is judged.
    """
    progress(f"{release} asks for something that cannot be installed; installing it without")
    try:
        tools.run([python, *_PIP, "install", "--no-deps", release], folder, progress, f"cannot install {release}")
    except ConsumerError:
        raise error from None
    listing = f"import importlib.metadata, json; print(json.dumps(importlib.metadata.requires({package!r}) or []))"
    wanted = [Requirement(line) for line in [*json.loads(tools.output([python, "-c", listing])), *beside]]
    left_out = []
    for requirement in (r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})):
        requirement.marker = None
        try:
            tools.run([python, *_PIP, "install", str(requirement)], folder, progress, str(requirement))
        except ConsumerError:
            progress(f"left out: {requirement}")
            left_out.append(str(requirement))
    return tuple(left_out)


def _constraints(folder: Path, release: str) -> list[str]:
    pins = files("harness.consumers").joinpath("pins", f"{release.replace('==', '-')}.txt")
    if not pins.is_file():
        return []
    copy = folder / "constraints.txt"
    copy.write_text(pins.read_text(encoding="utf-8"), encoding="utf-8")
    return ["--constraint", str(copy)]
