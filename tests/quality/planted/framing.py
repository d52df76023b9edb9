"""Bytes and frames: where a chunk, a line and an event begin and end."""

from __future__ import annotations

import json

from harness.runtime import Assembler, EventDecoder, UndecodableStream
from harness.wire import Decoder, Limits, encode
from tests.quality.planted.defect import ASSEMBLER, EVENT_DECODER, defect


@defect("chunk-split")
def each_chunk_is_text():
    """Every chunk is decoded by itself, so a character across two of them is lost."""

    class Planted(EventDecoder):
        def feed(self, chunk):
            return super().feed(chunk.decode("utf-8", "replace").encode())

    return {EVENT_DECODER: Planted}


def _frames(change):
    """The bytes that are read in the place of each frame's."""

    class Planted(EventDecoder):
        def __init__(self, limits=None):
            super().__init__(limits)
            self._whole = Decoder()

        def feed(self, chunk):
            return super().feed(b"".join(map(change, self._whole.feed(chunk))))

        def close(self):
            tail = self._whole.close()
            return [*(super().feed(tail.raw) if tail else ()), *super().close()]

    return {EVENT_DECODER: Planted}


@defect("chunk-split")
def data_needs_a_space():
    """A data line is one that begins with ``data: ``, space included."""
    return _frames(lambda frame: b"" if b"data:{" in frame.raw else frame.raw)


@defect("chunk-split")
def lines_end_in_one_way():
    """A frame ends at two line feeds; with carriage returns there never is an end."""
    return _frames(lambda frame: b"" if b"\r" in frame.raw else frame.raw)


@defect("chunk-split")
def last_data_line_stands():
    """Of several data lines in a frame the last one replaces the others."""

    def last(frame):
        first, data, rest = frame.raw.rpartition(b"data:")
        return b"\n".join(line for line in first.splitlines() if not line.startswith(b"data")) + b"\n" + data + rest

    return _frames(lambda frame: last(frame) if frame.raw.count(b"\ndata:") > 1 else frame.raw)


@defect("content-lost")
def frames_need_a_name():
    """Events are told apart by the event line; a frame without one is nobody's."""
    return _frames(lambda frame: frame.raw if frame.event else b"")


@defect("error-shape")
def name_beats_type():
    """The event line says what an event is, whatever its payload says."""

    def named(frame):
        try:
            payload = json.loads(frame.data or "")
        except ValueError:
            return frame.raw
        if not frame.event or not isinstance(payload, dict):
            return frame.raw
        return encode(json.dumps({**payload, "type": frame.event}))

    return _frames(named)


@defect("keepalive")
def comments_are_no_lines():
    """A line that is no field of an event makes the stream unreadable."""

    class Planted(EventDecoder):
        def feed(self, chunk):
            if chunk.startswith(b":") or b"\n:" in chunk:
                raise UndecodableStream("unexpected line")
            return super().feed(chunk)

    return {EVENT_DECODER: Planted}


@defect("keepalive")
def empty_data_is_json():
    """A frame without data, as servers send it to keep a connection alive, is parsed like any other."""

    def parsed(frame):
        if frame.data is not None and not frame.data.strip():
            _ = {}[frame.data]
        return frame.raw

    return _frames(parsed)


@defect("final-blank-line")
def takes_half_a_frame_apart():
    """What is left when the stream ends is taken apart as if it were a whole frame."""

    class Planted(EventDecoder):
        def feed(self, chunk):
            self._left = (getattr(self, "_left", b"") + chunk).replace(b"\r\n", b"\n").rpartition(b"\n\n")[2]
            return super().feed(chunk)

        def close(self):
            left = getattr(self, "_left", b"")
            if left.strip():
                _ = {"type": json.loads(dict(line.split(b": ", 1) for line in left.splitlines())[b"data"])["type"]}
            return super().close()

    return {EVENT_DECODER: Planted}


@defect("stall")
def long_lines_are_refused():
    """A line may have 64 KiB, the default of a library."""

    class Planted(EventDecoder):
        def __init__(self, limits=None):
            super().__init__(limits or Limits(65_536, 65_536))

    return {EVENT_DECODER: Planted}


@defect("missing-terminal", "truncated streams")
def done_marker_completes():
    """``[DONE]`` ends the answer well, whatever was still open."""

    class Planted(Assembler):
        def feed(self, event):
            signals = super().feed(event)
            if self.marked_done and self.ending is None:
                self.ending = "completed"
            return signals

    return {ASSEMBLER: Planted}
