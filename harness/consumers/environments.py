"""One isolated environment a release, so that releases of one consumer stand side by side.

A folder counts as installed only when its stamp exists, and the stamp is written last: what a crash, a full disk
or Ctrl-C leaves behind is rebuilt, never used.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from packaging.version import InvalidVersion, Version
from platformdirs import user_cache_dir

from harness.consumers import npm, pip
from harness.consumers.base import ConsumerError, UnknownConsumer
from harness.consumers.tools import Progress

CACHE_VARIABLE = "STREAM_HARNESS_CACHE"
NEWEST = "newest"

Index = Literal["pypi", "npm"]

_STAMP = "installed.json"
_PROJECT = re.compile(r"(@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


class _Installer(Protocol):
    """What the modules of the two indexes offer."""

    def program(self, folder: Path) -> tuple[str, ...]: ...
    def build(
        self, folder: Path, package: str, version: str, beside: Sequence[str], progress: Progress
    ) -> tuple[str, ...]: ...
    def releases(self, package: str) -> list[str]: ...
    def frozen(self, folder: Path) -> list[str]: ...


_INSTALLERS: Mapping[Index, _Installer] = {"pypi": pip, "npm": npm}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a package is installed, beyond its name."""

    index: Index = "pypi"
    beside: tuple[str, ...] = ()
    """What is installed along with it, in the index's own form: an SDK it needs for the lane that is driven."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An installed release."""

    package: str
    version: str
    folder: Path
    index: Index = "pypi"
    left_out: tuple[str, ...] = ()
    """Requirements that could not be installed; the release was installed without them."""

    @property
    def program(self) -> tuple[str, ...]:
        """How its own interpreter is started; a driver's path follows."""
        return _INSTALLERS[self.index].program(self.folder)


def cache_folder() -> Path:
    """Where environments live: ``$STREAM_HARNESS_CACHE``, else the user's cache folder."""
    override = os.environ.get(CACHE_VARIABLE)
    return Path(override).expanduser().absolute() if override else Path(user_cache_dir("stream-harness"))


def installed(package: str | None = None, index: Index = "pypi") -> list[Environment]:
    """Whole environments, of one package or of all of an index, oldest release first."""
    stamps = sorted(_environments().glob(f"*/{_STAMP}"))
    found = [env for env in (_read(stamp.parent) for stamp in stamps) if env.index == index]
    wanted = [env for env in found if package is None or env.package == package]
    return sorted(wanted, key=lambda env: (env.package, Version(env.version)))


def find(package: str, version: str, index: Index = "pypi", *, called: str = "") -> Environment:
    """The installed release; ``newest`` means the newest one installed. Raises ConsumerError when there is none.

    ``called`` is the consumer's name, where the package's own does not tell which index it comes from.
    """
    present = installed(package, index)
    fitting = present[-1:] if version == NEWEST else [env for env in present if _same(env.version, version)]
    if fitting:
        return fitting[0]
    spec = (called or package) + ("" if version == NEWEST else f"=={version}")
    others = ", ".join(env.version for env in present)
    hint = f" (installed: {others})" if others else ""
    raise ConsumerError(f"{spec} is not installed{hint}; install it with: harness consumers install {spec}")


def releases(package: str, index: Index = "pypi") -> list[str]:
    """Every release on the index, newest first. Raises ConsumerError."""
    return _INSTALLERS[index].releases(package)


def install(spec: str, progress: Progress = lambda line: None, recipe: Recipe = Recipe()) -> Environment:
    """Build the environment of ``NAME==VERSION`` unless it is there; without a version, of the newest on the index.

    Safe to interrupt and to run twice at once. Raises ConsumerError with the installer's last lines when it fails.
    """
    package, version = split(spec)
    installer = _INSTALLERS[recipe.index]
    if version == NEWEST:
        version = _newest(installer.releases(package), package)
        progress(f"{package}: the newest release is {version}")
    folder = _environments() / _folder_name(package, version, recipe.index)
    with _locked(folder):
        if (folder / _STAMP).exists():
            progress(f"{package}=={version} is already installed")
            return _read(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        progress(f"building {folder}")
        left_out = installer.build(folder, package, version, recipe.beside, progress)
        stamp = {
            "package": package,
            "version": version,
            "index": recipe.index,
            "left_out": left_out,
            "packages": installer.frozen(folder),
        }
        _write_last(folder / _STAMP, json.dumps(stamp, indent=1))
        return _read(folder)


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
    return package if package.startswith("@") else re.sub(r"[-_.]+", "-", package).lower(), version


def _newest(found: Sequence[str], package: str) -> str:
    if not found:
        raise ConsumerError(f"the index lists no release of {package}")
    return found[0]


def _folder_name(package: str, version: str, index: Index) -> str:
    name = package if index == "pypi" else f"{index}+{package.replace('/', '+')}"
    return f"{name}=={version}"


def _read(folder: Path) -> Environment:
    stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
    index = stamp.get("index", "pypi")
    return Environment(stamp["package"], stamp["version"], folder, index, tuple(stamp["left_out"]))


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
