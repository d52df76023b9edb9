"""When two runs of one consumer were told the same, and when they came to the same.

What a run was told is its evidence without what says nothing: times, ids, sequence numbers, and how the bytes were cut
into frames and pieces. What it came to is its outcome, with ids called by the place where the stream told them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.contract import Capabilities, Case, Failure, Item, Outcome, Turn
from harness.delivery import Delivery, Transcript
from harness.judge.evidence import Attempt, TurnEvidence, gather
from harness.judge.fingerprint import normal
from harness.judge.silence import Patience, Silences
from harness.protocols.responses.reading import ItemReading, Reading


@dataclass(frozen=True, slots=True)
class Observed:
    """One run: what was asked, what it came to, and what it was told."""

    case: Case
    outcome: Outcome
    transcript: Transcript
    evidence: tuple[TurnEvidence, ...]

    @classmethod
    def of(cls, case: Case, outcome: Outcome, transcript: Transcript, capabilities: Capabilities) -> Observed:
        """Raises UnreadableEvidence."""
        return cls(case, outcome, transcript, gather(transcript, capabilities, case))

    @property
    def asked(self) -> tuple[Any, ...]:
        """What a case asks for, wherever it is served."""
        case = self.case
        return case.turns, case.tools, case.timeouts, case.cancel_after, case.cancel_at_ms

    @property
    def answers(self) -> list[tuple[int, int, Delivery]]:
        """What was sent, piece by piece."""
        return [(entry.turn, entry.attempt, entry.delivery) for entry in self.transcript.served]

    def unhurried(self, capabilities: Capabilities) -> bool:
        """Whether no silence reaches half of the shortest deadline, so that time plays no part."""
        patience = Patience.of(capabilities, self.case)
        silences = [Silences.of(entry.delivery) for entry in self.transcript.served]
        longest = max((max(silence.first_ms, silence.later_ms) for silence in silences), default=0.0)
        return longest < patience.silence_ms / 2 and sum(s.total_ms for s in silences) < patience.total_ms / 2

    @property
    def told(self) -> tuple[Any, ...] | None:
        """The evidence, comparable; None where what belongs to which item, or what arrived at all, is a guess."""
        readings = [attempts for turn in self.evidence for attempts in turn.readings]
        attempts = [attempt for alternatives in readings for attempt in alternatives]
        if any(attempt.reading.ambiguous or attempt.spoiled for attempt in attempts):
            return None
        return tuple(tuple(_told(attempt) for attempt in alternatives) for alternatives in readings)

    @property
    def came_to(self) -> Mapping[str, Any]:
        """The outcome, comparable, by what a person would call its parts."""
        places: dict[str, int] = {}
        for turn in self.evidence:
            for item in turn.last.reading.items:
                for call_id in item.call_ids:
                    places.setdefault(call_id, len(places))
        turns = self.outcome.turns
        return {
            "the way it ended": [(turn.ended, _raised(turn.failure)) for turn in turns],
            "the status": [turn.status for turn in turns],
            "the flags": [sorted(turn.flags) for turn in turns],
            "the text": [turn.text for turn in turns],
            "the items": [[_item(item, places) for item in turn.items or ()] for turn in turns],
            "the usage": [turn.usage for turn in turns],
            "the streamed text": ["".join(_streamed(turn)) for turn in turns],
        }

    @property
    def came_to_exactly(self) -> Mapping[str, Any]:
        """The same with all callbacks, and with the words of errors: equal bytes leave no room for others."""
        turns = self.outcome.turns
        words = [[normal(cause.message) for cause in turn.failure.chain] if turn.failure else [] for turn in turns]
        callbacks = [[(callback.kind, callback.data) for callback in turn.trace] for turn in turns]
        return {**self.came_to, "the error's words": words, "the callbacks": callbacks}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs of a consumer with these capabilities."""

    one: Observed
    other: Observed
    capabilities: Capabilities


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The parts that differ, with both forms of them."""
    return ((name, one[name], other[name]) for name in one if one[name] != other[name])


def _told(attempt: Attempt) -> tuple[Any, ...]:
    error = attempt.error
    return (
        attempt.custom,
        attempt.answer,
        attempt.status,
        attempt.ending,
        (error.code, error.message) if error is not None else None,
        _read(attempt.reading),
        "".join(attempt.text_deltas),
    )


def _read(reading: Reading) -> tuple[Any, ...]:
    terminal = reading.terminal
    ended = terminal and (
        terminal.kind,
        terminal.type,
        terminal.status,
        terminal.reason,
        terminal.error and (terminal.error.code, terminal.error.message),
    )
    return (
        [_said(item) for item in reading.items],
        ended,
        reading.usage,
        reading.created,
        reading.done_marker is not None,
        *([what for _, what in marks] for marks in (reading.damage, reading.unknown, reading.vendor)),
        len(reading.unknown_prelude),
        len(reading.lawless),
    )


def _said(item: ItemReading) -> tuple[Any, ...]:
    stages = (item.type, item.added, item.finished, item.in_snapshot)
    texts = {kind: dict(channel.witnesses) for kind, channel in item.channels.items()}
    return (*stages, texts, len(item.call_ids), item.names, item.types, item.phases, item.encrypted, item.statuses)


def _item(item: Item, places: Mapping[str, int]) -> tuple[Any, ...]:
    told = (item.kind, item.type, item.text, item.refusal, item.summary, item.encrypted, item.phase, item.finished)
    call = None if item.call_id is None else places.get(item.call_id, "an id of its own")
    return (*told, item.name, item.arguments, call)


def _raised(failure: Failure | None) -> str:
    return failure.chain[0].type if failure is not None and failure.chain else ""


def _streamed(turn: Turn) -> Iterator[str]:
    for callback in turn.trace:
        if callback.kind == "reset":
            yield "\0"
        elif callback.kind == "text":
            yield callback.data
