"""What the evidence obliges a right consumer to do. A mutation carries no expectation: this table does.

Every row follows from the bytes alone, so a stream nobody has thought of is judged like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.delivery import Ending, Stall
from harness.judge.evidence import Attempt
from harness.protocols.responses.errors import ProviderError
from harness.protocols.responses.reading import Reading, TerminalKind


class Duty(StrEnum):
    COMPLETE = "complete"
    """Return, as completed, with all that is owed."""
    INCOMPLETE = "incomplete"
    """Return as incomplete, or raise; never as completed."""
    CANCELLED = "cancelled"
    """Report as cancelled, or raise; never as completed."""
    FAIL = "fail"
    """Raise, or return as failed, with the provider's own words; never as completed."""
    DOUBT = "doubt"
    """Raise, or return with a mark of doubt: something is missing and nobody knows how much."""
    EITHER = "either"
    """Completed and flagged or raised are both right: all items are whole, only the end is missing."""
    RAISE = "raise"
    """Raise a typed error: nothing came at all."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """The duty of one turn, and why."""

    duty: Duty
    why: str
    error: ProviderError | None = None
    """What the provider said, where the duty is to pass it on."""
    tolerates_error: str = ""
    """Why a typed error is tolerated although the duty is to complete; empty when it is not."""

    @property
    def owes_completion(self) -> bool:
        return self.duty is Duty.COMPLETE


def obligation_of(attempt: Attempt) -> Obligation:
    """The duty that one attempt's evidence leaves."""
    if attempt.answer == "silence":
        return Obligation(Duty.RAISE, "the connection brought no response at all")
    if attempt.answer == "error":
        # Who was not given all of a body may say so in place of what came of it; who left it unread may not.
        broken = attempt.ending in _BROKEN or isinstance(attempt.served.delivery.ending, Stall)
        told = None if broken else attempt.error
        return Obligation(Duty.FAIL, f"the answer is an error (HTTP {attempt.status})", told)
    if attempt.answer == "nothing":
        return Obligation(Duty.RAISE, "the body is neither an event stream nor a response")
    if attempt.reading.terminal is not None:
        return _after_terminal(attempt, attempt.reading)
    return _without_terminal(attempt)


def _after_terminal(attempt: Attempt, reading: Reading) -> Obligation:
    terminal = reading.terminal
    assert terminal is not None
    name = f"the stream ends with {terminal.type}" + (f" (status {terminal.status!r})" if terminal.status else "")
    if attempt.open_document:
        either = terminal.kind is TerminalKind.COMPLETED
        return Obligation(
            Duty.EITHER if either else Duty.DOUBT, f"{name} in one document, but {_ENDINGS[attempt.ending]}"
        )
    if terminal.kind is TerminalKind.FAILED:
        return Obligation(Duty.FAIL, name, terminal.error)
    if terminal.kind is TerminalKind.CANCELLED:
        return Obligation(Duty.CANCELLED, name, terminal.error)
    if terminal.kind is TerminalKind.INCOMPLETE:
        return Obligation(Duty.INCOMPLETE, name)
    if not reading.damage:
        return Obligation(Duty.COMPLETE, name, tolerates_error=_tolerated(attempt, reading))
    if all(item.settled for item in reading.items):
        return Obligation(Duty.EITHER, f"{name}, after damage that took nothing from the items that are known")
    return Obligation(Duty.DOUBT, f"{name}, but damaged frames may have held content that nothing else repeats")


def _tolerated(attempt: Attempt, reading: Reading) -> str:
    if attempt.answer == "response":
        return "a stream was asked for and one response object came"
    if attempt.spoiled:
        return attempt.spoiled
    if reading.unknown_prelude:
        return f"an unknown event ({reading.unknown_prelude[0][1]}) came before response.created"
    if reading.after is not None and reading.after.events:
        return "events follow the terminal"
    called = [id for item in reading.items for id in set(item.call_ids)]
    if len(called) != len(set(called)):
        return "two calls go by one id, so that their outputs could not be told apart"
    return ""


def _without_terminal(attempt: Attempt) -> Obligation:
    reading = attempt.reading
    how = _ENDINGS[attempt.ending]
    if not reading.items and not reading.damage:
        return Obligation(Duty.RAISE, f"no terminal and no content: {how}")
    # Real backends forget the end of a stream; an app-server never forgets that of a turn: there, no end is a loss.
    forgettable = attempt.served.delivery.stdio is None
    if forgettable and reading.items and all(item.finished for item in reading.items) and not reading.damage:
        return Obligation(Duty.EITHER, f"no terminal, but every item is done: {how}")
    return Obligation(Duty.DOUBT, f"no terminal and something unfinished: {how}")


_BROKEN = frozenset({Ending.CUT, Ending.RESET, Ending.OPEN})

_ENDINGS: dict[Ending, str] = {
    Ending.COMPLETE: "the body ended as its framing announced",
    Ending.EOF: "the connection closed, which this framing cannot tell from a normal end",
    Ending.CUT: "the connection closed in the middle of the body",
    Ending.RESET: "the connection was reset",
    Ending.LEFT: "the client left",
    Ending.OPEN: "the connection stayed open and silent",
}
