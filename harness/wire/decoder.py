"""Bytes in, frames out: WHATWG HTML, section 9.2.5 (Parsing an event stream), incremental and without I/O.

The stream is cut into lines by ``bytes.splitlines``, which knows exactly the three line ends of the standard; lines
are gathered until a blank one, and then interpreted together. Each byte is looked at a fixed number of times, however
the stream is chunked: what is unfinished is kept as a list of pieces and joined once.

A CR ends its line at once, because waiting for a possible LF would hold a finished frame back until the next chunk.
If that LF then comes first in the next chunk, it starts no line. Inside a block it is kept in its place; after a blank
line the frame is out already, so the LF becomes the first byte of the next frame's ``raw``, or of the tail's. Only
the place of this one byte depends on the chunking; fields never do.

Nearly all frames of nearly all servers have one plain form, and where nothing is pending those are read by one
pattern instead. It only ever takes whole frames of that form; everything else goes the general way.
"""

from __future__ import annotations

import re
import sys

from harness.wire.fields import interpret
from harness.wire.frame import Frame, Payload, Tail
from harness.wire.limits import DEFAULT, UNLIMITED, LimitExceeded, Limits

_BOM = b"\xef\xbb\xbf"
_LINE_ENDS = b"\r\n"
_CR = 0x0D
_BLANK = b"\n\n"
_plain = re.compile(rb"(?:event: (.*)\n)?data: (.*)\n\n").match
"""A frame of at most an ``event`` and one ``data`` line, to be looked for only where there is no CR."""
_build = tuple.__new__
"""Builds a Frame of its fields, in half the time that its own constructor takes."""


class Decoder:
    """An incremental decoder of one stream."""

    def __init__(self, *, limits: Limits = DEFAULT) -> None:
        self._max_line = limits.max_line_bytes or sys.maxsize
        self._max_event = limits.max_event_bytes or sys.maxsize
        self._max_plain = min(self._max_line, self._max_event)
        # Finished pieces of the current block: lines with their line ends; a BOM and a late LF are pieces of their own.
        self._lines: list[bytes] = []
        # Pieces of the current line.
        self._partial: list[bytes] = []
        # Offsets in the stream: of the next byte, and of the first byte of the current frame, block and line. A frame
        # can start before its block by no more than a late LF.
        self._offset = self._frame = self._block = self._line = 0
        self._after_cr = False
        self._closed = False
        self._failure: LimitExceeded | None = None

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes; give the frames they finish.

        Raises LimitExceeded when a line or an event grows too large. Frames finished before that point are given
        first, and the next call raises; so does every later one. Raises ValueError after ``close``.
        """
        chunk, end = self._maybe_plain(chunk)
        frames: list[Frame] = []
        start, at = self._offset, 0
        while at < end and (found := _plain(chunk, at)):
            raw, event, data = found.group(0, 1, 2)
            try:
                name, text = event.decode() if event else "", data.decode()
            except UnicodeDecodeError:
                break
            frames.append(_build(Frame, (raw, start + at, name, text, None, None, (), False)))
            at = found.end()
        if at:
            self._begin_at(start + at)
        if at < len(chunk):
            frames += self._read(chunk[at:])
        if self._failure and not frames:
            raise self._failure
        return frames

    def payloads(self, chunk: bytes) -> list[Payload]:
        """As ``feed``, for a reader of events who has no use for the rest of a frame: half the work."""
        chunk, end = self._maybe_plain(chunk)
        payloads: list[Payload] = []
        ascii_only = chunk.isascii()
        at = 0
        while at < end and (found := _plain(chunk, at)):
            event, data = found.groups(b"")
            if not ascii_only and not (_is_utf8(event) and _is_utf8(data)):
                break
            payloads.append((event, data, False))
            at = found.end()
        if at:
            self._offset = self._frame = self._block = self._line = self._offset + at
            self._after_cr = False
        if at < len(chunk):
            payloads += _payloads_of(self._read(chunk[at:]))
        if self._failure and not payloads:
            raise self._failure
        return payloads

    def close(self) -> Tail | None:
        """End the stream; give what the standard discards, or None when no byte is left. May be called again.

        Raises LimitExceeded when the stream has passed a limit.
        """
        self._closed = True
        if self._failure:
            raise self._failure
        pieces = [*self._lines, *self._opened(b"".join(self._partial))]
        rest = interpret(pieces, b"".join(pieces), self._frame)
        return Tail(rest.raw, rest.start, rest.event, rest.data, rest.id, rest.comments) if rest.raw else None

    def _maybe_plain(self, chunk: bytes) -> tuple[bytes, int]:
        """The bytes to be read now, and how many of them may be in plain frames."""
        if self._closed:
            raise ValueError("bytes fed to a decoder that is closed")
        if _CR in chunk:
            return chunk, 0
        if self._frame != self._offset:
            pending = self._offset - self._frame
            # Once a frame's end is there, it is read from its beginning, and so each byte twice at most.
            if _BLANK not in chunk or pending + len(chunk) > self._max_plain or self._block != self._frame:
                return chunk, 0
            begun = b"".join([*self._lines, *self._partial])
            if _CR in begun:
                return chunk, 0
            self._lines.clear()
            self._partial.clear()
            self._begin_at(self._frame)
            chunk = begun + chunk
        # No frame within a chunk is larger than the chunk.
        return chunk, len(chunk) if len(chunk) <= self._max_plain else 0

    def _begin_at(self, offset: int) -> None:
        """A frame begins here, and nothing is pending."""
        self._offset = self._frame = self._block = self._line = offset
        self._after_cr = False

    def _read(self, chunk: bytes) -> list[Frame]:
        """Take these bytes, whatever they are, up to where they pass a limit."""
        frames: list[Frame] = []
        taken = 0
        while taken < len(chunk) and (room := self._room(chunk[taken])):
            frames += self._take(chunk[taken : taken + room])
            taken += room
        return frames

    def _room(self, byte: int) -> int:
        """How many bytes can be taken before one may pass a limit; 0 when ``byte``, the next one, does."""
        if self._failure:
            return 0
        line_room = self._line + self._max_line - self._offset
        event_room = self._block + self._max_event - self._offset
        room = min(line_room, event_room)
        if room <= 0 and byte in _LINE_ENDS:
            return 1
        if room <= 0:
            self._failure = (
                LimitExceeded("max_line_bytes", self._max_line, self._offset)
                if line_room <= 0
                else LimitExceeded("max_event_bytes", self._max_event, self._offset)
            )
        return max(room, 0)

    def _take(self, chunk: bytes) -> list[Frame]:
        pieces = chunk.splitlines(keepends=True)
        if self._after_cr and pieces[0] == b"\n":
            self._lines.append(pieces.pop(0))
            if self._block == self._offset:
                self._block += 1
        rest = b"" if chunk[-1] in _LINE_ENDS else pieces.pop()
        if pieces:
            first = b"".join([*self._partial, pieces[0]])
            self._partial.clear()
            pieces[:1] = self._opened(first)
        if rest:
            self._partial.append(rest)
        self._after_cr = chunk.endswith(b"\r")
        self._offset += len(chunk)
        if len(rest) < len(chunk):
            self._line = self._offset - len(rest)
        return self._gather(pieces) if pieces else []

    def _opened(self, line: bytes) -> list[bytes]:
        """``line`` in pieces: a byte order mark is none of the line's, but only at the very start of the stream."""
        if self._line == 0 and line.startswith(_BOM):
            return [_BOM, line[len(_BOM) :]]
        return [line]

    def _gather(self, lines: list[bytes]) -> list[Frame]:
        frames: list[Frame] = []
        block = self._lines
        for line in lines:
            if line[0] in _LINE_ENDS:  # only a blank line begins with its line end
                raw = b"".join(block) + line
                frames.append(interpret(block, raw, self._frame))
                self._frame += len(raw)
                block = []
            else:
                block.append(line)
        self._lines = block
        if frames:
            self._block = self._frame
        return frames


def _payloads_of(frames: list[Frame]) -> list[Payload]:
    return [
        (frame.event.encode(), None if frame.data is None else frame.data.encode(), frame.replaced)
        for frame in frames
        if frame.dispatched or frame.replaced
    ]


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def decode(body: bytes) -> tuple[list[Frame], Tail | None]:
    """Frames and tail of a whole stream that is in memory already, so without limits."""
    decoder = Decoder(limits=UNLIMITED)
    return decoder.feed(body), decoder.close()
