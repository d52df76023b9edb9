"""``sequence_number``: from 0, up by one with every event; ``starting_after`` resumes by it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols.responses.catalogue import EVENTS
from harness.protocols.responses.event import Event
from harness.protocols.responses.lint.remark import Flaw, Rule, error
from harness.protocols.responses.lint.stream import Stream, index_at


def _counts_up(stream: Stream) -> Iterator[Flaw]:
    last: int | None = None
    for event in stream.events:
        if event.payload is None:
            continue
        number = index_at(event.payload, "sequence_number")
        if "sequence_number" not in event.payload and _is_vendors_own(event):
            continue
        if "sequence_number" not in event.payload:
            yield error(event.frame, "/sequence_number", "no sequence number")
        elif number is None:
            yield error(event.frame, "/sequence_number", "a sequence number that is no integer")
        elif last is None and number != 0:
            yield error(event.frame, "/sequence_number", "the first sequence number is not 0")
        elif last is not None and number == last:
            yield error(event.frame, "/sequence_number", "a sequence number that repeats the one before it")
        elif last is not None and number != last + 1:
            yield error(event.frame, "/sequence_number", "a sequence number that does not follow the one before it")
        last = last if number is None else number


def _is_vendors_own(event: Event) -> bool:
    # Rate limits come beside the protocol's events and are not counted with them.
    spec = EVENTS.get(event.type)
    return spec is not None and spec.group == "vendor"


RULES = (Rule("sequence-numbers", "Sequence numbers start at 0 and go up by one with every event.", _counts_up),)
