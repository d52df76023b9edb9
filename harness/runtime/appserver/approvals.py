"""What the server may ask of its client, as a table; whatever is not in it is refused, never left unanswered.

A request that nobody answers stops the turn for ever. So an unknown one gets an error, and so does one about a turn
that is not ours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.runtime.appserver.lines import Request, encode
from harness.runtime.view import text

log = logging.getLogger("harness.runtime")

Decision = Literal["accept", "acceptForSession", "decline", "cancel"]
"""Do it; do it and the like of it without asking again; leave it and go on; leave it and end the turn."""

METHOD_NOT_FOUND = -32601
INVALID_REQUEST = -32600
"""JSON-RPC 2.0, section 5.1."""


@dataclass(frozen=True, slots=True)
class Approval:
    """The server wants to do something and asks first."""

    kind: Literal["command", "file_change"]
    item_id: str
    reason: str
    command: str
    """Empty for a file change."""
    item: Mapping[str, Any] | None
    """What it is about, as the server gave it: a file change has its ``changes`` there."""
    params: Mapping[str, Any]
    """All that was told."""


Approve = Callable[[Approval], Decision]


def decline(_: Approval) -> Decision:
    """The default: a program that nobody asked must not do anything."""
    return "decline"


_KINDS: Mapping[str, Literal["command", "file_change"]] = {
    "item/commandExecution/requestApproval": "command",
    "item/fileChange/requestApproval": "file_change",
}


def answer(request: Request, approve: Approve, item: Mapping[str, Any] | None, ours: bool) -> bytes:
    """The line that answers a server's request."""
    kind = _KINDS.get(request.method)
    if kind is None:
        return _refusal(request, METHOD_NOT_FOUND, f"this client does not know {request.method}")
    if not ours:
        return _refusal(request, INVALID_REQUEST, "this is about a turn that this client did not start")
    told = request.params
    asked = Approval(kind, text(told.get("itemId")), text(told.get("reason")), text(told.get("command")), item, told)
    return encode(id=request.id, result={"decision": _decided(approve, asked)})


def _decided(approve: Approve, asked: Approval) -> Decision:
    try:
        return approve(asked)
    except Exception:
        log.exception("the caller's approval failed; %s is declined", asked.kind)
        return "decline"


def _refusal(request: Request, code: int, message: str) -> bytes:
    return encode(id=request.id, error={"code": code, "message": message})
