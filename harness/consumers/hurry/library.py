"""The preloaded library, compiled by the machine's own C compiler when it is first needed, and kept in the cache."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from harness.consumers.environments import cache_folder

SOURCE = Path(__file__).with_name("preload.c")

_CHILDREN = Path("/proc/thread-self/children")
_COMPILERS = ("cc", "gcc", "clang")
_FLAGS = ("-std=gnu11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-U_FORTIFY_SOURCE")
_LIBRARIES = ("-ldl", "-lpthread")


class Unavailable(Exception):
    """Time cannot be hurried on this machine; the text says what it lacks."""


@cache
def library() -> Path:
    """The compiled library. Raises Unavailable."""
    if not sys.platform.startswith("linux"):
        raise Unavailable("only on Linux can a program's clock be hurried")
    if not _CHILDREN.exists():
        raise Unavailable("this kernel does not tell which processes a program has started, so none can be hurried")
    source = SOURCE.read_bytes()
    name = hashlib.sha256(source + " ".join(_FLAGS).encode()).hexdigest()[:16]
    path = cache_folder() / "hurry" / f"{name}-{platform.machine()}.so"
    if not path.exists():
        _compile(path)
    return path


def _compile(path: Path) -> None:
    compiler = _compiler()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two that compile at once each have a draft of their own, and either result will do.
    draft = path.with_suffix(f".{os.getpid()}")
    command = [*compiler, *_FLAGS, "-o", str(draft), str(SOURCE), *_LIBRARIES]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise Unavailable(f"the C compiler {compiler[0]} cannot be started: {error.strerror}") from None
    if done.returncode != 0:
        told = next((line for line in done.stderr.splitlines() if "error" in line), f"exit code {done.returncode}")
        raise Unavailable(f"{compiler[0]} cannot compile the library that hurries a clock: {told.strip()}")
    draft.replace(path)


def _compiler() -> list[str]:
    """As ``$CC`` names it, which may have options, or the first of the usual ones."""
    named = shlex.split(os.environ.get("CC", ""))
    found = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if not named and found is None:
        usual = ", ".join(_COMPILERS)
        raise Unavailable(f"hurrying a clock takes a C compiler, and none is on the PATH ({usual}, or what CC names)")
    return named or [str(found)]
