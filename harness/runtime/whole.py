"""What a whole item or part states of its texts, whoever states it: an event, or a terminal's snapshot.

Empty texts say nothing and are not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.runtime.result import PartKind
from harness.runtime.view import mapping, plain, sequence, text

TextKind = str
"""A PartKind, or ``arguments``."""

PART_KINDS: dict[str, PartKind] = {
    "output_text": "text",
    "text": "text",
    "refusal": "refusal",
    "reasoning_text": "reasoning",
    "reasoning": "reasoning",
    "summary_text": "summary",
}


def texts_of(item: Any, arguments: str = "") -> Iterator[tuple[TextKind, int, str, tuple[Any, ...]]]:
    """The texts a whole item states, without the empty ones: kind, number, text, annotations.

    ``arguments``: those of the item so far.
    """
    fields = mapping(item) or {}
    default: PartKind = "reasoning" if fields.get("type") == "reasoning" else "text"
    for number, entry in enumerate(sequence(fields.get("content"))):
        kind, said, annotations = part_text(entry, default)
        if said and kind:
            # What a reasoning item says is never the answer, whatever some servers call its parts.
            yield default if kind == "text" else kind, number, said, annotations
    for number, entry in enumerate(sequence(fields.get("summary"))):
        _, said, _ = part_text(entry, "summary")
        if said:
            yield "summary", number, said, ()
    stated = arguments_text(fields.get("arguments") if "arguments" in fields else fields.get("input"), arguments)
    if stated:
        yield "arguments", 0, stated, ()


def part_text(part: Any, default: PartKind) -> tuple[PartKind | None, str, tuple[Any, ...]]:
    """A part's kind (None: one we do not know), its text and its annotations."""
    fields = mapping(part) or {}
    stated = text(fields.get("type"))
    kind = PART_KINDS.get(stated) if stated else default
    said = text(fields.get("refusal" if kind == "refusal" else "text"))
    return kind, said, tuple(plain(entry) for entry in sequence(fields.get("annotations")))


def arguments_text(value: Any, known: str = "") -> str:
    """A call's arguments as text. Some servers send the decoded object, which is asked only where no text is known."""
    if isinstance(value, str):
        return value
    fields = None if known else mapping(value)
    return json.dumps(plain(fields), separators=(",", ":"), ensure_ascii=False) if fields else ""
