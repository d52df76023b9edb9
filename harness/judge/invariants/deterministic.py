"""The same bytes, served in the same way, come to the same."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.alike import Pair, differences
from harness.judge.rule import Breach, invariant
from harness.judge.verdict import Mark


@invariant(
    "deterministic",
    rule="A stream that is served twice in the same way comes to the same outcome, callback by callback.",
    why="What happens only sometimes can be neither reproduced nor trusted to be mended.",
    incident="A helper thread raced the reader of the stream: one run in ten lost the last delta.",
    arity="several",
)
def check(pair: Pair) -> Iterator[Breach]:
    one, other = pair.one, pair.other
    shared = min(len(one.answers), len(other.answers))
    if one.asked != other.asked or one.answers[:shared] != other.answers[:shared]:
        yield Breach("no two runs were served the same in the same way", "", mark=Mark.SKIPPED)
        return
    if len(one.answers) != len(other.answers):
        reason = "the number of requests changed from run to run"
        yield Breach(reason, reason, assembled=f"{len(one.answers)} and {len(other.answers)} requests")
        return
    for name, mine, theirs in differences(one.came_to_exactly, other.came_to_exactly):
        reason = f"{name} changed from run to run"
        yield Breach(reason, reason, assembled=f"{mine!r:.300} and {theirs!r:.300}")
