"""What the stream said is in what the consumer assembled."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from harness.judge.claims import claims_completion
from harness.judge.content import Account, account_of, excerpt, owed_texts
from harness.judge.duty import Duty
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.reading import ChannelKind


@invariant(
    "content-kept",
    rule="Every text the stream told is in the answer, in full, by the fullest of its witnesses.",
    why="Lost text is an answer the user paid for and never sees.",
    incident="A terminal with output [] after streamed text: the SDK's final response was empty, and 'ok'.",
    needs=assemblers,
)
def check(scene: Scene) -> Iterator[Breach]:
    if not owes_content(scene):
        return
    actual, account = text_account(scene)
    bent = scene.attempt.reading.ambiguous
    if account.missing:
        frames = tuple(frame for entry in account.missing for frame in entry.frames)
        yield Breach(
            "text that the stream told is missing from the answer"
            + (", in a stream whose items cannot be told apart" if bent else ""),
            "text lost" if any(actual) else "all text lost",
            evidenced=excerpt([entry.accepted[0] for entry in account.missing]),
            assembled=excerpt(actual),
            frames=frames,
            mark=Mark.LENIENT if bent else Mark.FAIL,
        )
    elif account.rearranged:
        yield Breach(account.rearranged, account.rearranged, assembled=excerpt(actual), mark=Mark.LENIENT)


def owes_content(scene: Scene) -> bool:
    """Whether the turn must hand out all content: it returned, and claims that it is whole or merely incomplete."""
    if scene.turn.ended != "returned":
        return False
    if scene.obligation.duty in {Duty.COMPLETE, Duty.INCOMPLETE}:
        return True
    return scene.obligation.duty is Duty.EITHER and claims_completion(scene.turn)


@lru_cache(maxsize=1)
def text_account(scene: Scene) -> tuple[list[str], Account]:
    """The answer's texts, and how they differ from those owed; more than one rule asks."""
    actual = assembled_texts(scene)
    return actual, account_of(owed_texts(scene, ChannelKind.TEXT), actual)


def assembled_texts(scene: Scene) -> list[str]:
    """The answer's texts: per message where the consumer gives items, else its one text."""
    turn = scene.turn
    if scene.capabilities.items and turn.items is not None:
        return [item.text for item in turn.items if item.kind == "message" and item.text]
    return [turn.text] if turn.text else []
