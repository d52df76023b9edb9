"""Spaces: the operators that fit one take, as sequences that are counted but never written out.

A case of a campaign draws one number an operator, so a space must be countable; and shrinking ends at the lowest
number that still fails, so the simplest comes first. Both hold for what is built from the two pieces here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeVar, overload

Item = TypeVar("Item")


class _Counted(Sequence[Item]):
    """A sequence that works out its entries when asked for one."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, number: int) -> Item: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Item]: ...
    def __getitem__(self, number: int | slice) -> Item | Sequence[Item]:
        if isinstance(number, slice):
            return [self._at(each) for each in range(self._size)[number]]
        return self._at(range(self._size)[number])

    @abstractmethod
    def _at(self, number: int) -> Item: ...


class Product(_Counted[Item]):
    """``make`` on every combination of the axes; the first axis changes slowest."""

    def __init__(self, make: Callable[..., Item], *axes: Sequence[Any]) -> None:
        super().__init__(prod(len(axis) for axis in axes))
        self._make, self._axes = make, axes

    def _at(self, number: int) -> Item:
        chosen = []
        for axis in reversed(self._axes):
            number, place = divmod(number, len(axis))
            chosen.append(axis[place])
        return self._make(*reversed(chosen))


class Shared(_Counted[Item]):
    """Several spaces with an equal share each, however many entries each has; a small one's entries come up repeatedly.

    A terminal echoes forty members of the request and has one ``output``: by entries, nobody would ever draw that one.
    """

    def __init__(self, spaces: Sequence[Sequence[Item]]) -> None:
        self._spaces = [space for space in spaces if len(space)]
        self._most = max((len(space) for space in self._spaces), default=0)
        super().__init__(self._most * len(self._spaces))

    def _at(self, number: int) -> Item:
        which, place = divmod(number, self._most)
        space = self._spaces[which]
        return space[place * len(space) // self._most]
