"""What every match of a rule must contain, read off the rule itself, so that most texts need no regular expression.

A rule's pattern costs half a microsecond a byte; looking for a literal costs a thousandth of that. The literals are
derived from the parsed pattern and never written down beside it, so a changed rule cannot be skipped by mistake: what
the derivation does not understand counts as "may be anything".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from harness.cassette.hits import Hit, scan
from harness.cassette.rules import RULES, Rule

Literals = frozenset[bytes]


class RuleSet:
    """Rules, and what is known of all of them together."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)

    def hits_in(self, text: bytes) -> Iterator[Hit]:
        """As ``scan(text, "", rules)``, without the rules that cannot match; ``where`` is left empty."""
        return scan(text, "", self.possible(text))

    def possible(self, text: bytes) -> list[Rule]:
        """The rules one of whose literals is in ``text``, and those that have none."""
        lowered = text.lower()
        # Nearly every text holds none of all the literals, and one search tells.
        if self._any_literal.search(lowered) is None:
            return self._without
        return [rule for rule in self.rules if _may_match(anchors(rule.pattern), lowered)]

    @cached_property
    def _any_literal(self) -> re.Pattern[bytes]:
        """Finds any literal of any rule."""
        return re.compile(_trie(frozenset[bytes]().union(*(anchors(rule.pattern) for rule in self.rules))))

    @cached_property
    def _without(self) -> list[Rule]:
        return [rule for rule in self.rules if not anchors(rule.pattern)]


@cache
def anchors(pattern: re.Pattern[bytes]) -> Literals:
    """Lower-case literals one of which is in every match of ``pattern``; empty when no such set was found."""
    tree = import_module("re._parser").parse(pattern.pattern, pattern.flags)
    return _best(tree) or frozenset()


def _trie(literals: Literals) -> bytes:
    """A pattern for any of the literals that looks at each byte once: an alternation would try them one by one."""
    if not literals or b"" in literals:
        return b"" if literals else _NEVER
    tails: dict[bytes, set[bytes]] = {}
    for literal in literals:
        tails.setdefault(literal[:1], set()).add(literal[1:])
    return b"(?:%b)" % b"|".join(re.escape(head) + _trie(frozenset(rest)) for head, rest in sorted(tails.items()))


def _may_match(literals: Literals, lowered: bytes) -> bool:
    return not literals or any(literal in lowered for literal in literals)


def _best(sequence: Iterable[Any]) -> Literals | None:
    """Of all sets that a match must draw from, the one whose shortest literal is the longest."""
    found: list[Literals] = []
    run: Literals = frozenset([b""])
    for node in sequence:
        texts = _texts(node)
        longer = None if texts is None else _joined(run, texts)
        if longer is None:
            found += [run, *_inside(node)]
            run = texts or frozenset([b""])
        else:
            run = longer
    useful = [literals for literals in (*found, run) if literals and b"" not in literals]
    return max(useful, key=_worth, default=None)


def _worth(literals: Literals) -> tuple[int, int]:
    return min(len(literal) for literal in literals), -len(literals)


def _inside(node: Any) -> list[Literals]:
    """What a node of endlessly many texts must contain all the same."""
    name, value = str(node[0]), node[1]
    if name == "SUBPATTERN":
        best = _best(value[3])
    elif name == "BRANCH":
        parts = [_best(part) for part in value[1]]
        best = None if None in parts else frozenset[bytes]().union(*(part for part in parts if part))
    elif name in _REPEATS and value[0]:
        best = _best(value[2])
    else:
        best = None
    return [best] if best else []


def _texts(node: Any) -> Literals | None:
    """Every text the node can stand for, in lower case, or None when these are many."""
    name, value = str(node[0]), node[1]
    if name in _EMPTY:
        return frozenset([b""])
    if name == "LITERAL":
        return frozenset([bytes([value]).lower()])
    if name == "IN" and all(str(kind) == "LITERAL" for kind, _ in value):
        return frozenset(bytes([byte]).lower() for _, byte in value)
    if name == "SUBPATTERN":
        return _sequence_texts(value[3])
    if name == "BRANCH":
        parts = [_sequence_texts(part) for part in value[1]]
        return None if None in parts else frozenset[bytes]().union(*(part for part in parts if part))
    if name in _REPEATS and value[:2] == (0, 1):
        once = _sequence_texts(value[2])
        return None if once is None else once | {b""}
    return None


def _sequence_texts(sequence: Iterable[Any]) -> Literals | None:
    run: Literals | None = frozenset([b""])
    for node in sequence:
        texts = _texts(node)
        run = None if run is None or texts is None else _joined(run, texts)
    return run


def _joined(left: Literals, right: Literals) -> Literals | None:
    if len(left) * len(right) > _MANY:
        return None
    return frozenset(one + other for one in left for other in right)


_MANY = 64
_NEVER = rb"(?!)"
_EMPTY = frozenset({"AT", "ASSERT", "ASSERT_NOT"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})

KNOWN = RuleSet(RULES)
"""The rules that redaction goes by."""
