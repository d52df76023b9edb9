"""Where a text holds secrets, also below the surface: in JSON strings whose escapes hide what a rule looks for.

``\\nsk-live-...`` looks, byte by byte, like a word that begins with ``n``; so every JSON string with an escape in it is
read as the text it stands for, again and again for JSON inside JSON, and a hit there is carried back to the bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from harness.cassette.anchors import KNOWN, RuleSet
from harness.cassette.hits import placeholder

Span = tuple[int, int]


class Piece(NamedTuple):
    """Bytes ``start`` to ``end`` of a view, and the bytes they were read from."""

    start: int
    end: int
    origin: int
    origin_end: int


@dataclass(frozen=True, slots=True)
class View:
    """A text as it is meant, and where each piece of it was written."""

    text: bytes
    pieces: tuple[Piece, ...]

    def back(self, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """The spans in the original; an escape that is hit in part is taken whole."""
        return joined(origin for span in spans for origin in origins(self.pieces, span))


class Secret(NamedTuple):
    """One hit, and the one or more runs of bytes that hold it."""

    rule: str
    spans: tuple[Span, ...]


def secrets(text: bytes, rules: RuleSet = KNOWN, depth: int = 3) -> Iterator[Secret]:
    """Every secret in ``text`` and in the JSON strings in it, ``depth`` levels deep."""
    for hit in rules.hits_in(text):
        yield Secret(hit.rule, ((hit.start, hit.end),))
    if b"\\u00" in text and _SPELLED.search(text) is not None:
        # The name of a member may be escaped where its value is not, so both have to be seen in one text.
        view = _unspelled(text)
        for hit in rules.hits_in(view.text):
            yield Secret(hit.rule, view.back(((hit.start, hit.end),)))
    if depth and b"\\" in text:
        for string in _STRING.finditer(text):
            if b"\\" in string[1]:
                view = unescaped(string[1], string.start(1))
                # A backslash at the end belongs to an escape that goes on in another piece.
                for secret in secrets(view.text.rstrip(b"\\"), rules, depth - 1):
                    yield Secret(secret.rule, view.back(secret.spans))


def unescaped(inner: bytes, offset: int) -> View:
    """The inside of a JSON string as the text it means; ``offset`` is where it was written."""
    if b"\\" not in inner:
        return View(inner, (Piece(0, len(inner), offset, offset + len(inner)),) if inner else ())
    return _read(inner, offset, _ESCAPE, _meant)


def _meant(escape: bytes) -> bytes:
    return _SHORT.get(escape) or json.loads(b'"%b"' % escape).encode("utf-8", "surrogatepass")


def _unspelled(text: bytes) -> View:
    """``text`` with the letters that are spelled out, at any depth of escaping, as themselves."""
    return _read(text, 0, _SPELLED, lambda spelled: bytes([int(spelled[-2:], 16)]))


def _read(inner: bytes, offset: int, escapes: re.Pattern[bytes], meant: Callable[[bytes], bytes]) -> View:
    text, pieces, taken = bytearray(), list[Piece](), 0
    for escape in escapes.finditer(inner):
        _add(text, pieces, inner[taken : escape.start()], offset + taken, offset + escape.start())
        _add(text, pieces, meant(escape[0]), offset + escape.start(), offset + escape.end())
        taken = escape.end()
    _add(text, pieces, inner[taken:], offset + taken, offset + len(inner))
    return View(bytes(text), tuple(pieces))


def origins(pieces: tuple[Piece, ...] | list[Piece], span: Span) -> Iterator[Span]:
    """Where the bytes of a span of the view were written."""
    for piece in pieces:
        start, end = max(piece.start, span[0]), min(piece.end, span[1])
        if start >= end:
            continue
        if piece.end - piece.start == piece.origin_end - piece.origin:
            yield piece.origin + start - piece.start, piece.origin + end - piece.start
        else:
            yield piece.origin, piece.origin_end


def joined(spans: Iterator[Span]) -> tuple[Span, ...]:
    """Adjacent spans as one."""
    runs: list[Span] = []
    for start, end in spans:
        if runs and start <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
        else:
            runs.append((start, end))
    return tuple(runs)


class Mask:
    """Which bytes of a text are to go. Order and overlaps of what is covered do not matter."""

    def __init__(self) -> None:
        self._marks = bytearray()

    def grow(self, count: int) -> None:
        """``count`` more bytes have come."""
        self._marks += bytes(count)

    def cover(self, spans: tuple[Span, ...]) -> None:
        """Cover a secret; of one that is in several runs only the first gets a speaking placeholder, so that all of
        them, read as one text, look like a single placeholder."""
        for number, (start, end) in enumerate(spans):
            kind = _GOES_ON if number else _BEGINS
            self._marks[start:end] = bytes(mark or kind for mark in self._marks[start:end])

    def cut(self, end: int) -> int:
        """The last place up to ``end`` where the text can be parted without parting a placeholder."""
        while 0 < end < len(self._marks) and self._marks[end - 1] and self._marks[end]:
            end -= 1
        return end

    def release(self, data: bytes) -> bytes:
        """The first bytes of the text with placeholders over what is covered; they are forgotten here."""
        marks = bytes(self._marks[: len(data)])
        del self._marks[: len(data)]
        if not any(marks):
            return data
        mended = bytearray(data)
        for run in _COVERED.finditer(marks):
            length = run.end() - run.start()
            text = placeholder(length) if run[0][0] == _BEGINS else "x" * length
            mended[run.start() : run.end()] = text.encode()
        return bytes(mended)


def masked(text: bytes, depth: int = 3) -> tuple[bytes, tuple[str, ...]]:
    """``text`` with a placeholder of equal length over every secret, and the names of the rules that found any."""
    found = tuple(secrets(text, depth=depth))
    if not found:
        return text, ()
    mask = Mask()
    mask.grow(len(text))
    for secret in found:
        mask.cover(secret.spans)
    return mask.release(text), tuple(dict.fromkeys(secret.rule for secret in found))


def _add(text: bytearray, pieces: list[Piece], meant: bytes, origin: int, origin_end: int) -> None:
    if origin < origin_end:
        pieces.append(Piece(len(text), len(text) + len(meant), origin, origin_end))
        text += meant


_SHORT = {b"\\n": b"\n", b"\\t": b"\t", b"\\r": b"\r", b'\\"': b'"', b"\\\\": b"\\", b"\\/": b"/"}
_BEGINS, _GOES_ON = 1, 2
_COVERED = re.compile(rb"[\x01\x02]+")
_STRING = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|\Z)', re.DOTALL)
"""A JSON string, or the beginning of one: looked for once from each place, so that none is read again and again."""
_ESCAPE = re.compile(rb'\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|["\\/bfnrt])')
_SPELLED = re.compile(rb"(?<!\\)\\++u00(?:2[dDeE]|3[0-9]|4[0-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aA])")
"""Letters, digits and what stands between them in names and addresses: none of them ends a string."""
