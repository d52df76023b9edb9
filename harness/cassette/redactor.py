"""Redaction of a body while it streams: bytes go in, and come out once no secret can begin in them any more.

Three things are held back: an unfinished frame; the end of every *channel*, which is a text told piecemeal by the
``delta`` of frame after frame, where a key may have begun that the next frames go on with; and, with them, all bytes
that came later. Lengths never change, so offsets and times hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from harness.cassette.anchors import KNOWN, RuleSet
from harness.cassette.hits import Hit
from harness.cassette.masking import Mask, Piece, Secret, origins, secrets, unescaped
from harness.wire import UNLIMITED, Decoder, Frame, Tail

Found = tuple[str, int, int]
"""A rule's name, and the first and the last offset in the body of what it found."""


class Redactor(Protocol):
    """Takes a body's bytes, gives them back redacted, in order, some of them later."""

    rules: dict[str, None]
    """Names of the rules that found something so far, in the order of their first hit."""
    found: set[Found]
    """All that was found so far."""

    def feed(self, data: bytes) -> bytes: ...

    def close(self) -> bytes:
        """What was still held back."""


def redactor_for(content_type: str, rules: RuleSet = KNOWN) -> Redactor:
    """Frame by frame for an event stream, and for what does not say what it is; all at once for anything else."""
    streams = not content_type or content_type.lower().startswith("text/event-stream")
    return StreamRedactor(rules=rules) if streams else WholeRedactor(rules)


def hits_in_body(body: bytes, content_type: str, where: str, rules: RuleSet = KNOWN) -> Iterator[Hit]:
    """What a redactor would cover in a whole body, in order: one hit a secret, though it may lie in several runs."""
    redactor = redactor_for(content_type, rules)
    redactor.feed(body)
    redactor.close()
    for rule, start, end in sorted(redactor.found, key=lambda found: found[1:]):
        yield Hit(rule, where, start, end)


class _Held:
    """Bytes not released yet, by their offset in the body."""

    def __init__(self) -> None:
        self.rules: dict[str, None] = {}
        self.found: set[Found] = set()
        self.start = 0
        self._bytes = bytearray()
        self._mask = Mask()

    @property
    def end(self) -> int:
        return self.start + len(self._bytes)

    def add(self, data: bytes) -> None:
        self._bytes += data
        self._mask.grow(len(data))

    def cover(self, secret: Secret, offset: int = 0) -> None:
        """Cover a secret whose spans count from ``offset``."""
        self.rules[secret.rule] = None
        self.found.add((secret.rule, secret.spans[0][0] + offset, secret.spans[-1][1] + offset))
        shift = offset - self.start
        spans = ((max(0, start + shift), end + shift) for start, end in secret.spans)
        self._mask.cover(tuple(span for span in spans if span[0] < span[1]))

    def release(self, until: int) -> bytes:
        count = self._mask.cut(until - self.start)
        data = bytes(self._bytes[:count])
        del self._bytes[:count]
        self.start += count
        return self._mask.release(data)


class WholeRedactor:
    """For a body without frames, such as an error's JSON: nothing comes out before its end."""

    def __init__(self, rules: RuleSet = KNOWN) -> None:
        self._rules = rules
        self._held = _Held()
        self.rules = self._held.rules
        self.found = self._held.found

    def feed(self, data: bytes) -> bytes:
        self._held.add(data)
        return b""

    def close(self) -> bytes:
        for secret in secrets(bytes(self._held._bytes), self._rules):
            self._held.cover(secret)
        return self._held.release(self._held.end)


class StreamRedactor:
    """For an event stream. ``window`` is how much of a channel's end is held back, in bytes of its text: what of a
    secret has to be seen before its rule can match. ``patience`` is how many bytes of the body may pass before a
    channel that nothing was added to counts as finished."""

    def __init__(self, *, window: int = 512, patience: int = 65_536, rules: RuleSet = KNOWN) -> None:
        self._rules = rules
        self._window = window
        self._patience = patience
        self._decoder = Decoder(limits=UNLIMITED)
        self._held = _Held()
        self.rules = self._held.rules
        self.found = self._held.found
        self._decided = 0
        """Offset up to which all frames were read."""
        self._channels: dict[tuple[bytes, ...], _Channel] = {}

    def feed(self, data: bytes) -> bytes:
        self._held.add(data)
        for frame in self._decoder.feed(data):
            self._read(frame)
        return self._release()

    def close(self) -> bytes:
        tail = self._decoder.close()
        if tail is not None:
            self._read(tail)
        for channel in self._channels.values():
            self._settle(channel, 0)
        self._channels.clear()
        return self._held.release(self._held.end)

    def _read(self, frame: Frame | Tail) -> None:
        for secret in secrets(frame.raw, self._rules):
            self._held.cover(secret, frame.start)
        self._decided = frame.start + len(frame.raw)
        for key, inner, offset in _parts(frame.raw):
            channel = self._channels.setdefault(key, _Channel(self._window, self._rules))
            channel.add(inner, frame.start + offset)
            if channel.unsettled > 2 * self._window:
                self._settle(channel, self._window)

    def _settle(self, channel: _Channel, window: int) -> None:
        for secret in channel.settle(window):
            self._held.cover(secret)

    def _release(self) -> bytes:
        for key, channel in list(self._channels.items()):
            if channel.last + self._patience < self._decided:
                self._settle(self._channels.pop(key), 0)
        return self._held.release(min((self._decided, *(channel.first for channel in self._channels.values()))))


class _Channel:
    """One text told in pieces: its end, which is not decided yet, and some of what came before, for context."""

    def __init__(self, context: int, rules: RuleSet) -> None:
        self._rules = rules
        self._context = context
        self._text = bytearray()
        self._pieces: list[Piece] = []
        self._settled = 0
        self.last = 0
        """Offset in the body of the last piece's end."""

    @property
    def unsettled(self) -> int:
        return len(self._text) - self._settled

    @property
    def first(self) -> int:
        """Offset in the body of the first byte that is not decided."""
        undecided = (piece.origin for piece in self._pieces if piece.end > self._settled)
        return next(undecided, self.last)

    def add(self, inner: bytes, offset: int) -> None:
        """One more piece: the inside of a JSON string, and where in the body it stands."""
        view, shift = unescaped(inner, offset), len(self._text)
        self._text += view.text
        self._pieces += [Piece(p.start + shift, p.end + shift, p.origin, p.origin_end) for p in view.pieces]
        self.last = offset + len(inner)

    def settle(self, window: int) -> Iterator[Secret]:
        """Decide all but the last ``window`` bytes; yields secrets with their spans in the body.

        A hit that touches the end may grow, so it is left for the next time, unless nothing is left for that.
        """
        size = len(self._text)
        settled = size - window
        for secret in secrets(bytes(self._text), self._rules):
            if window and secret.spans[-1][1] == size:
                settled = min(settled, secret.spans[0][0])
            else:
                spans = tuple(span for part in secret.spans for span in origins(self._pieces, part))
                yield Secret(secret.rule, spans)
        self._settled = max(self._settled, settled)
        self._forget(self._settled - self._context)

    def _forget(self, count: int) -> None:
        if count <= 0:
            return
        del self._text[:count]
        self._settled -= count
        self._pieces = [
            Piece(piece.start - count, piece.end - count, piece.origin, piece.origin_end)
            for piece in self._pieces
            if piece.end > count
        ]


def _parts(raw: bytes) -> Iterator[tuple[tuple[bytes, ...], bytes, int]]:
    """The pieces of channels in one frame: which channel, the inside of a JSON string, its offset in the frame.

    A channel is told by the name of the member and all ``...index`` numbers of the frame, and not by ids: there are
    providers that give every event a new one.
    """
    if b"delta" in raw:
        indexes = tuple(_INDEX.findall(raw))
        for member in _MEMBER.finditer(raw):
            yield (member["name"], *indexes), member["text"], member.start("text")
    elif b"{" not in raw:
        for line in _PLAIN.finditer(raw):
            yield (), line[1], line.start(1)


_INDEX = re.compile(rb'"\w*index"\s*:\s*(-?\d+)')
_MEMBER = re.compile(
    rb'"(?P<name>delta|text|content|arguments|partial_json|input|code|refusal|reasoning|reasoning_content|reasoning_text'
    rb'|thinking|summary|transcript)"\s*:\s*"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)"',
    re.DOTALL,
)
_PLAIN = re.compile(rb"^data: ?([^\[\r\n][^\r\n]*)", re.MULTILINE)
