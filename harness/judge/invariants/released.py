"""Nothing outlives the call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from harness.contract import Leftovers
from harness.delivery import Ending
from harness.judge.rule import Breach, Scene, invariant, openers


@invariant(
    "released",
    rule="No connection in mid-body, thread, task or process outlives the call.",
    why="Each leak is small; after a day of retries the pool is empty and every call times out.",
    incident="Error responses of streaming calls were never closed: PoolTimeout for everybody an hour later.",
    needs=openers,
)
def check(scene: Scene) -> Iterator[Breach]:
    if scene.turn.ended in {"hung", "crashed"} or not scene.last_turn:
        return
    for number, attempt in enumerate(scene.evidence.attempts):
        if attempt.served.ending is Ending.OPEN:
            yield Breach(
                f"the connection of attempt {number} was left open in the middle of its body",
                "connection left open",
                assembled=f"{attempt.served.taken} of {len(attempt.served.delivery.body)} bytes taken",
            )
    for name in _COUNTED:
        count = getattr(scene.leftovers, name)
        if count:
            yield Breach(f"{count} {name} outlived the call", f"{name} left behind", assembled=str(count))


_COUNTED = tuple(field.name for field in fields(Leftovers))
