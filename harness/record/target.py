"""Where a recording goes: the cassette's own folder, and places outside every repository for what may not go there."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from platformdirs import user_state_path

from harness import __version__

_PART = re.compile(r"[A-Za-z0-9][\w.+-]*")


Present = Literal["keep", "replace", "extend"]
"""What becomes of a cassette that is there already."""


class BadTarget(ValueError):
    """Nothing can be recorded there; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """The cassette to be, ``<root>/<provider>/<name>``."""

    root: str
    provider: str
    name: str
    present: Present = "keep"

    @classmethod
    def at(cls, out: Path, present: Present = "keep") -> Target:
        """Raises BadTarget."""
        full = Path(os.path.abspath(out))
        provider, name = full.parent.name, full.name
        if not (_PART.fullmatch(provider) and _PART.fullmatch(name)):
            raise BadTarget(f"{out} does not end in PROVIDER/NAME, as in cassettes/openai/text")
        if full.exists() and present == "keep":
            raise BadTarget(f"{out} is there already; --overwrite replaces it")
        return cls(str(full.parent.parent), provider, name, present)

    @property
    def folder(self) -> Path:
        return Path(self.root) / self.provider / self.name


def journals() -> Path:
    """Where recordings under way are kept, redacted."""
    return user_state_path("stream-harness") / "journals"


def quarantine() -> Path:
    """Where recordings go that may hold a secret."""
    return user_state_path("stream-harness") / "quarantine"


def fresh_folder(parent: Path, target: Target) -> Path:
    """A new folder that only this user can read."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    folder = parent / f"{target.provider}-{target.name}-{stamp}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True, mode=0o700)
    return folder


def tool() -> str:
    """The program and version that writes, for the provenance."""
    return f"stream-harness {__version__}"
