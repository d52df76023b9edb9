"""Judging one case: every invariant on every turn, under the right reading that suits the consumer best.

Where bytes have two right readings, a consumer that fits either has done nothing wrong. It is held to one of
them as a whole; what the reading by the letter would have failed is then lenient, with the other one's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import harness.judge.invariants  # noqa: F401  (registers them)
from harness.contract import Capabilities, Case, Outcome, Turn
from harness.delivery import Transcript
from harness.judge.claims import returned_status
from harness.judge.duty import obligation_of
from harness.judge.evidence import Attempt, TurnEvidence, gather
from harness.judge.rule import REGISTRY, Breach, Invariant, Scene
from harness.judge.verdict import Mark, Verdict

_SEVERITY = (Mark.PASS, Mark.SKIPPED, Mark.LENIENT, Mark.ERROR, Mark.FAIL)


def judge(case: Case, outcome: Outcome, transcript: Transcript, capabilities: Capabilities) -> tuple[Verdict, ...]:
    """All verdicts of one case, turn by turn, in the order of the registry. Raises UnreadableEvidence."""
    return judge_by(gather(transcript, capabilities, case), case, outcome, capabilities)


def judge_by(
    evidence: Sequence[TurnEvidence], case: Case, outcome: Outcome, capabilities: Capabilities
) -> tuple[Verdict, ...]:
    """``judge``, by evidence that was gathered already."""
    verdicts: list[Verdict] = []
    for number, _ in enumerate(outcome.turns):
        if number < len(evidence):
            verdicts += _judge_turn(case, outcome, capabilities, evidence, number)
        elif outcome.turns[number].ended != "cancelled":
            verdicts.append(_no_request(number, outcome.turns[number]))
    return tuple(verdicts)


def _judge_turn(
    case: Case, outcome: Outcome, capabilities: Capabilities, evidence: Sequence[TurnEvidence], number: int
) -> list[Verdict]:
    turn = evidence[number]
    scenes = [
        Scene(
            case=case,
            capabilities=capabilities,
            turn=outcome.turns[number],
            evidence=turn,
            history=tuple(evidence[:number]),
            attempt=attempt,
            obligation=obligation_of(attempt),
            leftovers=outcome.leftovers,
            last_turn=number == len(outcome.turns) - 1,
        )
        for attempt in (turn.last, *turn.alternatives)
    ]
    letter = _applied(scenes[0])
    best, chosen = letter, turn.last
    for scene in scenes[1:]:
        if _failures(best) == 0:
            break
        other = _applied(scene)
        if _failures(other) < _failures(best):
            best, chosen = other, scene.attempt
    return letter if best is letter else [_softened(a, b, chosen) for a, b in zip(letter, best, strict=True)]


def _applied(scene: Scene) -> list[Verdict]:
    verdicts, number, capabilities = [], scene.evidence.number, scene.capabilities
    for rule in REGISTRY.values():
        if rule.arity != "run":
            continue
        excluded = rule.needs(capabilities)
        if excluded is not None:
            verdicts.append(Verdict(rule.id, Mark.SKIPPED, excluded, number))
        elif breaches := [*rule.check(scene)]:
            verdicts.append(_broken(rule, scene, breaches))
        else:
            verdicts.append(_passed(rule.id, number))
    return verdicts


def _broken(rule: Invariant, scene: Scene, breaches: Sequence[Breach]) -> Verdict:
    worst = max(breaches, key=lambda breach: _SEVERITY.index(breach.mark))
    more = len(breaches) - 1
    return Verdict(
        invariant=rule.id,
        mark=worst.mark,
        reason=worst.reason + (f" (and {more} more)" if more else ""),
        turn=scene.evidence.number,
        evidenced=worst.evidenced or scene.obligation.why,
        assembled=worst.assembled,
        frames=worst.frames,
        cause=worst.cause,
    )


@lru_cache(maxsize=1024)
def _passed(rule: str, number: int) -> Verdict:
    # Nearly all verdicts are this one, and nobody can tell two of them apart.
    return Verdict(rule, Mark.PASS, turn=number)


def _softened(letter: Verdict, other: Verdict, chosen: Attempt) -> Verdict:
    if letter.mark is Mark.FAIL and other.mark is not Mark.FAIL:
        return replace(letter, mark=Mark.LENIENT, reason=f"right if {chosen.custom}; by the letter: {letter.reason}")
    return other


def _failures(verdicts: Sequence[Verdict]) -> int:
    return sum(verdict.mark is Mark.FAIL for verdict in verdicts)


def _no_request(number: int, turn: Turn) -> Verdict:
    words = turn.failure.text if turn.failure is not None else ""
    return Verdict(
        invariant="status-true",
        mark=Mark.FAIL,
        reason="the turn ended without a request to the server",
        turn=number,
        assembled=f"{returned_status(turn)}: {words}" if words else returned_status(turn),
        cause="no request made",
    )


def failures(verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    """Those that accuse the consumer."""
    return (verdict for verdict in verdicts if verdict.mark is Mark.FAIL)
