"""From pieces to the actions of a delivery, with whatever was not touched copied over as it was.

An origin remembers where in the recorded actions each piece begins. A stretch of pieces that still stand side by side
gives back the very actions they came from; only the pieces between such stretches, and the chunks across their
borders, are laid out anew. So an edit costs what it touches, not what the stream is long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from harness.delivery import Action, Send, Wait
from harness.mutations.piece import Piece, Stop

Part = tuple[bytes, tuple[int, ...], tuple[tuple[int, float], ...], Stop | None]
"""Bytes, chunk starts, silences and the stop of a piece, or of what is no piece."""


class Origin:
    """The recorded actions of a body, and where its pieces lie in them."""

    def __init__(self, pieces: Sequence[Piece], flow: Sequence[Action]) -> None:
        self.pieces = tuple(pieces)
        self.places = {id(piece): position for position, piece in enumerate(self.pieces)}
        self._flow = tuple(flow)
        self._body = b"".join(action.data for action in flow if isinstance(action, Send))
        self._starts = [0]
        for piece in pieces:
            self._starts.append(self._starts[-1] + len(piece.raw))
        self._edges: list[int] = []
        self._sends: list[int] = []
        offset = 0
        for number, action in enumerate(flow):
            if isinstance(action, Send):
                self._edges.append(offset)
                self._sends.append(number)
                offset += len(action.data)
        self._first = [bisect_left(self._edges, start) for start in self._starts]

    def copy(self, first: int, end: int, flow: Flow) -> None:
        """Write the pieces from ``first`` up to ``end`` as they were sent."""
        start, stop = self._starts[first], self._starts[end]
        edge, last = self._first[first], self._first[end] - 1
        if last < edge:
            flow.write(self._body[start:stop])
            return
        flow.write(self._body[start : self._edges[edge]])
        send = self._sends[edge]
        waits = send > 0 and isinstance(self._flow[send - 1], Wait)
        flow.copy(self._flow[send - waits : self._sends[last]])
        flow.write(self._body[self._edges[last] : stop])


class Flow:
    """Actions being written: a chunk stays open until something ends it."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.silence = 0.0
        """Ms to wait before the next byte."""
        # Joined once: a body in one chunk may be made of ten thousand pieces.
        self._open: list[bytes] = []

    def write(self, data: bytes) -> None:
        if self.silence and data:
            self.actions.append(Wait(self.silence))
            self.silence = 0.0
        if data:
            self._open.append(data)

    def close(self) -> None:
        """End the open chunk."""
        if self._open:
            self.actions.append(Send(b"".join(self._open)))
            self._open = []

    def wait(self, ms: float) -> None:
        self.close()
        self.silence += ms

    def copy(self, actions: Sequence[Action]) -> None:
        """Whole chunks, and silences; one after the last of them is still open to others."""
        self.close()
        if actions and isinstance(actions[0], Wait):
            self.silence += actions[0].ms
            actions = actions[1:]
        if not actions:
            return
        if self.silence:
            self.actions.append(Wait(self.silence))
            self.silence = 0.0
        self.actions += actions
        last = actions[-1]
        if isinstance(last, Wait):
            self.actions.pop()
            self.silence = last.ms

    def part(self, part: Part) -> Stop | None:
        """Lay a piece out; its stop, if it has one."""
        raw, breaks, waits, stop = part
        if breaks in _PLAIN and not waits and stop is None:
            # Most pieces: worth a short way.
            if breaks:
                self.close()
            self.write(raw)
            return None
        end = len(raw) if stop is None else stop.offset
        silences: dict[int, float] = {}
        for offset, ms in waits:
            silences[offset] = silences.get(offset, 0.0) + ms
        edges = sorted({0, end, *(b for b in breaks if b < end), *(w for w in silences if w < end)})
        for start, following in pairwise(edges):
            if start in breaks:
                self.close()
            if start in silences:
                self.wait(silences[start])
            self.write(raw[start:following])
        if end in silences:
            self.wait(silences[end])
        return stop


_PLAIN = ((), (0,))
"""The breaks of a piece that lies within one chunk."""


def flow_of(pieces: Sequence[Piece], rest: Part, origin: Origin | None) -> tuple[Flow, Stop | None]:
    """All actions between head and ending, with the last chunk still open; and the stop that ends them early."""
    flow = Flow()
    at, count = 0, len(pieces)
    while at < count:
        piece = pieces[at]
        place = None if origin is None else origin.places.get(id(piece))
        if origin is None or place is None:
            stop = flow.part((piece.raw, piece.breaks, piece.waits, piece.stop))
            if stop is not None:
                return flow, stop
            at += 1
        else:
            length = _standing(pieces, at, origin.pieces, place)
            origin.copy(place, place + length, flow)
            at += length
    return flow, flow.part(rest)


def _standing(pieces: Sequence[Piece], at: int, origin: Sequence[Piece], place: int) -> int:
    """How many pieces from here on stand as they did."""
    low, high = 1, min(len(pieces) - at, len(origin) - place)
    # Comparing slices runs in C, a loop over pieces does not; and most often all the rest stands.
    if pieces[at : at + high] == origin[place : place + high]:
        return high
    while low + 1 < high:
        middle = (low + high) // 2
        if pieces[at + low : at + middle] == origin[place + low : place + middle]:
            low = middle
        else:
            high = middle
    return low


def rechunked(actions: Sequence[Action], breaks: Callable[[bytes], Iterable[int]]) -> list[Action]:
    """The same bytes and silences with other chunks."""
    body = b"".join(action.data for action in actions if isinstance(action, Send))
    waits: dict[int, float] = {}
    offset = 0
    for action in actions:
        if isinstance(action, Send):
            offset += len(action.data)
        elif isinstance(action, Wait):
            waits[offset] = waits.get(offset, 0.0) + action.ms
    edges = sorted({0, len(body), *(b for b in breaks(body) if b < len(body)), *waits})
    fresh: list[Action] = []
    for start, end in pairwise(edges):
        if start in waits:
            fresh.append(Wait(waits[start]))
        fresh.append(Send(body[start:end]))
    if len(body) in waits:
        fresh.append(Wait(waits[len(body)]))
    return fresh
