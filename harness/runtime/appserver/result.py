"""What a turn comes to: frozen values, also for a turn that came to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.runtime.errors import RuntimeStreamError
from harness.runtime.result import Usage

TurnStatus = Literal["completed", "interrupted", "failed"]

DAMAGED = "damaged"
"""A line could not be read: what it said is lost, and nobody can say what that was."""
RECOVERED = "recovered"
"""Some content stood in the last message's list of items alone and was adopted from there."""
UNFINISHED = "unfinished"
"""The server called the turn complete before it had ended every tool and message of it: nobody can say how they end."""


@dataclass(frozen=True, slots=True)
class TurnItem:
    """One thread item that the turn produced."""

    id: str
    type: str
    """As on the wire: ``agentMessage``, ``reasoning``, ``commandExecution`` ..."""
    text: str = ""
    """Message or plan: its text. Reasoning: its raw content."""
    summary: str = ""
    """Reasoning: its summary parts, joined without a separator."""
    phase: str | None = None
    finished: bool = False
    """Whether the server said that it is over."""
    payload: Mapping[str, Any] | None = None
    """The item as the server gave it last."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """One turn. It is never raised: what went wrong is in ``error``, and ``status`` is then not ``completed``."""

    status: TurnStatus
    items: tuple[TurnItem, ...] = ()
    messages: tuple[dict[str, Any], ...] = ()
    """The turn as chat messages: answers, tool calls and their results, in order; only calls that have a result."""
    tool_iterations: int = 0
    """Tools that ran to their end, well or badly."""
    usage: Usage | None = None
    """Of this turn alone, all its model requests together."""
    error: RuntimeStreamError | None = None
    thread_id: str | None = None
    turn_id: str | None = None
    flags: frozenset[str] = frozenset()
    """Of DAMAGED, RECOVERED, UNFINISHED."""
    retired: bool = False
    """Whether the session ended with this turn."""

    @property
    def interrupted(self) -> bool:
        return self.status == "interrupted"

    @property
    def text(self) -> str:
        """The answer: the messages of phase ``final_answer`` where there are any, else the last message."""
        messages = [item for item in self.items if item.type == "agentMessage"]
        final = [item.text for item in messages if item.phase == "final_answer"]
        return "".join(final) if final else next((item.text for item in reversed(messages) if item.text), "")
