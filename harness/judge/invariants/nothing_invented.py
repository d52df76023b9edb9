"""Nothing is in the answer that the stream did not say, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.content import excerpt, known_source, owed_texts
from harness.judge.invariants.content_kept import text_account
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.reading import ChannelKind


@invariant(
    "nothing-invented",
    rule="The answer holds no text that was not sent for it: none doubled, voided, or from after the terminal.",
    why="A doubled or foreign passage is an answer the model never gave.",
    incident="Two overlapping generations spliced into one message by an SDK that keyed deltas by recency.",
    needs=assemblers,
)
def check(scene: Scene) -> Iterator[Breach]:
    if scene.turn.ended != "returned":
        return
    actual, account = text_account(scene)
    for piece in account.surplus:
        source = known_source(piece, scene, ChannelKind.TEXT)
        bent = scene.attempt.reading.ambiguous or source.startswith("it is the refusal")
        yield Breach(
            f"the answer holds text that does not belong there; {source}",
            source,
            evidenced=excerpt([entry.accepted[0] for entry in owed_texts(scene, ChannelKind.TEXT) if entry.accepted]),
            assembled=excerpt(actual),
            mark=Mark.LENIENT if bent else Mark.FAIL,
        )
