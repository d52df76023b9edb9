"""The inverse of the decoder: one block of fields, as bytes.

Whatever it returns, the decoder reads back as it was given, but for the line ends inside ``data``: the format has only
one kind of them there, and reads it as a line feed. What the format cannot carry at all is refused, not bent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Newline = Literal["\n", "\r", "\r\n"]

_LINE_END = re.compile("\r\n|\r|\n")


def encode(
    data: str | None,
    *,
    event: str = "",
    id: str | None = None,
    retry: int | None = None,
    comments: Iterable[str] = (),
    newline: Newline = "\n",
) -> bytes:
    """One block, blank line included. ``data`` None writes no data line, so nothing would be dispatched.

    Raises ValueError for a line end in ``event``, ``id`` or a comment, for a NUL in ``id``, and for a negative
    ``retry`` (ms); UnicodeEncodeError for a lone surrogate.
    """
    if id is not None and "\0" in id:
        raise ValueError(f"an id with a NUL would be ignored: {id!r}")
    if retry is not None and retry < 0:
        raise ValueError(f"retry is {retry} ms, but only digits are read")
    fields: list[tuple[str, str]] = [("", comment) for comment in comments]
    fields += [("event", event)] if event else []
    fields += [("id", id)] if id is not None else []
    fields += [("retry", str(retry))] if retry is not None else []
    for name, value in fields:
        if _LINE_END.search(value):
            raise ValueError(f"a line end cannot be part of {name or 'a comment'}: {value!r}")
    fields += [("data", line) for line in _LINE_END.split(data)] if data is not None else []
    return "".join([f"{name}: {value}{newline}" for name, value in fields] + [newline]).encode()
