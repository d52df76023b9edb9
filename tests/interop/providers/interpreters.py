"""Finds a Python of a fitting version wherever machines keep them: on PATH, among pyenv's versions, with uv."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.interop.providers.environments import CannotBuild

Version = tuple[int, int]

_NAME = re.compile(r"python3\.(\d+)")
_PROBE = "import ensurepip, venv, sys; print(*sys.version_info[:2])"
"""A name says little: a version manager may have nothing behind it, and a distribution may leave out what makes
environments."""
_PATIENCE_S = 30.0


def interpreter(oldest: Version) -> str:
    """The oldest that fits, since most packages are built for it; this very one if it does. Raises CannotBuild."""
    for candidate in _candidates(oldest):
        found = _version(candidate)
        if found is not None and found >= oldest:
            return str(candidate)
    wanted = ".".join(map(str, oldest))
    raise CannotBuild(
        f"needs Python {wanted} or newer, one that can make environments;"
        f" there is none on PATH, in {_pyenv() / 'versions'}, or known to uv"
    )


def _candidates(oldest: Version) -> Iterator[Path]:
    yield Path(sys.executable)
    named = [
        (int(match[1]), path)
        for place in _folders()
        for path in place.glob("python3.*")
        if (match := _NAME.fullmatch(path.name)) and int(match[1]) >= oldest[1]
    ]
    yield from (path for _, path in sorted(named, key=lambda one: one[0]))
    if uv := shutil.which("uv"):
        wanted = ">=" + ".".join(map(str, oldest))
        yield from map(Path, _said(uv, "python", "find", "--no-python-downloads", wanted).splitlines())


def _folders() -> list[Path]:
    on_path = [Path(place) for place in os.environ.get("PATH", "").split(os.pathsep) if place]
    return [*on_path, *sorted(_pyenv().glob("versions/*/bin"))]


def _pyenv() -> Path:
    return Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()


def _version(candidate: Path) -> Version | None:
    match _said(candidate, "-c", _PROBE).split():
        case [major, minor]:
            return int(major), int(minor)
    return None


def _said(*command: str | Path) -> str:
    """What it prints; nothing unless it runs and ends well."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout if ran.returncode == 0 else ""
