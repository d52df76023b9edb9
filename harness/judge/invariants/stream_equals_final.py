"""What the callbacks streamed is what the result says."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contract import Capabilities, Turn
from harness.judge.calls import CALL_TYPES
from harness.judge.content import Owed, attempts_text, excerpt, owed_texts, spells
from harness.judge.invariants.content_kept import assembled_texts, owes_content
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.reading import ChannelKind, Witness


def _needs(capabilities: Capabilities) -> str | None:
    return "it streams nothing to its caller" if not capabilities.streams else assemblers(capabilities)


@invariant(
    "stream-equals-final",
    rule="The text streamed since the last reset is the text of the result, no passage twice.",
    why="The user reads the stream; what is stored and sent back next turn is the result.",
    incident="A retry after the first deltas: the screen showed the beginning twice, and nobody was told.",
    needs=_needs,
)
def check(scene: Scene) -> Iterator[Breach]:
    if not owes_content(scene):
        return
    streamed = since_reset(scene.turn)
    if not streamed or _agrees(scene, streamed):
        return
    voided = [text for attempt in scene.evidence.attempts[:-1] for text in attempts_text(attempt, ChannelKind.TEXT)]
    kept = next((text for text in sorted(voided, key=len, reverse=True) if text and streamed.startswith(text)), None)
    source = "deltas of a voided attempt stand before the answer" if kept else "streamed and final text differ"
    yield Breach(
        source,
        source,
        evidenced=excerpt(assembled_texts(scene)),
        assembled=excerpt([streamed]),
        mark=Mark.LENIENT if scene.attempt.reading.ambiguous and not kept else Mark.FAIL,
    )


def since_reset(turn: Turn) -> str:
    """The text deltas a caller holds at the end: those after the last reset."""
    kinds = [callback.kind for callback in turn.trace]
    start = len(kinds) - kinds[::-1].index("reset") if "reset" in kinds else 0
    told = zip(kinds[start:], turn.trace[start:], strict=True)
    return "".join([callback.data for kind, callback in told if kind == "text"])


_CALLING = frozenset({ChannelKind.ARGUMENTS, ChannelKind.INPUT})


def _agrees(scene: Scene, streamed: str) -> bool:
    final = assembled_texts(scene)
    if streamed == "".join(final):
        return True
    if _solid(streamed) == _solid("".join(final)) or _solid(streamed) == _solid(scene.turn.text or ""):
        return True
    told = owed_texts(scene, ChannelKind.TEXT)
    if spells(told, streamed):
        return True
    deltas = _deltas(scene)
    wire = list(scene.attempt.text_deltas)
    if _solid(streamed) in {_solid("".join(deltas)), _solid("".join(wire))} or _once(wire, streamed, "".join(final)):
        return True  # the wire itself streamed something else than it finally said
    if any(item.type in CALL_TYPES or not _CALLING.isdisjoint(item.channels) for item in scene.attempt.reading.items):
        # A consumer may stop streaming text once the model turns to tools.
        return any(_solid(whole).startswith(_solid(streamed)) for whole in ("".join(final), "".join(deltas)))
    return (
        spells([Owed(entry.accepted, True, ()) for entry in told], streamed)
        and not scene.capabilities.commentary_is_text
    )


def _once(wire: list[str], streamed: str, final: str) -> bool:
    """Whether it is the wire's deltas in their order, as much as the result says, with what the wire repeats left out:
    items that interleave stand as they came."""
    if sorted(_solid(streamed)) != sorted(_solid(final)):
        return False
    reached = {0}
    for delta in wire:
        reached |= {start + len(delta) for start in reached if streamed.startswith(delta, start)}
    return len(streamed) in reached


def _deltas(scene: Scene) -> list[str]:
    channels = [
        item.channels[ChannelKind.TEXT] for item in scene.attempt.reading.items if ChannelKind.TEXT in item.channels
    ]
    return [channel.witnesses.get(Witness.DELTAS, "") for channel in channels]


def _solid(text: str) -> str:
    return "".join(text.split())
