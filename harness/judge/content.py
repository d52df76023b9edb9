"""Comparing assembled texts with evidenced ones: what is missing, what nobody sent, what is only arranged otherwise.

A consumer may hand out messages one by one or as one text; both are compared with the same owed texts, so that
the difference between two consumers is never a difference in strictness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from harness.judge.evidence import Attempt
from harness.judge.rule import Scene
from harness.protocols.responses.reading import ChannelKind, ItemReading, Reading, Witness
from harness.protocols.responses.reading.fact import OWNER

TEXT_PHASES = ("final_answer",)
_TRIMMED = "white space at the ends differs"


@dataclass(frozen=True, slots=True)
class Owed:
    """One text a consumer owes, as any of its accepted spellings."""

    accepted: tuple[str, ...]
    optional: bool
    frames: tuple[int, ...]


@dataclass(slots=True)
class Account:
    """The difference between what is owed and what was assembled."""

    missing: list[Owed] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    rearranged: str = ""
    """How the assembled texts differ although nothing is missing or added."""


@lru_cache(maxsize=2)
def owed_texts(scene: Scene, kind: ChannelKind) -> tuple[Owed, ...]:
    """The texts of one strand, in output order. Optional: what only the snapshot adds to other content, other
    phases than the final answer where the consumer's text is that alone, what an item says that is of another type or
    once called so, and words that another item says in full where nobody but their own deltas, or its end alone, knows
    of a second one."""
    reading = scene.attempt.reading
    if not any(kind in item.channels for item in reading.items):
        return ()
    evidenced = reading.evidenced
    items = [item for item in evidenced if kind in item.channels]
    others_speak = any(not item.only_in_snapshot for item in evidenced)
    final_only = not scene.capabilities.commentary_is_text and any(_is_final(item) for item in items)
    return tuple(
        Owed(
            item.channels[kind].accepted,
            optional=(item.channels[kind].only_in_snapshot and others_speak)
            or (final_only and not _is_final(item))
            or any(stated != OWNER[kind] for stated in (item.type, *item.types))
            or _is_echo(item, items, kind),
            frames=item.frames,
        )
        for item in items
    )


def account_of(owed: Sequence[Owed], actual: Sequence[str]) -> Account:
    """Compare item by item; where that fails, as one text."""
    if len(owed) == len(actual) and all(text in entry.accepted for entry, text in zip(owed, actual, strict=True)):
        return Account()
    account, rest = Account(), [text for text in actual if text]
    unmatched = []
    order = []
    for entry in owed:
        position = next((i for i, text in enumerate(rest) if text in entry.accepted), None)
        if position is None:
            unmatched.append(entry)
        else:
            order.append(actual.index(rest.pop(position)))
    missing = [entry for entry in unmatched if not entry.optional]
    if not missing and not rest:
        account.rearranged = "" if order == sorted(order) else "the items are in another order"
        return account
    if spells(owed, "".join(text for text in actual if text)):
        account.rearranged = "the same text, divided otherwise" if len(actual) > 1 else ""
        return account
    if spells([_stripped(entry) for entry in owed], "".join(text for text in actual if text).strip()):
        account.rearranged = _TRIMMED
        return account
    difference = _difference(unmatched, rest)
    trimmed = _difference([_stripped(entry) for entry in unmatched], [text.strip() for text in rest])
    if difference.missing and not (trimmed.missing or trimmed.surplus):
        return Account(rearranged=_TRIMMED)  # in another order besides, which alone is no loss either
    return difference


def spells(owed: Sequence[Owed], text: str) -> bool:
    """Whether the text is the owed texts in order, with nothing but white space between them."""
    reached = {0}
    for entry in owed:
        spelled = {
            start + len(spelling)
            for position in reached
            for start in _starts(text, position)
            for spelling in entry.accepted
            if text.startswith(spelling, start)
        }
        reached = spelled | (reached if entry.optional or not entry.accepted else set())
    return any(not text[position:].strip() for position in reached)


def known_source(piece: str, scene: Scene, kind: ChannelKind) -> str:
    """Where a piece that is not owed comes from, in words that name the bug."""
    reading = scene.attempt.reading
    if _told(piece, reading, kind):
        return "doubled: it is there once more than it was sent"
    if reading.after is not None and _told(piece, reading.after, kind):
        return "taken from after the terminal"
    if any(_told(piece, attempt.reading, kind) for attempt in scene.evidence.attempts[:-1]):
        return "kept from an attempt that a retry voided"
    other = next((k for k in ChannelKind if k is not kind and _told(piece, reading, k)), None)
    return f"it is the {other}, not the {kind}" if other else "nobody sent it"


def attempts_text(attempt: Attempt, kind: ChannelKind) -> list[str]:
    """Every text of a strand that any witness of this attempt told."""
    return [
        text for item in attempt.reading.items if kind in item.channels for text in item.channels[kind].every_text()
    ]


def excerpt(texts: Sequence[str], limit: int = 160) -> str:
    """Texts for people: quoted, and short."""
    shown = [repr(text if len(text) <= limit else f"{text[:limit]}…({len(text)} characters)") for text in texts]
    return ", ".join(shown) or "(nothing)"


def _difference(unmatched: Sequence[Owed], rest: Sequence[str]) -> Account:
    account = Account(missing=[entry for entry in unmatched if not entry.optional])
    remains = list(unmatched)
    for text in rest:
        left, whole = text, False
        for entry in list(remains):
            spelling = next((s for s in sorted(entry.accepted, key=len, reverse=True) if s and s in left), None)
            if spelling is not None:
                left, whole = left.replace(spelling, "", 1), True
                remains.remove(entry)
                if entry in account.missing:
                    account.missing.remove(entry)
        if not left.strip():
            account.rearranged = account.rearranged or "the same texts, divided otherwise"
            continue
        if any(_part_of(left, spelling) for entry in remains for spelling in entry.accepted):
            continue  # a mutilated rest of something owed: missing, not invented
        account.surplus.append(left if whole else text)
    return account


def _part_of(piece: str, whole: str) -> bool:
    letters = iter(whole)
    return all(letter in letters for letter in piece)


def _starts(text: str, position: int) -> set[int]:
    rest = text[position:]
    return {position, position + len(rest) - len(rest.lstrip())}


def _stripped(entry: Owed) -> Owed:
    return Owed(tuple({s.strip() for s in entry.accepted}), entry.optional, entry.frames)


def _told(piece: str, reading: Reading, kind: ChannelKind) -> bool:
    words = piece.strip()
    channels = [item.channels[kind] for item in reading.items if kind in item.channels]
    return bool(words) and any(words in text for channel in channels for text in channel.every_text())


def _is_echo(item: ItemReading, items: Sequence[ItemReading], kind: ChannelKind) -> bool:
    """Whether by its bytes it may be another item, told under a wrong number and a wrong id."""
    if item.added or item.in_snapshot:
        return False
    words = item.channels[kind].accepted
    if item.finished:
        # Its end alone was told, and word for word it is the end that another one lacks, or has with other words.
        lacking = [
            other
            for other in items
            if other is not item
            and other.added
            and not (other.finished and other.channels[kind].witnesses.get(Witness.ITEM_DONE) in words)
        ]
        return any(all(spelling in other.channels[kind].accepted for spelling in words) for other in lacking)
    told = [text for other in items if other is not item and other.settled for text in other.channels[kind].accepted]
    return all(any(spelling in text for text in told) for spelling in words)


def _is_final(item: ItemReading) -> bool:
    return any(phase in TEXT_PHASES for phase in item.phases)
