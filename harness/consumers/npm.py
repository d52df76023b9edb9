"""Releases from the npm registry, a folder each, with a newer Node of its own where this machine's is too old."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.consumers import tools
from harness.consumers.base import ConsumerError
from harness.consumers.tools import Progress

NODE_MAJOR = 22
"""The oldest Node that current releases of the known packages ask for."""

_QUIET = ("--no-audit", "--no-fund", "--no-update-notifier")
_SYSTEMS = {"linux": "linux", "darwin": "darwin"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def program(folder: Path) -> tuple[str, ...]:
    """How its Node is started: its own where it has one, else the machine's."""
    own = next(folder.glob("node_modules/node-*-*/bin/node"), None)
    return (str(own) if own is not None else "node",)


def build(folder: Path, package: str, version: str, beside: Sequence[str], progress: Progress) -> tuple[str, ...]:
    """Make the folder; nothing is ever left out. Raises ConsumerError."""
    npm = _npm()
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module"}), encoding="utf-8")
    # Of a name alone npm would take the newest release that suits the machine's node, not the one it is about to get.
    wanted = [f"{package}@{version}", *(name if "@" in name[1:] else f"{name}@latest" for name in beside)]
    if _node_major() < NODE_MAJOR:
        wanted.append(f"{_node_package()}@{NODE_MAJOR}")
        progress(f"this machine's node is older than {NODE_MAJOR}; it gets one of its own")
    tools.run([npm, "install", *_QUIET, "--save-exact", *wanted], folder, progress, f"cannot install {wanted[0]}")
    return ()


def releases(package: str) -> list[str]:
    """Every release on the registry, newest first, without previews. Raises ConsumerError."""
    try:
        listing = json.loads(tools.output([_npm(), "view", package, "versions", "--json"]))
    except (subprocess.CalledProcessError, ValueError) as error:
        raise ConsumerError(f"cannot look {package} up on the npm registry: {error}") from None
    versions = [listing] if isinstance(listing, str) else listing
    return [version for version in reversed(versions) if re.fullmatch(r"\d+(\.\d+)*", version)]


def frozen(folder: Path) -> list[str]:
    """What is installed, package by package."""
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = lock.get("packages", {}).items()
    return sorted(f"{path.rpartition('node_modules/')[2]}@{spec.get('version')}" for path, spec in packages if path)


def _npm() -> str:
    found = shutil.which("npm")
    if found is None:
        raise ConsumerError("npm is needed for this consumer and is not on the PATH; install Node.js with npm")
    return found


def _node_major() -> int:
    try:
        return int(tools.output(["node", "--version"]).strip().lstrip("v").partition(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def _node_package() -> str:
    system, machine = _SYSTEMS.get(sys.platform), _MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise ConsumerError(f"Node {NODE_MAJOR} or newer is needed; install it and put it on the PATH")
    return f"node-{system}-{machine}"
