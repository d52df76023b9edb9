"""Where servers are installed: a folder of the user's cache, one below it for each, marked whole when it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from platformdirs import user_cache_dir

_STAMP = "installed"


def folder(name: str) -> Path:
    """``$STREAM_HARNESS_CACHE/providers/NAME``, by default below the user's cache folder."""
    root = Path(os.environ.get("STREAM_HARNESS_CACHE") or user_cache_dir("stream-harness"))
    place = root / "providers" / name
    place.mkdir(parents=True, exist_ok=True)
    return place


def once(name: str, recipe: str, build: Callable[[Path], None]) -> Path:
    """The folder, built unless it was built by this very ``recipe``, a text that names all that goes in."""
    place = folder(name)
    stamp = place / _STAMP
    if not stamp.exists() or stamp.read_text("utf-8") != recipe:
        print(f"building {place}", flush=True)
        build(place)
        stamp.write_text(recipe, "utf-8")
    return place


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Raises subprocess.CalledProcessError."""
    subprocess.run([str(word) for word in command], cwd=cwd, check=True)


def python_environment(name: str, *steps: Sequence[str], python: Callable[[], str] = lambda: sys.executable) -> Path:
    """The interpreter of a virtual environment; each step is what one ``pip install`` is given.

    ``python`` finds the interpreter to build it with, when it is to be built.
    """

    def build(place: Path) -> None:
        run(python(), "-m", "venv", place)
        for step in steps:
            run(place / "bin" / "python", "-m", "pip", "install", "--quiet", *step)

    return once(name, "\n".join(" ".join(step) for step in steps), build) / "bin" / "python"


def interpreter(*names: str) -> str:
    """The first of the interpreters on PATH that runs; a version manager may have a name there and nothing behind it.

    Exits with one line that says so when there is none.
    """
    for name in names:
        found = shutil.which(name)
        if found and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
            return found
    raise SystemExit(f"needs one of {', '.join(names)} on PATH, one that runs")


def version(python: Path, package: str) -> str:
    """``package 1.2.3``, as installed beside that interpreter."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    return f"{package} {found}"
