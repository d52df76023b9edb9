"""A whole stream cut into its blocks, for readers that have met most of them before.

Finding where blocks end costs far less than reading what is in them. Who keeps what a block says need not read it again
in the next stream that holds the same bytes, whatever its place there.
"""

from __future__ import annotations

import re

from harness.wire.decoder import decode
from harness.wire.fields import interpret
from harness.wire.frame import Frame

_BOM = b"\xef\xbb\xbf"
_BLANK = frozenset((b"", b"\n"))
_cut = re.compile(rb"\n\n").split


def split(body: bytes) -> tuple[list[bytes], bytes]:
    """What is in every block of which ``decode`` makes a frame, in order, and what is in its tail.

    A block's bytes come without what does not belong to its fields: a byte order mark, and perhaps the last line end.
    """
    blocks, rest = _cut_plainly(body)
    if blocks is not None:
        return blocks, rest
    frames, tail = decode(body)
    return [_content(frame.raw, frame.start) for frame in frames], _content(tail.raw, tail.start) if tail else b""


def whole_blocks(piece: bytes) -> list[bytes] | None:
    """What is in the blocks of a piece that reads alike wherever it stands between others of its kind; else None."""
    blocks, rest = _cut_plainly(piece)
    return None if rest else blocks


def _cut_plainly(body: bytes) -> tuple[list[bytes] | None, bytes]:
    """As ``split``; None for a body that needs a decoder, because it has more to it than blocks and blank lines."""
    *blocks, rest = _cut(body)
    blank_lines = not _BLANK.isdisjoint([block[:1] for block in blocks]) or rest.startswith(b"\n")
    return (None if blank_lines or b"\r" in body or body.startswith(_BOM) else blocks), rest


def frame_of(block: bytes) -> Frame:
    """The frame of a block from ``split``, as if it stood alone."""
    return interpret(block.splitlines(), block, 0)


def _content(raw: bytes, start: int) -> bytes:
    return raw.removeprefix(_BOM) if start == 0 else raw
