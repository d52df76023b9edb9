"""What a consumer does not know, it passes over."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.claims import raised_type, returned_status
from harness.judge.duty import Duty
from harness.judge.rule import Breach, Scene, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.catalogue import EVENTS, ITEM_TYPES


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
    mark = Mark.LENIENT if scene.obligation.tolerates_error and scene.turn.ended == "raised" else Mark.FAIL
    yield Breach(
        f"a stream with {', '.join(name for _, name in strange[:3])} did not survive",
        f"unknown not ignored: {raised_type(scene.turn) or scene.turn.ended}",
        assembled=returned_status(scene.turn),
        frames=tuple(frame for frame, _ in strange),
        mark=mark,
    )


def _strange(scene: Scene) -> list[tuple[int, str]]:
    reading = scene.attempt.reading
    items = [
        (item.frames[0], f"item {item.type!r}") for item in reading.items if item.type not in ITEM_TYPES and item.frames
    ]
    vendor = [
        (frame, name) for frame, name in scene.attempt.event_names if name in EVENTS and EVENTS[name].group == "vendor"
    ]
    return [*reading.unknown, *items, *vendor]
