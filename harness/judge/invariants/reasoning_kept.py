"""Reasoning is kept: its summary, its text, and the encrypted form that the next turn must send back."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contract import Capabilities
from harness.judge.content import excerpt
from harness.judge.invariants.content_kept import owes_content
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.reading import ChannelKind

_STRANDS = (ChannelKind.SUMMARY, ChannelKind.REASONING)


def _needs(capabilities: Capabilities) -> str | None:
    return "it hands out no reasoning" if not capabilities.reasoning else assemblers(capabilities)


@invariant(
    "reasoning-kept",
    rule="Reasoning summaries, texts and encrypted content are handed out, apart from answer text.",
    why="Encrypted reasoning that is lost cannot be sent back: the next turn starts from nothing, or is refused.",
    incident="A framework dropped encrypted reasoning on its streaming path only.",
    needs=_needs,
)
def check(scene: Scene) -> Iterator[Breach]:
    if not owes_content(scene):
        return
    told = [item for item in scene.attempt.reading.items if item.type == "reasoning"]
    if not told:
        return
    mark = Mark.LENIENT if scene.attempt.reading.ambiguous else Mark.FAIL
    kept = [item for item in scene.turn.items or () if item.kind == "reasoning"]
    texts = "".join(_solid(f"{item.summary or ''}{item.text or ''}") for item in kept)
    others_speak = any(not item.only_in_snapshot for item in scene.attempt.reading.evidenced)
    for item in told:
        # What is called by another type as well may be passed over, as everywhere.
        if (item.only_in_snapshot and others_speak) or any(stated != "reasoning" for stated in item.types):
            continue
        for kind in _STRANDS:
            channel = item.channels.get(kind)
            if channel is None or (channel.only_in_snapshot and others_speak):
                continue
            if not any(_solid(text) in texts for text in channel.accepted):
                reason = f"the {kind} is lost"
                yield Breach(reason, reason, excerpt(channel.accepted), excerpt([texts]), item.frames, mark)
        sealed = {entry.encrypted for entry in kept}
        if (
            item.encrypted
            and item.finished
            and scene.capabilities.encrypted_reasoning
            and not sealed & {*item.encrypted}
        ):
            reason = "encrypted reasoning is lost"
            yield Breach(reason, reason, excerpt(item.encrypted, 40), frames=item.frames, mark=mark)


def _solid(text: str) -> str:
    # Consumers join summary parts with blank lines, spaces or nothing: only the words are compared.
    return "".join(text.split())
