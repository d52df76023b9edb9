"""What one delivery's frames mean: every item with every witness kept apart, and the first terminal."""

from harness.protocols.responses.reading.channel import Channel, ChannelKind, Witness
from harness.protocols.responses.reading.fold import read
from harness.protocols.responses.reading.identity import Identity, trusted_identity
from harness.protocols.responses.reading.model import ItemReading, Reading, Terminal, TerminalKind, UsageReading

__all__ = [
    "Channel",
    "ChannelKind",
    "Identity",
    "ItemReading",
    "Reading",
    "Terminal",
    "TerminalKind",
    "UsageReading",
    "Witness",
    "read",
    "trusted_identity",
]
