"""What a report shows of one case's evidence: every attempt, and the frames around what went wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harness.campaign.events import AttemptView, FrameView, Verdict
from harness.judge import Attempt, TurnEvidence, obligation_of

_POINTED = 3
_AROUND = 1
_LAST = 3
_SHOWN_CHARS = 240


def attempts_of(evidence: Sequence[TurnEvidence], faults: Sequence[Verdict]) -> tuple[AttemptView, ...]:
    """All attempts of a case; the last one of a turn with a fault shows its frames."""
    faulty = {verdict.turn: {n for v in faults if v.turn == verdict.turn for n in v.frames} for verdict in faults}
    return tuple(
        _view(turn.number, attempt, faulty.get(turn.number) if attempt is turn.last else None)
        for turn in evidence
        for attempt in turn.attempts
    )


def _view(turn: int, attempt: Attempt, pointed: Collection[int] | None) -> AttemptView:
    served, obligation = attempt.served, obligation_of(attempt)
    return AttemptView(
        turn=turn,
        attempt=served.attempt,
        answer=attempt.answer,
        status=attempt.status,
        ending=attempt.ending.value,
        duty=obligation.duty.value,
        why=obligation.why,
        taken=served.taken,
        sent=len(served.delivery.body),
        frames=() if pointed is None else tuple(_frames(attempt, pointed)),
        total_frames=attempt.total_frames,
    )


def _frames(attempt: Attempt, pointed: Collection[int]) -> list[FrameView]:
    total = attempt.total_frames
    if not total:
        text = attempt.served.body.decode("utf-8", "replace")
        return [FrameView(0, _short(text))] if text else []
    near = {n + step for n in sorted(pointed)[:_POINTED] for step in range(-_AROUND, _AROUND + 1)}
    shown = sorted(number for number in near | set(range(total - _LAST, total)) if 0 <= number < total)
    return [
        FrameView(number, _short(attempt.frames[number].raw.decode("utf-8", "replace")), number in pointed)
        for number in shown
    ]


def _short(text: str) -> str:
    flat = text.strip("\r\n")
    return flat if len(flat) <= _SHOWN_CHARS else f"{flat[:_SHOWN_CHARS]}… ({len(flat)} characters)"
