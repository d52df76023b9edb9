"""Edits inside one SSE frame that leave every other byte of it alone.

A touched frame must still look as its server writes frames: the same newline, the same space after the colon, the
same neighbours of the ``data`` line. So the frame is never written anew; single lines of it are replaced.
Field syntax: WHATWG HTML, "Server-sent events", section 9.2.5 (Parsing an event stream).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

BOM = b"\xef\xbb\xbf"
_LINES = re.compile(rb"([^\r\n]*)(\r\n|\n|\r)")

# ``json.dumps`` would build an encoder for each call.
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

Line = tuple[bytes, bytes]
"""A line's own bytes and the newline that ends it."""


def to_text(payload: Any, *, indent: int | None = None) -> str:
    """The JSON text of a payload, plain UTF-8 unless UTF-8 cannot carry it (lone surrogates).

    Compact, or with ``indent`` spaces a level over many lines.
    """
    text = _encode(payload) if indent is None else json.dumps(payload, indent=indent, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(payload, indent=indent, separators=(",", ":"))
    return text


def with_data(raw: bytes, data: str) -> bytes:
    """The frame with other data, one ``data`` line for each line of it."""
    mark, lines = _split(raw)
    places = _fields(lines, b"data")
    at = places[0] if places else len(lines) - 1
    colon = b"data:" if places and not lines[at][0].startswith(b"data: ") else b"data: "
    fresh = [(colon + part.encode(), _newline(lines, at)) for part in data.split("\n")]
    kept = [line for number, line in enumerate(lines) if number not in places]
    return mark + _join([*kept[:at], *fresh, *kept[at:]])


def with_event(raw: bytes, name: str | None) -> bytes:
    """The frame with another ``event`` line, or without one."""
    mark, lines = _split(raw)
    places = _fields(lines, b"event")
    at = places[0] if places else next(iter(_fields(lines, b"data")), len(lines) - 1)
    colon = b"event:" if places and not lines[at][0].startswith(b"event: ") else b"event: "
    fresh = [] if name is None else [(colon + name.encode(), _newline(lines, at))]
    kept = [line for number, line in enumerate(lines) if number not in places]
    return mark + _join([*kept[:at], *fresh, *kept[at:]])


def with_line(raw: bytes, text: str) -> bytes:
    """The frame with one more line at its top, ended as the others are."""
    mark, lines = _split(raw)
    return mark + _join([(text.encode(), _newline(lines, 0)), *lines])


def with_newline(raw: bytes, newline: bytes) -> bytes:
    """The frame with every line ended by ``newline``."""
    mark, lines = _split(raw)
    return mark + _join([(text, newline) for text, _ in lines])


def with_spaces(raw: bytes, *, after_colon: bool) -> bytes:
    """The frame with or without the one space after the colon of its fields, which a reader strips."""
    mark, lines = _split(raw)
    return mark + _join([(_spaced(text, after_colon), newline) for text, newline in lines])


def _spaced(text: bytes, after_colon: bool) -> bytes:
    name, colon, value = text.partition(b":")
    if not name or not colon:
        return text
    bare = value.removeprefix(b" ")
    # A value that begins with a space of its own needs the one that is stripped.
    return name + colon + (b" " if after_colon or bare.startswith(b" ") else b"") + bare


def without_blank_line(raw: bytes) -> bytes:
    """The frame without the blank line that dispatches it."""
    mark, lines = _split(raw)
    return mark + _join(lines[:-1])


def new_frame(fields: Sequence[str], like: bytes) -> bytes:
    """A frame of these lines, with the newline of its neighbour."""
    _, lines = _split(like)
    newline = _newline(lines, 0)
    return _join([(field.encode(), newline) for field in (*fields, "")])


def _split(raw: bytes) -> tuple[bytes, list[Line]]:
    mark = BOM if raw.startswith(BOM) else b""
    return mark, _LINES.findall(raw, len(mark))


def _join(lines: Sequence[Line]) -> bytes:
    return b"".join(text + newline for text, newline in lines)


def _fields(lines: Sequence[Line], name: bytes) -> list[int]:
    return [number for number, (text, _) in enumerate(lines) if text.partition(b":")[0] == name]


def _newline(lines: Sequence[Line], near: int) -> bytes:
    return lines[min(near, len(lines) - 1)][1] if lines else b"\n"
