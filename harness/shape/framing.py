"""The habits with which a server writes its frames, as a table: each counted over frames or over whole streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.protocols.responses.event import DONE, decode
from harness.shape.lattice import Tally
from harness.wire import Frame, Tail

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Habit:
    """One way of writing frames."""

    name: str
    meaning: str
    counts: Callable[[Frame], bool]
    """Which frames could show it."""
    shows: Callable[[Frame], bool]


def _says(frame: Frame) -> bool:
    return frame.dispatched and frame.data not in {"", DONE}


def _every(frame: Frame) -> bool:
    return True


def _lines(frame: Frame) -> Iterable[bytes]:
    return frame.raw.removeprefix(_BOM).splitlines()


def _is_json(frame: Frame) -> bool:
    event = decode(0, frame)
    return event is None or event.damage is None


FRAME_HABITS: tuple[Habit, ...] = (
    Habit("event-line", "the event's type on an event line", _says, lambda frame: bool(frame.event)),
    Habit("id-line", "an id line", _says, lambda frame: frame.id is not None),
    Habit("retry-line", "a retry line", _every, lambda frame: frame.retry is not None),
    Habit("comment", "comment lines", _every, lambda frame: bool(frame.comments)),
    Habit(
        "data-lines",
        "data on several lines",
        _says,
        lambda frame: sum(line.startswith(b"data") for line in _lines(frame)) > 1,
    ),
    Habit(
        "space",
        "a space after the colon of data",
        _says,
        lambda frame: any(line.startswith(b"data: ") for line in _lines(frame)),
    ),
    Habit("crlf", "lines that end with CR LF", _every, lambda frame: b"\r\n" in frame.raw),
    Habit("cr", "lines that end with CR alone", _every, lambda frame: b"\r" in frame.raw.replace(b"\r\n", b"")),
    Habit("not-json", "data that is no JSON object", _says, lambda frame: not _is_json(frame)),
    Habit("not-utf8", "bytes that are not UTF-8", _every, lambda frame: frame.replaced),
)

STREAM_HABITS: Mapping[str, tuple[str, Callable[[Sequence[Frame], Tail | None], bool]]] = {
    "done-marker": ("[DONE] in the stream", lambda frames, tail: any(frame.data == DONE for frame in frames)),
    "byte-order-mark": ("a byte order mark", lambda frames, tail: bool(frames) and frames[0].raw.startswith(_BOM)),
    "unterminated": ("no blank line after the last frame", lambda frames, tail: tail is not None and tail.lost),
}
"""Name to meaning, and whether a whole stream shows it."""

MEANINGS: Mapping[str, str] = {
    **{habit.name: habit.meaning for habit in FRAME_HABITS},
    **{name: meaning for name, (meaning, _) in STREAM_HABITS.items()},
}


class FramingCount:
    """Counts habits over the streams it is given."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(MEANINGS, (0, 0))

    def take(self, frames: Sequence[Frame], tail: Tail | None, *, whole: bool) -> None:
        """``whole``: the stream ended properly, so what is unfinished at its end was the server's doing."""
        for frame in frames:
            for habit in FRAME_HABITS:
                if habit.counts(frame):
                    self._count(habit.name, habit.shows(frame))
        for name, (_, shows) in STREAM_HABITS.items():
            self._count(name, shows(frames, tail if whole else None))

    def tallies(self) -> Mapping[str, Tally]:
        return {name: Tally(seen, missing) for name, (seen, missing) in self._counts.items()}

    def _count(self, name: str, shown: bool) -> None:
        seen, missing = self._counts[name]
        self._counts[name] = (seen + shown, missing + (not shown))
