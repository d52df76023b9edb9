"""The two options that say where things are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def folders(command: Any) -> Any:
    """Decorator: the options ``--scenarios`` and ``--cassettes``."""
    path = click.Path(path_type=Path)
    for option, text in (("cassettes", "Folder of cassettes."), ("scenarios", "Folder of scenarios.")):
        command = click.option(f"--{option}", type=path, default=Path(option), show_default=True, help=text)(command)
    return command


def stated(**given: Path) -> list[str]:
    """The folder options that are not at their defaults, as they were typed."""
    return [word for name, path in given.items() if path != Path(name) for word in (f"--{name}", str(path))]


def cassette_name(word: str, root: Path) -> str:
    """A cassette may be named by its path too, because that is what a shell completes."""
    path = Path(word)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else word.rstrip("/")
