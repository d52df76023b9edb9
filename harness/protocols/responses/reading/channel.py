"""One strand of an item's content, as each of its witnesses tells it.

A stream says the same thing up to five times: as deltas, when a part is done, when the item is done, in the
terminal's snapshot, and sometimes already when the item is added. Which one is believed is not decided here;
this module only says which texts a right consumer may end up with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class ChannelKind(StrEnum):
    TEXT = "text"
    REFUSAL = "refusal"
    REASONING = "reasoning"
    SUMMARY = "summary"
    ARGUMENTS = "arguments"
    INPUT = "input"


class Witness(StrEnum):
    """Who says it, in the order of the stream."""

    ADDED = "added"
    DELTAS = "deltas"
    PART_DONE = "part-done"
    PART = "part"
    ITEM_DONE = "item-done"
    SNAPSHOT = "snapshot"


ENDING = frozenset({Witness.PART_DONE, Witness.PART, Witness.ITEM_DONE})
"""Witnesses that speak when the text is over, and so in full."""

_LAST_WORDS = ENDING | {Witness.SNAPSHOT}

_IN_TURN = (Witness.PART_DONE, Witness.PART, Witness.ITEM_DONE)

WHOLE_ITEM = frozenset({Witness.ITEM_DONE, Witness.SNAPSHOT})


@dataclass(frozen=True)
class Channel:
    """Texts by witness and part index; empty texts are no witness and are absent."""

    kind: ChannelKind
    parts: Mapping[Witness, Mapping[int, str]]

    @cached_property
    def witnesses(self) -> Mapping[Witness, str]:
        """Each witness's whole text: its parts joined in index order."""
        return {witness: _joined(parts) for witness, parts in self.parts.items()}

    @cached_property
    def accepted(self) -> tuple[str, ...]:
        """The texts a right consumer may assemble, fullest first; empty when nobody witnessed anything.

        Deltas that another witness continues are not full; neither is one ending witness that another continues.
        But longer deltas do not make an ending witness less full: they may as well hold one delta twice. Where full
        ones disagree, either is right. The snapshot may be believed, but a right consumer need not read it.
        """
        tellings = list(self.parts.values())
        if tellings and Witness.ADDED not in self.parts and tellings.count(tellings[0]) == len(tellings):
            return (_joined(tellings[0]),)  # all say the same
        told: Mapping[Witness, str] = {
            witness: text for witness, text in self.witnesses.items() if witness is not Witness.SNAPSHOT
        }
        snapshot = self.witnesses.get(Witness.SNAPSHOT)
        if not told:
            return (snapshot,) if snapshot else ()
        candidates = self._candidates(told)
        final = {text for witness, text in told.items() if witness in ENDING}
        full = [
            text
            for text in candidates
            if not any(_continues(other, text) for other in (final if text in final else candidates))
        ]
        if snapshot is not None and not any(_continues(other, snapshot) for other in full):
            full.append(snapshot)
        return tuple(dict.fromkeys(sorted(full, key=len, reverse=True)))

    @property
    def evidenced(self) -> bool:
        return bool(self.parts)

    @property
    def only_in_snapshot(self) -> bool:
        return len(self.parts) == 1 and Witness.SNAPSHOT in self.parts

    @property
    def settled(self) -> bool:
        """Whether a witness that speaks at the end, and so in full, was heard."""
        return not _LAST_WORDS.isdisjoint(self.parts)

    def every_text(self) -> tuple[str, ...]:
        """All texts any witness told, in part or whole: what is no invention."""
        return tuple({*self.witnesses.values(), *self.accepted})

    def _counted_once(self, fullest: Mapping[int, str], spoken: Iterable[Witness]) -> Mapping[int, str]:
        """Without the parts that have the very words of another one, where no witness tells both: that is one part,
        which some of its witnesses count wrong."""
        tellers = {index: {witness for witness in spoken if index in self.parts[witness]} for index in fullest}
        first: dict[str, int] = {}
        for index in sorted(fullest):
            first.setdefault(fullest[index], index)
        return {
            index: text
            for index, text in fullest.items()
            if first[text] == index or not tellers[index].isdisjoint(tellers[first[text]])
        }

    def _counted_apart(self, spoken: Mapping[Witness, str]) -> list[str]:
        """The texts that were ended, where not one of their parts was streamed, though others were: they may be the
        same parts, and one of the two counts them wrong."""
        ended = {number for witness in ENDING & self.parts.keys() for number in self.parts[witness]}
        streamed = self.parts.get(Witness.DELTAS, {})
        if not streamed or not ended.isdisjoint(streamed):
            return []
        return [text for witness, text in spoken.items() if witness in ENDING and set(self.parts[witness]) == ended]

    def _candidates(self, told: Mapping[Witness, str]) -> list[str]:
        spoken: Mapping[Witness, str] = {w: text for w, text in told.items() if w is not Witness.ADDED} or told
        covered = {index for witness in spoken for index in self.parts[witness]}
        candidates = [
            text for witness, text in spoken.items() if witness in WHOLE_ITEM or set(self.parts[witness]) == covered
        ]
        if not candidates:
            # No witness covers every part: different witnesses tell different parts in full.
            fullest = {index: max((self.parts[w].get(index, "") for w in spoken), key=len) for index in covered}
            candidates = [_joined(self._counted_once(fullest, spoken)), *self._counted_apart(spoken)]
        ended = [self.parts[witness] for witness in _IN_TURN if witness in spoken]
        streamed = self.parts.get(Witness.DELTAS, {})
        if ended and all(parts.keys() < streamed.keys() for parts in ended):
            # Whoever speaks at the end of a part may be believed over its deltas, part by part too.
            mixed = dict(streamed)
            for parts in ended:
                mixed |= parts
            candidates.append(_joined(mixed))
        if Witness.ADDED in told and Witness.DELTAS in told:
            # Some servers put the first token into the added event and continue from there.
            candidates.append(told[Witness.ADDED] + told[Witness.DELTAS])
        return candidates


def _continues(other: str, text: str) -> bool:
    """Whether the other text goes on where this one stops. One that is told twice does not: it stops there too."""
    return other != text and other.startswith(text) and not other.endswith(text)


def _joined(parts: Mapping[int, str]) -> str:
    return "".join([parts[index] for index in sorted(parts)])
