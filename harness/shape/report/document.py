"""Drift as JSON, for programs: one entry a change, in the order of danger, with the plan that makes it."""

from __future__ import annotations

import json
from typing import Any

from harness.shape.drift import Change, Drift

FORMAT_VERSION = 1


def render(drift: Drift) -> str:
    """The document."""
    body = {
        "drift": FORMAT_VERSION,
        "dangerous": drift.dangerous,
        "baseline": {"providers": sorted(drift.baseline.providers), "streams": drift.baseline.streams},
        "new": {"providers": sorted(drift.new.providers), "streams": drift.new.streams},
        "changes": [_change(change) for change in drift.changes],
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "dangerous": change.danger.dangerous,
        "title": change.danger.title,
        "reason": change.danger.reason,
        "event": change.event,
        "item": change.item,
        "path": change.path,
        "detail": change.detail,
        "was": change.was,
        "now": change.now,
        "plan": None if change.plan is None else change.plan.to_json(),
        "no_plan": change.no_plan,
    }
