"""What most operators do: change the selected pieces one by one, and say so when none of them could be changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.mutations.operator import Unmatched, selected
from harness.mutations.piece import Piece
from harness.mutations.selector import Selector
from harness.mutations.take import Take

Payload = dict[str, Any]


def edited(take: Take, at: Selector, change: Callable[[Piece], Piece], unchanged: str) -> Take:
    """The take with every selected piece changed; a change that does not fit a piece gives back the same object.

    ``unchanged`` says what was looked for. Raises Unmatched when no piece was changed.
    """
    pieces, touched = list(take.pieces), False
    for position in selected(take, at):
        old = pieces[position]
        pieces[position] = change(old)
        touched |= pieces[position] is not old
    if not touched:
        raise Unmatched(f"{unchanged} in what matches {at}")
    return take.with_pieces(pieces)


def repayloaded(take: Take, at: Selector, change: Callable[[Payload], Payload], unchanged: str) -> Take:
    """The same for operators that change payloads, which they must copy; events without one are left alone."""

    def rewrite(piece: Piece) -> Piece:
        payload = piece.payload
        if payload is None:
            return piece
        fresh = change(payload)
        return piece if fresh is payload else piece.with_payload(fresh)

    return edited(take, at, rewrite, unchanged)
