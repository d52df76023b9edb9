"""Where in a stream is what: positions of its pieces by event type, item type and output index."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any

from harness.mutations.piece import Piece

TERMINAL = "terminal"
"""Stands for the type of every event that ends a stream, errors without a type included."""


class Index:
    """Answers about one sequence of pieces, each worked out when it is first asked for."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._named: dict[str, list[int]] = {}

    @cached_property
    def types(self) -> dict[str, list[int]]:
        """Positions by event type, in order of first appearance; pieces that dispatch nothing are in none."""
        places: dict[str, list[int]] = {}
        for position, event in enumerate([piece.event for piece in self._pieces]):
            if event is None:
                continue
            # No setdefault: it would make a list for every event, and there are many of few types.
            if event.type in places:
                places[event.type].append(position)
            else:
                places[event.type] = [position]
        return places

    @cached_property
    def items(self) -> dict[int, str]:
        """Type of the item that an event carries or belongs to, by position, as far as the stream has told it."""
        told: dict[Any, str] = {}
        types: dict[int, str] = {}
        for position, piece in enumerate(self._pieces):
            payload = piece.payload or {}
            index, item = payload.get("output_index"), payload.get("item")
            kind = item.get("type") if isinstance(item, dict) else None
            if isinstance(index, int) and isinstance(kind, str):
                told[index] = kind
            elif isinstance(index, int):
                kind = told.get(index)
            if isinstance(kind, str):
                types[position] = kind
        return types

    def named(self, pattern: str) -> list[int]:
        """Positions of the events whose type matches the shell pattern, or that end the stream."""
        if pattern not in self._named:
            self._named[pattern] = self._find(pattern)
        return self._named[pattern]

    def _find(self, pattern: str) -> list[int]:
        if pattern == TERMINAL:
            return [position for position, piece in enumerate(self._pieces) if piece.ends]
        fitting = [places for type_, places in self.types.items() if matches(type_, pattern)]
        return fitting[0] if len(fitting) == 1 else sorted(position for places in fitting for position in places)


@lru_cache(maxsize=16_384)
def matches(word: str, pattern: str) -> bool:
    """Whether a word fits a shell pattern, in exact case."""
    return fnmatchcase(word, pattern)
