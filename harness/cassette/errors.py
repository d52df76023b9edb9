"""The one error of a cassette on disk: where it is broken, what was expected, what to do."""

from __future__ import annotations

from harness.cassette.yamlsource import SourceError


class CassetteError(SourceError):
    """A cassette that cannot be used as it is; carries ``path``, ``line``, ``pointer``, ``message`` and ``hint``."""
