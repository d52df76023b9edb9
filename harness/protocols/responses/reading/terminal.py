"""The end of a response: which events end it, how it ended, and what it states about usage."""

from __future__ import annotations

from typing import Any

from harness.protocols.responses.catalogue import EVENTS, TERMINALS
from harness.protocols.responses.errors import error_of
from harness.protocols.responses.event import Event
from harness.protocols.responses.reading.model import Terminal, TerminalKind, UsageReading

STATUSES: dict[str, TerminalKind] = {**{kind.value: kind for kind in TerminalKind}, "canceled": TerminalKind.CANCELLED}

_BADNESS = list(TerminalKind)

USAGE_NAMES: dict[str, tuple[str, ...]] = {
    "input": ("input_tokens", "prompt_tokens"),
    "output": ("output_tokens", "completion_tokens"),
    "total": ("total_tokens",),
}
USAGE_DETAILS: dict[str, tuple[tuple[str, str], ...]] = {
    "cached": (("input_tokens_details", "cached_tokens"), ("prompt_tokens_details", "cached_tokens")),
    "reasoning": (("output_tokens_details", "reasoning_tokens"), ("completion_tokens_details", "reasoning_tokens")),
}


def terminal_of(event: Event) -> Terminal | None:
    """The terminal this event is; None when the response goes on after it."""
    error = error_of(event)
    if event.type not in TERMINALS:
        return None if error is None else Terminal(event.frame, TerminalKind.FAILED, event.type or "error", error=error)
    payload = event.payload or {}
    response = payload.get("response")
    fields: dict[str, Any] = response if isinstance(response, dict) else {}
    status = fields.get("status")
    named = TerminalKind(TERMINALS[event.type])
    stated = STATUSES.get(status) if isinstance(status, str) else None
    details = fields.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, dict) else None
    kind = named if stated is None else max(named, stated, key=_BADNESS.index)
    return Terminal(
        frame=event.frame,
        kind=kind,
        type=event.type,
        status=status,
        alias=EVENTS[event.type].origin == "observed",
        contested=isinstance(status, str) and stated is None,
        reason=reason if isinstance(reason, str) else None,
        error=error,
        contradicted=kind is TerminalKind.COMPLETED and (_says(details) or _says(fields.get("error"))),
    )


def _says(stated: Any) -> bool:
    """Whether there is a word in it: servers send the empty forms of what did not happen, too."""
    return any(stated.values()) if isinstance(stated, dict) else bool(stated)


def usage_of(payload: dict[str, Any]) -> UsageReading:
    """The usage a terminal states; names of the chat protocol count, because servers use them."""
    response = payload.get("response")
    usage = response.get("usage") if isinstance(response, dict) else None
    if usage is None:
        return UsageReading("absent")
    if not isinstance(usage, dict):
        return UsageReading("malformed", {"whole": usage})
    values = {name: next((usage[key] for key in keys if key in usage), None) for name, keys in USAGE_NAMES.items()}
    for name, paths in USAGE_DETAILS.items():
        values[name] = next(
            (
                usage[outer][inner]
                for outer, inner in paths
                if isinstance(usage.get(outer), dict) and inner in usage[outer]
            ),
            None,
        )
    own = {*(keys[0] for keys in USAGE_NAMES.values()), *(paths[0][0] for paths in USAGE_DETAILS.values())}
    foreign = values.keys() if not own & usage.keys() - {"total_tokens"} else ()
    return UsageReading("stated", values, frozenset(foreign))
