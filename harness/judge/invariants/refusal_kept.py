"""A refusal reaches the caller as one."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contract import Capabilities
from harness.judge.content import account_of, excerpt, owed_texts
from harness.judge.invariants.content_kept import owes_content
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.reading import ChannelKind


def _needs(capabilities: Capabilities) -> str | None:
    return "it has no word for refusals" if not capabilities.refusals else assemblers(capabilities)


@invariant(
    "refusal-kept",
    rule="A refusal is handed out in full, apart from answer text.",
    why="A refusal that vanishes looks like an empty answer and is retried; one in the text is taken for the answer.",
    incident="Refusal deltas that a consumer did not know: an empty message, status completed.",
    needs=_needs,
)
def check(scene: Scene) -> Iterator[Breach]:
    if not owes_content(scene):
        return
    owed = owed_texts(scene, ChannelKind.REFUSAL)
    actual = [item.refusal for item in scene.turn.items or () if item.refusal]
    if not owed and not actual:
        return
    account = account_of(owed, actual)
    told = excerpt([entry.accepted[0] for entry in owed])
    if account.missing:
        in_text = all(any(s in (scene.turn.text or "") for s in entry.accepted) for entry in account.missing)
        reason = "the refusal is passed on as answer text" if in_text else "the refusal is lost"
        mark = Mark.LENIENT if in_text or scene.attempt.reading.ambiguous else Mark.FAIL
        yield Breach(reason, reason, told, excerpt(actual), mark=mark)
    elif account.surplus:
        mark = Mark.LENIENT if scene.attempt.reading.ambiguous else Mark.FAIL
        yield Breach("a refusal holds more than was sent", "refusal invented", told, excerpt(actual), mark=mark)
