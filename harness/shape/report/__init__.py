"""How a drift is told: one renderer a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.shape.drift import Drift
from harness.shape.report import document, markdown, terminal

RENDERERS: Mapping[str, Callable[[Drift], str]] = {
    "text": terminal.render,
    "json": document.render,
    "markdown": markdown.render,
}
"""By the name that ``--format`` takes; each gives the whole text, line end included."""
