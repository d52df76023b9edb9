"""Cassettes from what other tools have kept of a stream: curl, VCR.py, HAR, bare bodies, payloads a line.

None of them keeps everything a cassette can say; what each has lost is written into the cassette's provenance.
"""

from harness.cassette.importing.imported import Labels, import_file
from harness.cassette.importing.importer import Importer, ImportFailed
from harness.cassette.importing.table import IMPORTERS

__all__ = ["IMPORTERS", "ImportFailed", "Importer", "Labels", "import_file"]
