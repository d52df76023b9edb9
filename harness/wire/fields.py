"""From the lines of a block to its fields: WHATWG HTML, section 9.2.6 (Interpreting an event stream).

Lines are told apart and field names compared as bytes. Only values are decoded, each block's at once: CR and LF are
ASCII, so no UTF-8 sequence, sound or broken, reaches over a line end.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.wire.frame import Frame

_LINE_END = b"\r\n"
_RETRY_DIGITS = 18
_LONGEST_RETRY_MS = 10**_RETRY_DIGITS


def interpret(lines: Sequence[bytes], start: int) -> Frame:
    """The frame made of ``lines``, each with its line end (the last may lack it); ``start`` is its stream offset."""
    event = b""
    data: list[bytes] = []
    identity: bytes | None = None
    retry: int | None = None
    comments: list[bytes] = []
    for line in lines:
        name, colon, value = line.rstrip(_LINE_END).partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value
        elif name == b"id":
            if b"\0" not in value:
                identity = value
        elif name == b"retry":
            retry = _milliseconds(value, retry)
        elif colon and not name:
            comments.append(value)

    def frame(errors: str) -> Frame:
        return Frame(
            b"".join(lines),
            start,
            event.decode("utf-8", errors),
            b"\n".join(data).decode("utf-8", errors) if data else None,
            None if identity is None else identity.decode("utf-8", errors),
            retry,
            tuple([comment.decode("utf-8", "replace") for comment in comments]),
            errors == "replace",
        )

    try:
        return frame("strict")
    except UnicodeDecodeError:
        return frame("replace")


def _milliseconds(value: bytes, otherwise: int | None) -> int | None:
    if not value.isdigit():
        return otherwise
    # Python refuses to read thousands of digits, and no clock reaches that far.
    return int(value) if len(value.lstrip(b"0")) <= _RETRY_DIGITS else _LONGEST_RETRY_MS
