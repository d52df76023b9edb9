"""All importers, in the order in which they are asked whether a file is theirs."""

from __future__ import annotations

from collections.abc import Mapping

from harness.cassette.importing.body import BODY
from harness.cassette.importing.curl import CURL
from harness.cassette.importing.har import HAR
from harness.cassette.importing.importer import Importer
from harness.cassette.importing.payloads import PAYLOADS
from harness.cassette.importing.vcr import VCR

IMPORTERS: Mapping[str, Importer] = {
    # An archive on one line is a JSON object on a line too, and so is a VCR cassette in JSON: they come first.
    importer.name: importer
    for importer in (CURL, HAR, VCR, PAYLOADS, BODY)
}
