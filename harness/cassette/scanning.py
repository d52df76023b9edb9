"""Looking for secrets in cassettes that are on the disk already, by the rules that keep them from being written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from harness.cassette.anchors import KNOWN, RuleSet
from harness.cassette.errors import CassetteError
from harness.cassette.masking import secrets
from harness.cassette.reader import INDEX, load
from harness.cassette.redaction import unresolved
from harness.cassette.redactor import hits_in_body
from harness.cassette.writer import files


class Leak(NamedTuple):
    """A rule that found something, and where. It never holds the secret itself."""

    file: Path
    place: str
    rule: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.rule}"


def leaks_in(folder: Path, rules: RuleSet = KNOWN) -> Iterator[Leak]:
    """Everything the rules find in the cassette in ``folder``: by its meaning, in its text, and beside it.

    Raises CassetteError, but only after everything that can be found without its meaning.
    """
    yield from _in_text(folder / INDEX, rules)
    try:
        cassette = load(folder)
    except CassetteError:
        yield from _in_files(folder, frozenset({INDEX}), rules)
        raise
    yield from _in_files(folder, frozenset(files(cassette)), rules)
    for hit in unresolved(cassette, rules):
        yield Leak(folder / INDEX, f"{hit.where}, bytes {hit.start} to {hit.end}", hit.rule)


def _in_files(folder: Path, but: frozenset[str], rules: RuleSet) -> Iterator[Leak]:
    """In files such as the decoded view of an encoded body: read as a stream is, which is deepest."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in but:
            for hit in hits_in_body(path.read_bytes(), "", "", rules):
                yield Leak(path, f"bytes {hit.start} to {hit.end}", hit.rule)


def _in_text(path: Path, rules: RuleSet) -> Iterator[Leak]:
    """In what is written, comments and tags included, whatever a reader makes of it."""
    text = path.read_bytes() if path.is_file() else b""
    for secret in secrets(text, rules):
        line = text.count(b"\n", 0, secret.spans[0][0]) + 1
        yield Leak(path, f"line {line}", secret.rule)
