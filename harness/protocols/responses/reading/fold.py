"""The fold of facts into a reading: every fact says something about one item, or about the response.

Most facts of a stream are deltas that go where the one before them went; those are told apart first, and cheaply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.protocols.responses.event import DONE, Event
from harness.protocols.responses.reading.draft import Router
from harness.protocols.responses.reading.fact import Fact, fact_of
from harness.protocols.responses.reading.identity import Identity, trusted_identity
from harness.protocols.responses.reading.model import Reading, Terminal, UsageReading


def read(events: Iterable[Event], identity: Identity | None = None) -> Reading:
    """Read one delivery's events. ``identity`` None: the key that the stream's own item events support."""
    stream = tuple(events)
    return read_facts([fact_of(event) for event in stream], [event.frame for event in stream], identity)


def read_facts(facts: Sequence[Fact], frames: Iterable[int], identity: Identity | None = None) -> Reading:
    """``read``, for events whose facts are known already; ``frames`` are the numbers of their frames."""
    key = trusted_identity(facts) if identity is None else identity
    rest = zip(facts, frames, strict=False)
    fold = _Fold(key).take(rest, to_terminal=True)
    after = list(rest)
    second = _Fold(key).take(after).finish(len(after), None) if after else None
    return fold.finish(len(facts) - len(after), second)


class _Fold:
    def __init__(self, key: Identity) -> None:
        self._router = Router(key)
        self._terminal: Terminal | None = None
        self._usage = UsageReading("absent")
        self._created = False
        self._done_marker: int | None = None
        self._damage: list[tuple[int, str]] = []
        self._unknown: list[tuple[int, str]] = []
        self._unknown_prelude: list[tuple[int, str]] = []
        self._vendor: list[tuple[int, str]] = []
        self._lawless: list[int] = []
        self._untyped: list[int] = []
        self._named: list[int] = []

    def take(self, facts: Iterable[tuple[Fact, int]], *, to_terminal: bool = False) -> _Fold:
        running = self._router.running
        for fact, frame in facts:
            cell = running.get(fact.run)
            if cell is not None:
                add_text, add_frame = cell
                add_text(fact.text)
                add_frame(frame)
                continue
            self._take(fact, frame)
            if to_terminal and fact.terminal is not None:
                break
        return self

    def _take(self, fact: Fact, frame: int) -> None:
        event = fact.event
        if event.lawless:
            self._lawless.append(frame)
        if fact.untyped:
            self._untyped.append(frame)
        if fact.named:
            self._named.append(frame)
        if fact.damage is not None:
            self._damage.append((frame, fact.damage))
        if event.data == DONE and self._done_marker is None:
            self._done_marker = frame
        if fact.said is not None:
            self._router.take(fact, fact.said, frame)
        elif fact.created:
            self._created = True
        elif fact.terminal is not None:
            self._terminal = self._terminal or fact.terminal.at(frame)
            self._usage = fact.usage
            self._router.snapshot(fact.snapshot, frame)
        elif fact.vendor:
            self._vendor.append((frame, event.type))
        elif fact.unknown:
            self._unknown.append((frame, event.type))
            if not self._created:
                self._unknown_prelude.append((frame, event.type))

    def finish(self, events: int, after: Reading | None) -> Reading:
        return Reading(
            items=tuple([draft.freeze() for draft in self._router.ordered()]),
            terminal=self._terminal,
            usage=self._usage,
            created=self._created,
            done_marker=self._done_marker,
            damage=tuple(self._damage),
            unknown=tuple(self._unknown),
            unknown_prelude=tuple(self._unknown_prelude),
            vendor=tuple(self._vendor),
            ambiguous=self._router.ambiguous,
            lawless=tuple(self._lawless),
            untyped=tuple(self._untyped),
            named=tuple(self._named),
            events=events,
            after=after,
        )
