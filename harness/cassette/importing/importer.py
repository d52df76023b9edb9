"""What an importer is: a name, what its source loses, how to recognise it, and how to read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.cassette.model import RecordedRequest, RecordedResponse
from harness.cassette.yamlsource import SourceError


class ImportFailed(SourceError):
    """A file that holds nothing a cassette could be made of."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A file to import, gunzipped when it was a ``.gz``."""

    path: Path
    data: bytes

    def failed(self, message: str, hint: str = "") -> ImportFailed:
        """The error to raise for this file."""
        return ImportFailed(self.path, message, hint=hint)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One request and its answer, as the source tells them; nothing is redacted yet."""

    request: RecordedRequest
    response: RecordedResponse
    remarks: tuple[str, ...] = ()
    """What is odd about this one, for the provenance."""
    url: str = ""
    """Where the request went, when the source knows."""
    date: str = ""
    """ISO date, when the source knows better than the answer's ``date`` header."""


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of source."""

    name: str
    reads: str
    """For people: which file this is."""
    loses: str
    """What a cassette made from it cannot know, for the provenance."""
    sniff: Callable[[bytes], bool]
    """Whether the first bytes of a file look like this source."""
    read: Callable[[Raw], list[Exchanged]]
    """All exchanges worth keeping, in order; raises ImportFailed."""
