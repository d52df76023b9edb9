"""Where servers are installed: a folder of the user's cache, one below it for each, marked whole when it is."""

from __future__ import annotations

import fcntl
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.consumers.environments import cache_folder

_STAMP = "installed"


class CannotBuild(Exception):
    """A server cannot be had on this machine; the text says in one line what is missing or what failed."""


def folder(name: str) -> Path:
    """``providers/NAME`` in the cache the consumers' environments are in too."""
    place = cache_folder() / "providers" / name
    place.mkdir(parents=True, exist_ok=True)
    return place


def once(name: str, recipe: str, build: Callable[[Path], None]) -> Path:
    """The folder, built unless it was built by this very ``recipe``, a text that names all that goes in.

    What an interrupted build or another recipe left there is thrown away. Raises CannotBuild.
    """
    with _locked(name):
        place = folder(name)
        stamp = place / _STAMP
        if not stamp.exists() or stamp.read_text("utf-8") != recipe:
            print(f"building {place}", flush=True)
            shutil.rmtree(place)
            place.mkdir()
            build(place)
            stamp.write_text(recipe, "utf-8")
    return place


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Two builders of one folder take turns; the lock goes with its holder, however that ends."""
    with folder(name).with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Raises CannotBuild."""
    words = [str(word) for word in command]
    try:
        code = subprocess.run(words, cwd=cwd).returncode
    except FileNotFoundError:
        raise CannotBuild(f"needs {words[0]} on PATH") from None
    if code:
        raise CannotBuild(f"ended with code {code}, its messages are above: {shlex.join(words)}")


def python_environment(name: str, *steps: Sequence[str], python: Callable[[], str] = lambda: sys.executable) -> Path:
    """The interpreter of a virtual environment; each step is what one ``pip install`` is given.

    ``python`` finds the interpreter to build it with, when it is to be built. Raises CannotBuild.
    """

    def build(place: Path) -> None:
        run(python(), "-m", "venv", place)
        for step in steps:
            run(place / "bin" / "python", "-m", "pip", "install", "--quiet", *step)

    return once(name, "\n".join(" ".join(step) for step in steps), build) / "bin" / "python"


def version(python: Path, package: str) -> str:
    """``package 1.2.3``, as installed beside that interpreter."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    return f"{package} {found}"
