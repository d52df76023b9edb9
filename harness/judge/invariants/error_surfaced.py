"""The provider's own words reach the caller."""

from __future__ import annotations

import json
from collections.abc import Iterator

from harness.judge.claims import returned_status
from harness.judge.duty import Duty
from harness.judge.rule import Breach, Scene, invariant
from harness.judge.verdict import Mark
from harness.protocols.responses.errors import ProviderError

BEGINNING_CHARS = 200
"""How much of the provider's words must survive."""


@invariant(
    "error-surfaced",
    rule="When the provider says why it failed, its code and message are in what the caller gets.",
    why="Without them nobody can tell a rate limit from a missing entitlement, and the wrong thing is retried.",
    incident="A flat error frame as first event: three blind retries, then 'did not emit a terminal response'.",
)
def check(scene: Scene) -> Iterator[Breach]:
    error = scene.obligation.error
    if scene.obligation.duty is not Duty.FAIL or error is None or scene.turn.ended in {"hung", "crashed", "cancelled"}:
        return
    shown = caller_sees(scene)
    missing = min((_missing(told, shown) for told in (error, error.beside) if told is not None), key=len)
    if missing:
        yield Breach(
            f"the provider's {' and '.join(missing)} did not reach the caller",
            f"lost {'+'.join(missing)} of {error.shape} as {_manner(scene)}",
            evidenced=", ".join(f"{name} {value[:BEGINNING_CHARS]!r}" for name, value in missing.items()),
            assembled=f"{returned_status(scene.turn)}: {shown[:400]}",
            mark=Mark.LENIENT if _need_not_be_read(error, scene) else Mark.FAIL,
        )


def _need_not_be_read(error: ProviderError, scene: Scene) -> bool:
    """Whether a right reader may never have come to the error's words: a page is for people, and who raises at a frame
    that cannot be read does not know what comes after it."""
    return error.shape == "html" or (scene.turn.ended == "raised" and bool(scene.attempt.reading.damage))


def _missing(error: ProviderError, shown: str) -> dict[str, str]:
    """What of an error is not in the text, by name."""
    told = (("code", error.code), ("message", error.message))
    return {name: value for name, value in told if value and not contains(shown, value)}


def caller_sees(scene: Scene) -> str:
    """All error text within the caller's reach; a raw event loop hands the error frame itself out."""
    failure = scene.turn.failure
    raised = failure.text if failure is not None else ""
    if scene.capabilities.assembles:
        return raised
    return "\n".join([raised, *(callback.data for callback in scene.turn.trace)])


def contains(text: str, words: str) -> bool:
    """Whether the words' beginning is in the text: as it is, as JSON writes it, or with its lines run together."""
    beginnings = (words[:BEGINNING_CHARS], _tight(words)[:BEGINNING_CHARS])
    if any(spelling in text for begun in beginnings for spelling in _spellings(begun)):
        return True
    return _in_one_line(words[:BEGINNING_CHARS]) in _in_one_line(text)


def _spellings(words: str) -> tuple[str, ...]:
    quoted = (json.dumps(words), json.dumps(words, ensure_ascii=False), repr(words))
    return (words, words.strip(), *(spelling[1:-1] for spelling in quoted))


def _in_one_line(words: str) -> str:
    return " ".join(words.split())


def _tight(words: str) -> str:
    """The words as JSON without white space, where they are a list or an object: servers and programs write both."""
    try:
        value = json.loads(words)
    except (ValueError, RecursionError):
        return words
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, list | dict) else words


def _manner(scene: Scene) -> str:
    failure = scene.turn.failure
    return failure.chain[0].type if failure is not None and failure.chain else "a result without error"
