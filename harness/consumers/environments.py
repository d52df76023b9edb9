"""One isolated virtual environment a release, so that releases of one consumer stand side by side.

A folder counts as installed only when its stamp exists, and the stamp is written last: what a crash, a full disk
or Ctrl-C leaves behind is rebuilt, never used. Releases the project has tested come with a constraints file, so
the same packages are installed tomorrow.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version
from platformdirs import user_cache_dir

from harness.consumers.base import ConsumerError, UnknownConsumer

CACHE_VARIABLE = "STREAM_HARNESS_CACHE"
NEWEST = "newest"

Progress = Callable[[str], None]
"""Called with one line for people at every step."""

_STAMP = "installed.json"
_ERROR_LINES = 12
_ERROR_CHARS = 300
_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
_TOLD = ("Collecting", "Downloading", "Building", "Installing", "Successfully")
_SILENT = ("Looking in", "WARNING:")
_UNSATISFIED = ("No matching distribution found", "ResolutionImpossible")
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Environment:
    """An installed release."""

    package: str
    version: str
    python: Path
    """Its own interpreter."""
    left_out: tuple[str, ...] = ()
    """Requirements that could not be installed; the release was installed without them."""


def cache_folder() -> Path:
    """Where environments live: ``$STREAM_HARNESS_CACHE``, else the user's cache folder."""
    override = os.environ.get(CACHE_VARIABLE)
    return Path(override).expanduser().absolute() if override else Path(user_cache_dir("stream-harness"))


def installed(package: str | None = None) -> list[Environment]:
    """Whole environments, of one package or of all, oldest release first."""
    stamps = sorted(_environments().glob(f"*/{_STAMP}"))
    found = [_read(stamp.parent) for stamp in stamps]
    wanted = [env for env in found if package is None or env.package == package]
    return sorted(wanted, key=lambda env: (env.package, Version(env.version)))


def find(package: str, version: str) -> Environment:
    """The installed release; ``newest`` means the newest one installed. Raises ConsumerError when there is none."""
    releases = installed(package)
    fitting = releases[-1:] if version == NEWEST else [env for env in releases if _same(env.version, version)]
    if fitting:
        return fitting[0]
    spec = package if version == NEWEST else f"{package}=={version}"
    others = ", ".join(env.version for env in releases)
    hint = f" (installed: {others})" if others else ""
    raise ConsumerError(f"{spec} is not installed{hint}; install it with: harness consumers install {spec}")


def install(spec: str, progress: Progress = lambda line: None) -> Environment:
    """Build the environment of ``NAME==VERSION`` unless it is there; without a version, of the newest on the index.

    Safe to interrupt and to run twice at once. Raises ConsumerError with pip's last lines when it fails.
    """
    package, version = split(spec)
    if version == NEWEST:
        version = _newest_on_index(package)
        progress(f"{package}: the newest release is {version}")
    folder = _environments() / f"{package}=={version}"
    with _locked(folder):
        if (folder / _STAMP).exists():
            progress(f"{package}=={version} is already installed")
            return _read(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return _build(folder, package, version, progress)


def split(spec: str) -> tuple[str, str]:
    """``("hermes-agent", "0.14.0")`` for ``hermes-agent==0.14.0``; the version is ``newest`` when none is given."""
    package, separator, version = spec.partition("==")
    if not _PROJECT.fullmatch(package) or (separator and not version):
        raise UnknownConsumer(f"{spec!r} is no NAME or NAME==VERSION")
    version = version or NEWEST
    if version != NEWEST:
        try:
            Version(version)
        except InvalidVersion:
            raise UnknownConsumer(f"{version!r} is no version number") from None
    return re.sub(r"[-_.]+", "-", package).lower(), version


def _build(folder: Path, package: str, version: str, progress: Progress) -> Environment:
    folder.mkdir(parents=True)
    python = folder / "bin" / "python"
    progress(f"building {folder}")
    _run([sys.executable, "-m", "venv", str(folder)], folder, progress, f"cannot create {folder}")
    release = f"{package}=={version}"
    left_out: tuple[str, ...] = ()
    try:
        _install_whole(python, folder, release, progress)
    except _Unsatisfied as error:
        left_out = _install_piecewise(python, folder, package, release, progress, error)
    stamp = {"package": package, "version": version, "left_out": left_out, "packages": _freeze(python)}
    _write_last(folder / _STAMP, json.dumps(stamp, indent=1))
    return _read(folder)


class _Unsatisfied(ConsumerError):
    """The index has no set of packages that fits."""


def _install_whole(python: Path, folder: Path, release: str, progress: Progress) -> None:
    """With the tested packages where there is a list of them and this machine can have them, else with what fits."""
    for pins in (_constraints(folder, release), []):
        try:
            _run([str(python), *_PIP, "install", *pins, release], folder, progress, f"cannot install {release}")
        except _Unsatisfied:
            if not pins:
                raise
            progress("the tested packages cannot be had here; taking what fits")
        else:
            return


def _install_piecewise(
    python: Path, folder: Path, package: str, release: str, progress: Progress, error: ConsumerError
) -> tuple[str, ...]:
    """The release without its requirements, then every requirement that can be had; the rest is returned.

    A release that asks for one package the index does not serve is still worth driving: a consumer that truly
    needs what is missing fails at import, by name, before any case is judged.
    """
    progress(f"{release} asks for something that cannot be installed; installing it without")
    try:
        _run([str(python), *_PIP, "install", "--no-deps", release], folder, progress, f"cannot install {release}")
    except ConsumerError:
        raise error from None
    listing = f"import importlib.metadata, json; print(json.dumps(importlib.metadata.requires({package!r}) or []))"
    wanted = [Requirement(line) for line in json.loads(_output([str(python), "-c", listing]))]
    left_out = []
    for requirement in (r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})):
        requirement.marker = None
        try:
            _run([str(python), *_PIP, "install", str(requirement)], folder, progress, str(requirement))
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


def _newest_on_index(package: str) -> str:
    try:
        listing = _output([sys.executable, *_PIP, "index", "versions", package])
    except subprocess.CalledProcessError as error:
        raise ConsumerError(f"cannot look {package} up on the index:\n{_tail(error.stderr.splitlines())}") from None
    found = re.match(rf"{re.escape(package)} \(([^)]+)\)", listing, re.IGNORECASE)
    if found is None:
        raise ConsumerError(f"pip lists no release of {package}: {listing[:200]!r}")
    return found[1]


def _run(command: list[str], folder: Path, progress: Progress, failure: str) -> None:
    """Run to the end, its output into the log and, where it says something, to ``progress``."""
    last: deque[str] = deque(maxlen=_ERROR_LINES)
    with (
        (folder / "install.log").open("a", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            last.append(line.rstrip())
            if line.lstrip().startswith(_TOLD):
                progress(line.strip()[:120])
    if process.returncode != 0:
        words = "\n".join(last)
        kind = _Unsatisfied if any(mark in words for mark in _UNSATISFIED) else ConsumerError
        raise kind(f"{failure}:\n{_tail(list(last))}")


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _freeze(python: Path) -> list[str]:
    return _output([str(python), *_PIP, "freeze", "--all"]).splitlines()


def _tail(lines: list[str]) -> str:
    """The last lines that say what happened, each short enough to read: pip lists every release there ever was."""
    telling = [line for line in lines if not line.startswith(_SILENT)]
    return "\n".join(f"  {line[:_ERROR_CHARS]}" for line in telling[-_ERROR_LINES:])


def _read(folder: Path) -> Environment:
    stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
    return Environment(stamp["package"], stamp["version"], folder / "bin" / "python", tuple(stamp["left_out"]))


def _write_last(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _environments() -> Path:
    return cache_folder() / "consumers"


def _same(left: str, right: str) -> bool:
    return Version(left) == Version(right)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two installers of one release take turns; the lock goes with its holder, however that ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
