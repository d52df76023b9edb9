"""What a consumer does not know, it passes over.

Only a stream whose one oddity is what nobody knows can show this: where something else is wrong with it too, that
may be what the consumer died of, and other rules say so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from harness.delivery import Delivery, End
from harness.judge.claims import raised_cause, returned_status
from harness.judge.duty import Duty
from harness.judge.invariants.status_true import excuse
from harness.judge.rule import Breach, Scene, invariant
from harness.judge.silence import Patience
from harness.judge.verdict import Mark
from harness.protocols.responses.catalogue import ITEM_TYPES
from harness.protocols.responses.lint import Level, lint


@invariant(
    "unknown-ignored",
    rule="Unknown events, item types and vendor events are passed over; the answer around them is kept.",
    why="Providers add events every few weeks; each one would be an outage.",
    incident="goose: unknown variant `keepalive` aborted every stream of api.openai.com.",
)
def check(scene: Scene) -> Iterator[Breach]:
    strange = _strange(scene)
    if not strange or scene.obligation.duty is not Duty.COMPLETE or scene.turn.ended not in {"raised", "crashed"}:
        return
    if excuse(scene) or not _nothing_else_odd(scene, {frame for frame, _ in strange}):
        return
    mark = Mark.LENIENT if scene.obligation.tolerates_error and scene.turn.ended == "raised" else Mark.FAIL
    yield Breach(
        f"a stream with {', '.join(name for _, name in strange[:3])} did not survive",
        f"unknown not ignored: {raised_cause(scene.turn) or scene.turn.ended}",
        assembled=returned_status(scene.turn),
        frames=tuple(frame for frame, _ in strange),
        mark=mark,
    )


def _nothing_else_odd(scene: Scene, strange: Collection[int]) -> bool:
    attempt = scene.attempt
    delivery = attempt.served.delivery
    if len(scene.evidence.attempts) > 1 or not isinstance(delivery.ending, End) or _misstates_its_length(delivery):
        return False
    if Patience.of(scene.capabilities, scene.case).ends_in(delivery):
        return False
    if not all(frame.data for frame in attempt.frames):
        return False  # one that brings no data is lawful, and no program expects it
    odd = [remark for remark in lint(attempt.frames) if remark.level is not Level.INFO]
    # Another name of a known event is one that nobody need know; a payload without any is another oddity.
    return all(remark.frame in strange or (remark.rule, remark.level) == _ALIAS for remark in odd)


_ALIAS = ("known-type", Level.WARNING)


def _misstates_its_length(delivery: Delivery) -> bool:
    stated = delivery.head.declared_length if delivery.head is not None else None
    return stated is not None and stated != len(delivery.body)


def _strange(scene: Scene) -> list[tuple[int, str]]:
    reading = scene.attempt.reading
    items = [
        (item.frames[0], f"item {item.type!r}") for item in reading.items if item.type not in ITEM_TYPES and item.frames
    ]
    return [*reading.unknown, *items, *reading.vendor]
