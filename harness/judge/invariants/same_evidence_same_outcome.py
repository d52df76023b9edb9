"""How a stream is cut, paced, numbered and named says nothing, and so changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.alike import Pair, differences
from harness.judge.rule import Breach, assemblers, invariant
from harness.judge.verdict import Mark


@invariant(
    "same-evidence-same-outcome",
    rule="Streams that tell the same come to the same, however they are cut, paced, numbered and named.",
    why="An answer that depends on where the network cuts it is right on one machine and wrong on the next.",
    incident="A reader that decoded each chunk by itself: a character on a chunk's edge turned into two others.",
    needs=assemblers,
    arity="several",
)
def check(pair: Pair) -> Iterator[Breach]:
    reason = _incomparable(pair)
    if reason:
        yield Breach(reason, "", mark=Mark.SKIPPED)
        return
    for name, mine, theirs in differences(pair.one.came_to, pair.other.came_to):
        reason = f"{name} changed although the evidence is the same"
        yield Breach(reason, reason, assembled=f"{mine!r:.300} and {theirs!r:.300}")


def _incomparable(pair: Pair) -> str:
    one, other = pair.one, pair.other
    told = one.told
    if one.asked != other.asked or told is None or told != other.told:
        return "no two runs were told the same"
    cancelled = one.case.cancel_after is not None or one.case.cancel_at_ms is not None
    if cancelled or not (one.unhurried(pair.capabilities) and other.unhurried(pair.capabilities)):
        return "time plays a part: a cancellation, or a silence of half a deadline"
    return ""
