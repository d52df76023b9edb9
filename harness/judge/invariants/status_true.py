"""The status a caller sees is the one the stream ended with."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.claims import claims_completion, raised_cause, returned_status
from harness.judge.content import owed_texts
from harness.judge.duty import Duty
from harness.judge.invariants.error_surfaced import contains
from harness.judge.invariants.typed_errors import is_declared
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.reading import ChannelKind, Reading

WORDS: dict[Duty, frozenset[str]] = {
    Duty.COMPLETE: frozenset({"completed"}),
    Duty.INCOMPLETE: frozenset({"incomplete"}),
    Duty.CANCELLED: frozenset({"cancelled", "canceled", "interrupted"}),
    Duty.FAIL: frozenset({"failed"}),
}
"""The statuses that tell the truth, by duty; any that does not claim completion is bent, but no lie."""


@invariant(
    "status-true",
    rule="A completed stream is reported as completed, and one that ended otherwise never is.",
    why="Callers branch on the status: a failed answer taken for a whole one is acted upon.",
    incident="openai-agents accepted response.failed and response.incomplete as a usable final response.",
    needs=assemblers,
)
def check(scene: Scene) -> Iterator[Breach]:
    turn, duty = scene.turn, scene.obligation.duty
    if duty not in WORDS or turn.ended in {"hung", "crashed", "cancelled"}:
        return
    told = returned_status(turn)
    if duty is Duty.COMPLETE:
        yield from _completed(scene, told)
    elif claims_completion(turn):
        yield Breach(
            f"the answer is passed on as complete, but {scene.obligation.why}",
            f"{duty} taken for completed",
            evidenced=scene.obligation.why,
            assembled=told,
        )
    elif turn.ended == "returned" and turn.status not in {None, *WORDS[duty]}:
        yield Breach(
            f"the status is {turn.status!r}, but {scene.obligation.why}",
            f"{duty} told as {_named(turn.status)}",
            assembled=told,
            mark=Mark.LENIENT,
        )


def _contradicts_itself(reading: Reading) -> bool:
    """Whether a stream that ends as completed tells, itself, of an error or of something that is not whole.

    Nobody can say which of the two is true, so a caller is rightly told to doubt it.
    """
    terminal = reading.terminal
    if terminal is not None and (terminal.contradicted or terminal.contested):
        return True
    return any("incomplete" in item.statuses or (item.added and not item.settled) for item in reading.items)


def excuse(scene: Scene) -> str:
    """Why this consumer may raise although the stream is whole and orderly; empty when it may not."""
    return _told_as_refused(scene) or _calls_what_it_has_none_of(scene)


def _told_as_refused(scene: Scene) -> str:
    """Why a refusal need not be told as a completed answer; empty when it must. An error has to hold its words, and a
    status of incomplete is for who has no place for them."""
    refusals = owed_texts(scene, ChannelKind.REFUSAL)
    failure = scene.turn.failure
    if scene.turn.ended == "raised":
        text = failure.text if failure is not None else ""
        told = all(any(contains(text, words) for words in entry.accepted) for entry in refusals)
    else:
        told = not scene.capabilities.refusals
    return "the model refused, and the caller is told so" if refusals and told else ""


def _calls_what_it_has_none_of(scene: Scene) -> str:
    """Why nothing can be done with the answer; empty when something can."""
    custom = any("custom_tool_call" in (item.type, *item.types) for item in scene.attempt.reading.items)
    return (
        "it calls a custom tool, and this consumer has none" if custom and not scene.capabilities.custom_tools else ""
    )


def _named(status: str | None) -> str:
    """A status as a cause may name it: what a stream invents is not part of the bug."""
    if status is None:
        return "doubtful"
    return status if status in _KNOWN else "another word"


_KNOWN = frozenset({"queued", "in_progress"}).union(*WORDS.values())


def _completed(scene: Scene, told: str) -> Iterator[Breach]:
    turn = scene.turn
    if claims_completion(turn):
        return
    refused = _told_as_refused(scene)
    if turn.ended == "raised" and turn.failure is not None and turn.failure.chain:
        tolerated = scene.obligation.tolerates_error or excuse(scene)
        mark = Mark.LENIENT if tolerated and is_declared(turn.failure.chain[0], scene.capabilities) else Mark.FAIL
        reason = f"a completed stream was turned into an error{': ' + tolerated if mark is Mark.LENIENT else ''}"
        yield Breach(reason, f"completed raised {raised_cause(turn)}", scene.obligation.why, told, mark=mark)
        return
    if turn.ended == "returned" and _contradicts_itself(scene.attempt.reading):
        return
    # Where decoders lawfully differ, it is right to use what was read and to say that it is in doubt.
    doubted = turn.ended == "returned" and (
        (turn.status == "completed" and bool(scene.attempt.reading.lawless))
        or (turn.status == "incomplete" and refused)
    )
    yield Breach(
        "a completed stream is not reported as completed",
        f"completed told as {_named(turn.status)}",
        evidenced=scene.obligation.why,
        assembled=told,
        mark=Mark.LENIENT if doubted else Mark.FAIL,
    )
