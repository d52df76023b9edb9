"""Environments that look installed."""

from __future__ import annotations

import json
from pathlib import Path


def pretend(cache: Path, package: str, version: str, **stamp: object) -> Path:
    """A folder with a stamp and nothing else."""
    folder = cache / "consumers" / f"{package}=={version}"
    folder.mkdir(parents=True)
    (folder / "installed.json").write_text(
        json.dumps({"package": package, "version": version, "left_out": [], "packages": [], **stamp})
    )
    return folder
