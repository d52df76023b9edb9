"""The whole run as one JSON document, for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.campaign.events import Event, to_json
from harness.report.renderer import prove_writable
from harness.report.summary import Summary

FORMAT = 1


class JsonDocument:
    """Writes ``path`` when the run is over; raises OSError at once when it cannot."""

    def __init__(self, path: Path) -> None:
        prove_writable(path)
        self._path = path
        self._summary = Summary()

    def handle(self, event: Event) -> None:
        self._summary.handle(event)

    def close(self) -> None:
        text = json.dumps(document(self._summary), ensure_ascii=False, indent=1, default=repr)
        self._path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def document(summary: Summary) -> dict[str, Any]:
    """The document as JSON values."""
    return {
        "format": FORMAT,
        "started": to_json(summary.started) if summary.started else None,
        "interrupted": to_json(summary.interrupted) if summary.interrupted else None,
        "finished": to_json(summary.finished) if summary.finished else None,
        "unusable": [to_json(event) for event in summary.unusable],
        "cases": [to_json(case) for case in summary.cases],
    }
