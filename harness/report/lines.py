"""Every event as one JSON line, written and flushed at once: what was found survives whatever happens next."""

from __future__ import annotations

import json
from pathlib import Path

from harness.campaign.events import CaseStarted, Event, to_json


class JsonLines:
    """Writes ``path`` while the run goes on."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace")

    def handle(self, event: Event) -> None:
        if isinstance(event, CaseStarted):
            return
        self._file.write(json.dumps(to_json(event), ensure_ascii=False, default=repr) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()
