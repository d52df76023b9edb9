"""A driver's lines against the schema of the protocol, at a price that every case of a campaign can pay.

The schema takes milliseconds for a hundred callbacks. So it is not shown those that are plainly right, nor a turn that
it has seen; on all else it has the last word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from harness.consumers.pipe import Rubbish
from harness.contract.outcome import TraceKind
from harness.contract.validate import problem

Json = dict[str, Any]

_KINDS = frozenset(get_args(TraceKind))


def check(definition: str, body: Json, told: Sequence[Json] = ()) -> None:
    """Raise Rubbish unless a line fits its definition; ``told`` are turns of the case that fitted before."""
    if problem(definition, _doubtful(body, told)) is not None:
        raise Rubbish(f"{problem(definition, body)} in {str(body)[:300]}")


def _doubtful(body: Json, told: Sequence[Json]) -> Json:
    """The line without what the schema can have nothing to say about."""
    match body:
        case {"turn": {} as turn}:
            return {**body, "turn": _without_plain(turn)}
        case {"outcome": {"turns": [*turns], **rest}}:
            return {**body, "outcome": {**rest, "turns": [_without_plain(turn) for turn in turns if turn not in told]}}
    return body


def _without_plain(turn: Any) -> Any:
    match turn:
        case {"trace": [*trace]}:
            return {**turn, "trace": [callback for callback in trace if not _is_plain(callback)]}
    return turn


def _is_plain(callback: Any) -> bool:
    """Whether it is just what the shared code of drivers writes."""
    match callback:
        case {"kind": str(kind), "data": str(), "attempt": int(attempt), **more}:
            return not more and kind in _KINDS and type(attempt) is int and attempt >= 0
    return False
