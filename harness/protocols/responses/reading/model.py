"""The result of reading one delivery: plain facts, no opinion about what anybody should do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from harness.protocols.responses.errors import ProviderError
from harness.protocols.responses.reading.channel import Channel, ChannelKind


class TerminalKind(StrEnum):
    """From good to bad: where event name and status differ, the worse one counts."""

    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Terminal(NamedTuple):
    """The first event that ends the response."""

    frame: int
    kind: TerminalKind
    type: str
    """The event's type as sent."""
    status: Any = None
    """``response.status`` as sent, whatever it is."""
    alias: bool = False
    """A name that only some servers use (``response.done``): a right consumer may not know it."""
    contested: bool = False
    """The status is a word that neither ends a response nor is absent (in_progress, an unknown word)."""
    reason: str | None = None
    """``incomplete_details.reason``."""
    error: ProviderError | None = None
    contradicted: bool = False
    """It says completed, and states an error or a reason why it is not."""

    def at(self, frame: int) -> Terminal:
        """The same in another place."""
        return self._replace(frame=frame)


@dataclass(frozen=True, slots=True)
class UsageReading:
    """Token counts as the terminal states them, by normal name; the values are verbatim."""

    state: str
    """``stated``, ``absent`` or ``malformed`` (the whole object; single fields may still be odd)."""
    values: Mapping[str, Any] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()
    """Those of them that are told only by names of the chat protocol, which a reader need not know."""


@dataclass(frozen=True, slots=True)
class ItemReading:
    """One output item with all its witnesses."""

    type: str
    index: int | None
    ids: tuple[str, ...]
    added: bool
    finished: bool
    """Its ``output_item.done`` was seen."""
    in_snapshot: bool
    channels: Mapping[ChannelKind, Channel]
    call_ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    encrypted: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    """Its own status, in the order of telling."""
    types: tuple[str, ...] = ()
    """Every type that its item events and the snapshot state."""
    frames: tuple[int, ...] = ()

    @property
    def only_in_snapshot(self) -> bool:
        return (
            self.in_snapshot
            and not self.added
            and not self.finished
            and all(channel.only_in_snapshot for channel in self.channels.values())
        )

    @property
    def settled(self) -> bool:
        """Whether nothing of it can still be missing: done, or every strand of it told by an ending witness."""
        if self.finished or self.in_snapshot:
            return True
        return bool(self.channels) and all(channel.settled for channel in self.channels.values())


@dataclass(frozen=True, slots=True)
class Reading:
    """What the frames up to the first terminal say."""

    items: tuple[ItemReading, ...] = ()
    """In output order: by index where indexes tell items apart, else as they came."""
    terminal: Terminal | None = None
    usage: UsageReading = UsageReading("absent")
    created: bool = False
    done_marker: int | None = None
    """Frame of the first ``[DONE]`` before the terminal."""
    damage: tuple[tuple[int, str], ...] = ()
    """Frames before the terminal that could not be read, and why."""
    unknown: tuple[tuple[int, str], ...] = ()
    """Events of a type that the catalogue does not know."""
    unknown_prelude: tuple[tuple[int, str], ...] = ()
    """Those of them before ``response.created``."""
    vendor: tuple[tuple[int, str], ...] = ()
    """Events of a type that only some servers send."""
    ambiguous: bool = False
    """Neither index nor id tells the items apart: which delta belongs where is a guess."""
    lawless: tuple[int, ...] = ()
    """Frames whose JSON decoders lawfully read differently."""
    untyped: tuple[int, ...] = ()
    """Frames with text in a part that states no type."""
    named: tuple[int, ...] = ()
    """Frames whose data states no type: their name alone says what event they are."""
    events: int = 0
    after: Reading | None = None
    """What came after the terminal, read as if it belonged to the same stream."""

    @property
    def evidenced(self) -> tuple[ItemReading, ...]:
        """Items that say anything at all."""
        return tuple([item for item in self.items if any(channel.parts for channel in item.channels.values())])
