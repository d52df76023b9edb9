"""One short name for one bug: the rule that is broken, and the cause without what differs from case to case.

Two failures with the same fingerprint are one finding, whichever cassette and plan showed them; so the name must not
change when a case is shrunk, run on another machine, or run again with other ids.
"""

from __future__ import annotations

import hashlib
import re

from harness.judge.verdict import Verdict

DIGITS = 12
"""Hexadecimal digits of a fingerprint: among ten thousand findings, two are alike by chance once in a million times."""

_CAUSE_CHARS = 160

_VARYING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\w+://[^\s'\")>]+"), "<url>"),
    # What a program quotes, or dumps, is what it was sent. An apostrophe inside a word quotes nothing.
    (re.compile(r"(?<!\w)b?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`)(?!\w)"), "'_'"),
    (re.compile(r"\{.*\}", re.DOTALL), "{_}"),
    (re.compile(r"\b(input_\w+)=[^,\]]*"), r"\1=_"),  # pydantic's
    (re.compile(r"(?:/[\w.@-]+){2,}/?"), "<path>"),
    # Identities: a prefix and a number (msg_07ab, resp-12), a UUID, an address, a hash.
    (re.compile(r"\b[A-Za-z]+(?:[_-]\w*)*[_-]\w*\d\w*\b"), "#"),
    (re.compile(r"\b0x[0-9a-fA-F]+|\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F-]{8,}\b"), "#"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "#"),
    (re.compile(r"\s+"), " "),
)
"""What says nothing about a bug, and what stands in its place; in this order."""


def fingerprint(verdict: Verdict) -> str:
    """The name of the verdict's finding.

    A rule owes a cause that is normal already: fixed words, type names, and foreign texts only
    through ``normal``.
    """
    return hashlib.sha256(f"{verdict.invariant}\n{verdict.cause}".encode()).hexdigest()[:DIGITS]


def normal(text: str) -> str:
    """A foreign text without quoted values, dumps, addresses, identities and numbers, and not longer than a cause."""
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return text.strip()[:_CAUSE_CHARS].rstrip()
