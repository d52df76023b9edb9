"""From the lines of a block to its fields: WHATWG HTML, section 9.2.6 (Interpreting an event stream).

Lines are told apart and field names compared as bytes, and only values are decoded: CR and LF are ASCII, so no UTF-8
sequence, sound or broken, reaches over a line end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from harness.wire.frame import Frame

_LINE_ENDS = b"\r\n"
_RETRY_DIGITS = 18
_LONGEST_RETRY_MS = 10**_RETRY_DIGITS


def interpret(lines: Sequence[bytes], raw: bytes, start: int, errors: Literal["strict", "replace"] = "strict") -> Frame:
    """The frame with the fields of ``lines`` (each with or without its line end), and with ``raw`` and ``start``.

    ``errors`` is for this function itself: a block is read again, with replacement, only when it is not all UTF-8.
    """
    event = ""
    data: list[bytes] = []
    identity: str | None = None
    retry: int | None = None
    comments: list[str] = []
    try:
        for line in lines:
            name, colon, value = line.rstrip(_LINE_ENDS).partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event = value.decode("utf-8", errors)
            elif name == b"id":
                identity = identity if b"\0" in value else value.decode("utf-8", errors)
            elif name == b"retry":
                retry = _milliseconds(value) if value.isdigit() else retry
            elif colon and not name:
                comments.append(value.decode("utf-8", "replace"))
        text = b"\n".join(data).decode("utf-8", errors) if data else None
    except UnicodeDecodeError:
        return interpret(lines, raw, start, "replace")
    return Frame._make((raw, start, event, text, identity, retry, tuple(comments), errors == "replace"))


def _milliseconds(digits: bytes) -> int:
    # Python refuses to read thousands of digits, and no clock reaches that far.
    significant = digits.lstrip(b"0")
    return int(significant or b"0") if len(significant) <= _RETRY_DIGITS else _LONGEST_RETRY_MS
