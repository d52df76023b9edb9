"""The deliveries of one case, and which of them answers which request.

A request that carries new conversation items opens a turn; the same input again is another attempt at the
turn. An attempt that no delivery was written for gets the turn's last one again: a server that fails keeps failing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from harness.delivery.actions import Action, Cut, End, EndingAction, Framing, Head, Reset, Send, Stall, Stdio, Wait

_ENDINGS = frozenset({End, Cut, Reset, Stall})
_BODY = frozenset({Send, Wait})


@dataclass(frozen=True)
class Delivery:
    """One connection: waits, a head, sends and waits, and one ending; or an ending with no head at all."""

    actions: tuple[Action, ...]
    pieces: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    """The body, as it is sent."""
    length: int = field(init=False, repr=False, compare=False)
    """Of the body, in bytes."""
    head: Head | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kinds = list(map(type, self.actions))
        plain = kinds and kinds[0] is Head and kinds[-1] in _ENDINGS and _BODY.issuperset(kinds[1:-1])
        if not plain:  # nearly all are
            _check_order(kinds)
        pieces = tuple([action.data for action in self.actions if type(action) is Send])
        if b"" in pieces:
            raise ValueError("a Send is never empty: in chunked framing an empty chunk ends the body")
        head = self.actions[kinds.index(Head)] if Head in kinds else None
        vars(self).update(pieces=pieces, length=sum(map(len, pieces)), head=head)

    def __hash__(self) -> int:
        # Deliveries are what caches are keyed by, and one has hundreds of actions.
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.actions)

    @property
    def ending(self) -> EndingAction:
        last = self.actions[-1]
        assert isinstance(last, End | Cut | Reset | Stall)
        return last

    @cached_property
    def stdio(self) -> Stdio | None:
        """The process that writes this; None for what goes over a connection."""
        if self.head is not None:
            return None
        return next((action for action in self.actions if isinstance(action, Stdio)), None)

    @cached_property
    def body(self) -> bytes:
        """All body bytes, as the server means to send them (content-encoded bytes stay encoded)."""
        return b"".join(self.pieces)

    @property
    def content_length(self) -> int | None:
        """The content-length the client is told; None unless the framing has one."""
        if self.head is None or self.head.framing is not Framing.LENGTH:
            return None
        declared = self.head.declared_length
        return self.length if declared is None else declared

    @property
    def longest_wait_ms(self) -> float:
        """The longest silence between two actions the client can see; adjacent waits add up. A Stall is endless."""
        longest = silence = 0.0
        for action in self.actions:
            silence = silence + action.ms if isinstance(action, Wait) else 0.0
            longest = max(longest, silence)
        return float("inf") if isinstance(self.ending, Stall) else longest


def _check_order(kinds: list[type[Action]]) -> None:
    """Raises ValueError where the ending or the head is missing, out of its place, or there more than once."""
    if not kinds or kinds[-1] not in _ENDINGS or not _ENDINGS.isdisjoint(kinds[:-1]):
        raise ValueError("a delivery has exactly one ending (End, Cut, Reset or Stall), and it comes last")
    head = next((number for number, kind in enumerate(kinds) if kind is Head or kind is Stdio), len(kinds))
    if kinds.count(Head) + kinds.count(Stdio) > 1 or Send in kinds[:head]:
        raise ValueError("a delivery has at most one Head (or Stdio), and it comes before the first Send")
    if head == len(kinds) and kinds[-1] is End:
        raise ValueError("End needs a Head: a connection closed before the head is a Cut")


@dataclass(frozen=True)
class Exchange:
    """Deliveries keyed (turn, attempt), both from 0; every turn that is listed has an attempt 0."""

    deliveries: Mapping[tuple[int, int], Delivery]
    turns: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        turns = {turn for turn, _ in self.deliveries}
        if not turns or turns != set(range(len(turns))):
            raise ValueError("an exchange lists its turns from 0 without a gap")
        if not all((turn, 0) in self.deliveries for turn in turns):
            raise ValueError("every turn of an exchange has an attempt 0")
        vars(self)["turns"] = len(turns)

    @classmethod
    def single(cls, delivery: Delivery) -> Exchange:
        """One turn whose every attempt is answered alike."""
        return cls({(0, 0): delivery})

    def answer(self, turn: int, attempt: int) -> Delivery | None:
        """What the server says to this request; None when the case has no such turn."""
        if turn >= self.turns:
            return None
        known = max([number for t, number in self.deliveries if t == turn and number <= attempt])
        return self.deliveries[turn, known]
