"""The journal of a recording under way: every event, redacted, on disk as soon as it is safe there.

One folder: ``target.json``, and for every interaction ``N.jsonl`` (request, head, chunk rows, ending) and its body:
``N.body`` as sent, ``N.decoded`` what an encoded body means. Files only grow, and every line stands for itself, so what
is there at any moment can be made into a cassette; the folder is locked as long as somebody writes.
"""

from __future__ import annotations

import fcntl
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson

from harness.cassette import RecordedResponse
from harness.cassette.redactor import Redactor, redactor_for
from harness.delivery.codings import Decoding, UnknownCoding, codings_of
from harness.delivery.seating import Seating
from harness.record.events import Came, Ended, Event, Headed, Opened
from harness.record.heads import header, safe_request, safe_response
from harness.record.target import Target, fresh_folder

TARGET, LOCK = "target.json", "lock"


class Journal:
    """Writes one recording to a new folder in ``parent``."""

    def __init__(self, target: Target, parent: Path) -> None:
        self.target = target
        self.folder = fresh_folder(parent, target)
        self._lock = locked(self.folder)
        (self.folder / TARGET).write_bytes(orjson.dumps(asdict(target)))
        self._seating = Seating()
        self._reels: dict[int, _Reel] = {}

    def take(self, event: Event) -> None:
        match event:
            case Opened():
                self._reels[event.number] = _Reel(self.folder / str(event.number), event, self._seating)
            case Headed():
                self._reels[event.number].head(event)
            case Came():
                self._reels[event.number].came(event)
            case Ended():
                self._reels.pop(event.number).end(event)

    def close(self) -> None:
        """Write what was held back of responses that never ended. The folder stays, unlocked."""
        for reel in self._reels.values():
            reel.close()
        self._reels.clear()
        if self._lock is not None:
            self._lock.close()


def locked(folder: Path) -> BinaryIO | None:
    """The lock of a journal's folder, held until it is closed; None when somebody else holds it."""
    lock = (folder / LOCK).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


class _Reel:
    """One request and its response."""

    def __init__(self, stem: Path, event: Opened, seating: Seating) -> None:
        self._stem = stem
        self._log = stem.with_suffix(".jsonl").open("ab", buffering=0)
        self._track: _Track | None = None
        turn, attempt = seating.seat(event.payload)
        request = safe_request(event)
        self._note(request=asdict(request), turn=turn, attempt=attempt)

    def head(self, event: Headed) -> None:
        response = safe_response(event)
        self._note(head=_head(response))
        redactor = redactor_for(header(event.headers, "content-type"))
        try:
            self._track = _track(self._stem, codings_of(event.headers), redactor)
        except UnknownCoding as error:
            self._note(unreadable=str(error))

    def came(self, event: Came) -> None:
        if self._track is not None:
            if event.begins:
                self._note(chunk=[*self._track.position, round(event.ms, 3)])
            self._track.feed(event.payload)

    def end(self, event: Ended) -> None:
        self.close(ended=[event.ending, round(event.ms, 3)])

    def close(self, **last: Any) -> None:
        """The body first: what a line says of it must be true by then."""
        if self._track is not None:
            self._track.close()
            self._note(rules=list(self._track.redactor.rules), changed=self._track.changed)
        if last:
            self._note(**last)
        self._log.close()

    def _note(self, **line: Any) -> None:
        self._log.write(orjson.dumps(line) + b"\n")


class _Track(Protocol):
    """Writes a body."""

    redactor: Redactor
    changed: bool
    """Whether redaction had to change an encoded body, so that only its meaning could be kept."""

    @property
    def position(self) -> tuple[int, ...]:
        """Offset of the next byte: as sent, and for an encoded body also in what it means."""

    def feed(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class _PlainTrack:
    """A body that is what it means."""

    changed = False

    def __init__(self, stem: Path, redactor: Redactor) -> None:
        self.redactor = redactor
        self._body = stem.with_suffix(".body").open("wb", buffering=0)
        self._came = 0

    @property
    def position(self) -> tuple[int, ...]:
        return (self._came,)

    def feed(self, data: bytes) -> None:
        self._came += len(data)
        self._body.write(self.redactor.feed(data))

    def close(self) -> None:
        self._body.write(self.redactor.close())
        self._body.close()


class _EncodedTrack:
    """An encoded body, kept as sent for as long as what it means holds no secret.

    Encoded bytes are written once everything they mean came out of the redactor unchanged. After the first change
    there is no such file any more, and what the body means is kept in its place.
    """

    def __init__(self, stem: Path, decoding: Decoding, redactor: Redactor) -> None:
        self.redactor = redactor
        self.changed = False
        self._decoding = decoding
        self._path = stem.with_suffix(".body")
        self._body = self._path.open("wb", buffering=0)
        self._decoded = stem.with_suffix(".decoded").open("wb", buffering=0)
        self._came = self._meant = self._safe = 0
        self._held: deque[tuple[int, bytes]] = deque()

    @property
    def position(self) -> tuple[int, ...]:
        return self._came, self._meant

    def feed(self, data: bytes) -> None:
        plain = self._decoding.feed(data)
        self._came += len(data)
        self._meant += len(plain)
        self._held.append((self._meant, data))
        self._release(self.redactor.feed(plain))

    def close(self) -> None:
        self._release(self.redactor.close())
        self._body.close()
        self._decoded.close()

    def _release(self, plain: bytes) -> None:
        self._decoded.write(plain)
        self._safe += len(plain)
        if self.redactor.rules and not self.changed:
            self.changed = True
            self._path.unlink()
        while self._held and self._held[0][0] <= self._safe:
            _, data = self._held.popleft()
            if not self.changed:
                self._body.write(data)


def _track(stem: Path, codings: tuple[str, ...], redactor: Redactor) -> _Track:
    return _EncodedTrack(stem, Decoding(codings), redactor) if codings else _PlainTrack(stem, redactor)


def _head(response: RecordedResponse) -> dict[str, Any]:
    head = asdict(response)
    return {name: head[name] for name in ("status", "headers", "framing", "head_ms", "redacted")}
