"""What one delivery's frames mean: every item with every witness kept apart, and the first terminal."""

from harness.protocols.responses.reading.channel import Channel, ChannelKind, Witness
from harness.protocols.responses.reading.fact import UNTYPED, Fact, fact_of
from harness.protocols.responses.reading.fold import read, read_facts
from harness.protocols.responses.reading.identity import Identity, trusted_identity
from harness.protocols.responses.reading.model import ItemReading, Reading, Terminal, TerminalKind, UsageReading

__all__ = [
    "UNTYPED",
    "Channel",
    "ChannelKind",
    "Fact",
    "Identity",
    "ItemReading",
    "Reading",
    "Terminal",
    "TerminalKind",
    "UsageReading",
    "Witness",
    "fact_of",
    "read",
    "read_facts",
    "trusted_identity",
]
