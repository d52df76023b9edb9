"""Seeded text: token-sized pieces that mean nothing, in the scripts and with the characters that break readers."""

from __future__ import annotations

import json
from random import Random

# fmt: off
_ONSETS = (
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z",
    "br", "ch", "cl", "dr", "fl", "gr", "pl", "st", "th", "tr",
)
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou", "ee", "á", "é", "ö", "ü")
_CODAS = ("", "", "", "n", "r", "s", "l", "t", "m", "nd", "st")
# fmt: on

_SPICE = (
    # Two, three and four bytes in UTF-8; joined, flagged and combining emoji; right-to-left; wide.
    " 🦊",
    " 👩‍🚀",
    " 🇫🇷",
    " 漢字",
    " привет",
    " سلام",
    " नमस्ते",
    " e\u0301",
    " –",
    "…",
    " “x”",
    # What JSON escapes, and what looks like the framing around it.
    '"',
    "\\",
    "\t",
    "\n",
    "\n\n",
    "\ndata: ",
    " {}",
    " </p>",
    " `code`",
    " **",
)


class Words:
    """Text in token-sized deltas. Equal seeds give equal words."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def word(self) -> str:
        """One made-up word of ASCII letters and, at times, accents."""
        return "".join(self._syllable() for _ in range(self._rng.randrange(1, 4)))

    def name(self) -> str:
        """A made-up identifier, as tools have."""
        return f"{_VERBS[self._rng.randrange(len(_VERBS))]}_{_NOUNS[self._rng.randrange(len(_NOUNS))]}"

    def tokens(self, count: int) -> list[str]:
        """``count`` deltas that make one text; about one in four is spice, and at least one is when count > 3."""
        made = [self._token(first=number == 0) for number in range(count)]
        if count > _ENOUGH:
            made[self._rng.randrange(1, count - 1)] = self._spice()
        return made

    def text(self, count: int) -> str:
        return "".join(self.tokens(count))

    def sentence(self, count: int) -> str:
        """Plain words only, for names, titles and instructions."""
        return " ".join(self.word() for _ in range(count)).capitalize() + "."

    def pieces(self, text: str) -> list[str]:
        """``text`` cut into token-sized deltas."""
        cut: list[str] = []
        start = 0
        while start < len(text):
            end = start + self._rng.randrange(1, 7)
            cut.append(text[start:end])
            start = end
        return cut

    def arguments(self) -> str:
        """The JSON of a function call's arguments, with text that has to be escaped."""
        value = {
            "query": self.text(6),
            "limit": self._rng.randrange(1, 100),
            "filter": {"tags": [self.word(), self.word()], "exact": self._rng.random() < 0.5, "since": None},
        }
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def _token(self, *, first: bool) -> str:
        if first:
            return self.word().capitalize()
        if self._rng.randrange(4) == 0:
            return self._spice()
        # Long words come as two tokens, the second without a space before it.
        return self.word() if self._rng.randrange(6) == 0 else f" {self.word()}"

    def _spice(self) -> str:
        return _SPICE[self._rng.randrange(len(_SPICE))]

    def _syllable(self) -> str:
        return "".join(table[self._rng.randrange(len(table))] for table in (_ONSETS, _VOWELS, _CODAS))


_VERBS = ("find", "read", "list", "count", "fetch", "update")
_NOUNS = ("orders", "files", "tickets", "routes", "readings", "notes")
_ENOUGH = 3
