"""A delivery of lines as steps for the program that plays it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from harness.delivery import Await, Cut, Delivery, Send, Stall, Stdio, Wait


def steps_of(deliveries: Iterable[Delivery]) -> list[dict[str, Any]]:
    """The turns of one process, one after another."""
    return [step for delivery in deliveries for step in _steps(delivery)]


def _steps(delivery: Delivery) -> Iterator[dict[str, Any]]:
    stdio = delivery.stdio or Stdio()
    for action in delivery.actions:
        if isinstance(action, Send):
            yield {"send": base64.b64encode(action.data).decode()}
        elif isinstance(action, Await):
            yield {"await": json.loads(action.line)}
        elif isinstance(action, Wait):
            yield {"wait": action.ms}
        elif isinstance(action, Stall):
            yield {"stall": True}
        elif isinstance(action, Cut):
            yield {"exit": {"code": stdio.exit_code, "stderr": stdio.stderr}}
