"""A frame being edited: its bytes, and what is placed at them. What the bytes mean is worked out when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from harness.delivery.actions import EndingAction
from harness.mutations import lines
from harness.protocols.responses.event import Event
from harness.protocols.responses.event import decode as decode_event
from harness.protocols.responses.reading.terminal import terminal_of
from harness.wire import Frame, decode

_UNASKED: Any = object()


@dataclass(frozen=True, slots=True)
class Stop:
    """The connection ends inside or after this frame, whatever was to come."""

    offset: int
    """Bytes of the frame that are still sent."""
    ending: EndingAction


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A frame and what happens while it is sent."""

    raw: bytes
    """The exact bytes of one frame, blank line included."""
    breaks: tuple[int, ...] = (0,)
    """Offsets in the frame at which a chunk begins."""
    waits: tuple[tuple[int, float], ...] = ()
    """``(offset, ms)``: silences before a byte of the frame."""
    stop: Stop | None = None
    # Pieces are shared between all cases of a cassette, so each answer is worked out once for all of them.
    _event: Event | None = field(init=False, default=_UNASKED, compare=False, repr=False)
    _ends: bool = field(init=False, default=_UNASKED, compare=False, repr=False)

    @property
    def frame(self) -> Frame:
        """The frame. Raises ValueError when the bytes are none, or several."""
        return frame_of(self.raw)

    @property
    def event(self) -> Event | None:
        """What the frame dispatches, numbered 0; None for comments and the like."""
        if self._event is _UNASKED:
            object.__setattr__(self, "_event", decode_event(0, self.frame))
        return self._event

    @property
    def payload(self) -> dict[str, Any] | None:
        """The JSON object it dispatches, never to be changed; None when it dispatches none."""
        event = self.event
        return None if event is None else event.payload

    @property
    def ends(self) -> bool:
        """Whether the event ends the response: a terminal, or an error of any shape."""
        if self._ends is _UNASKED:
            event = self.event
            object.__setattr__(self, "_ends", event is not None and terminal_of(event) is not None)
        return self._ends

    def rewritten(self, raw: bytes) -> Piece:
        """The same piece with other bytes. What was attached inside the frame is gone; what was before it stays."""
        return Piece(
            raw,
            tuple(offset for offset in self.breaks if offset == 0),
            tuple((offset, ms) for offset, ms in self.waits if offset == 0),
            self.stop and replace(self.stop, offset=min(self.stop.offset, len(raw))),
        )

    def with_data(self, data: str) -> Piece:
        """The same piece with other data, whatever it says."""
        return self.rewritten(lines.with_data(self.raw, data))

    def with_payload(self, payload: dict[str, Any]) -> Piece:
        """The same piece with another payload, written compactly."""
        text = lines.to_text(payload)
        piece = self.with_data(text)
        name = self.event.name if self.event is not None else ""
        stated = payload.get("type")
        # What was just written need not be read again to be known.
        told = Event(0, name, stated if isinstance(stated, str) else name, payload, text)
        object.__setattr__(piece, "_event", told)
        return piece


@lru_cache(maxsize=4096)
def frame_of(raw: bytes) -> Frame:
    """The one frame these bytes are. Raises ValueError when they are none, or several."""
    frames, tail = decode(raw)
    if len(frames) != 1 or tail is not None:
        raise ValueError(f"not exactly one frame: {raw[:80]!r}")
    return frames[0]


def new_piece(spec: Mapping[str, Any], like: Piece | None) -> Piece:
    """The piece of a frame as people write it; unless told, it has an ``event`` line when its neighbour has one."""
    payload = spec.get("payload")
    kind = payload.get("type") if payload is not None else None
    named = kind if isinstance(kind, str) and (like is None or like.frame.event) else ""
    event = spec.get("event", named)
    data = lines.to_text(payload) if payload is not None else spec.get("data")
    fields = [
        *([f": {spec['comment']}"] if "comment" in spec else []),
        *([f"id: {spec['id']}"] if "id" in spec else []),
        *([f"retry: {spec['retry']}"] if "retry" in spec else []),
        *([f"event: {event}"] if event else []),
        *([f"data: {line}" for line in data.split("\n")] if data is not None else []),
    ]
    return Piece(lines.new_frame(fields, like.raw if like else b"\n"))
