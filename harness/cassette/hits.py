"""What a rule finds on the surface of a text, and the placeholder of equal length that takes its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.cassette.rules import RULES, Rule


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret that is still there. It never holds the secret itself."""

    rule: str
    where: str
    """``response.body``, ``request.path``, ``request.header:NAME``, ``request.body/input/0`` ..."""
    start: int
    end: int


def placeholder(length: int) -> str:
    """What stands for a secret of ``length`` bytes."""
    return _PREFIX + "x" * (length - len(_PREFIX)) if length > len(_PREFIX) else "x" * length


def is_placeholder(secret: bytes) -> bool:
    return _PLACEHOLDER.fullmatch(secret) is not None


_PREFIX = "redacted-"
_PLACEHOLDER = re.compile(rb"(?:redacted-)?x+")


def scan(data: bytes, where: str, rules: Iterable[Rule] = RULES) -> Iterator[Hit]:
    """The secrets in ``data`` that no placeholder has replaced yet, rule by rule."""
    for rule in rules:
        for match in rule.pattern.finditer(data):
            if not is_placeholder(match["secret"]):
                yield Hit(rule.name, where, *match.span("secret"))


def overwrite(data: bytes, hits: Iterable[Hit]) -> bytes:
    """``data`` with a placeholder over every hit; the length stays."""
    mended = bytearray(data)
    for start, end in _merged(hits):
        mended[start:end] = placeholder(end - start).encode()
    return bytes(mended)


def _merged(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    """Spans that touch or overlap become one, so that no half of a secret is left between two placeholders."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted((hit.start, hit.end) for hit in hits):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans
