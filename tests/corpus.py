"""Streams recorded by public projects' own test suites, found through ``STREAM_HARNESS_CORPUS``; never copied here.

``requires_corpus`` skips a test with the reason where the folder is absent::

    @requires_corpus
    @pytest.mark.parametrize(("name", "provider", "body"), streams())
    def test_something(name, provider, body): ...
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from harness.wire import encode

VARIABLE = "STREAM_HARNESS_CORPUS"


def _folder() -> Path | None:
    stated = os.environ.get(VARIABLE)
    return Path(stated) if stated and (Path(stated) / "manifest.yaml").is_file() else None


requires_corpus = pytest.mark.skipif(
    _folder() is None, reason=f"needs {VARIABLE}, the folder of recorded streams with its manifest.yaml"
)


@lru_cache(maxsize=1)
def streams() -> list[tuple[str, str, bytes]]:
    """``(name, provider, body)`` of every stream, in the manifest's order; an empty list without the corpus.

    Streams kept as one JSON payload a line are framed here, with no event lines; a provider that the manifest does
    not state is ``"unstated"``.
    """
    folder = _folder()
    if folder is None:
        return []
    entries = yaml.load((folder / "manifest.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return [(entry["file"], entry["provider"] or "unstated", _body(folder / entry["file"])) for entry in entries]


def _body(path: Path) -> bytes:
    stored = path.read_bytes()
    if path.suffix == ".sse":
        return stored
    lines = stored.decode("utf-8").split("\n")
    return b"".join(encode(line) for line in lines if line.strip())
