"""Cassettes: recorded or synthesized conversations, byte-exact, in a folder a person can read and diff."""

from harness.cassette.deliver import delivery_of, exchange_of
from harness.cassette.errors import CassetteError
from harness.cassette.model import (
    FORMAT_VERSION,
    Cassette,
    Interaction,
    Kind,
    Provenance,
    RecordedEnding,
    RecordedRequest,
    RecordedResponse,
)
from harness.cassette.reader import find, load, load_all
from harness.cassette.redaction import RedactionError, redact, unresolved
from harness.cassette.writer import save

__all__ = [
    "FORMAT_VERSION",
    "Cassette",
    "CassetteError",
    "Interaction",
    "Kind",
    "Provenance",
    "RecordedEnding",
    "RecordedRequest",
    "RecordedResponse",
    "RedactionError",
    "delivery_of",
    "exchange_of",
    "find",
    "load",
    "load_all",
    "redact",
    "save",
    "unresolved",
]
