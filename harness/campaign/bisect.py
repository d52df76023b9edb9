"""Which release changed a finding: a binary search over releases that may refuse to be asked.

Pure: ``probe`` says what a release does with the case, and may say that it cannot be had or does not even read a
healthy stream. Such a release is stepped over; where it stands between the two that differ, the answer names it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a release does with the case."""

    HOLDS = "holds"
    FAILS = "fails"
    UNUSABLE = "unusable"
    """It does not install, does not start, or fails a healthy stream."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One release, asked."""

    release: str
    state: State


@dataclass(frozen=True, slots=True)
class Pair:
    """Two releases next to each other, but for unusable ones, that differ."""

    before: Tried
    after: Tried
    between: tuple[str, ...] = ()
    """Releases in between that could not be asked."""

    @property
    def cured(self) -> bool:
        """Whether the later one holds; otherwise it is the one that broke."""
        return self.after.state is State.HOLDS


class Undecided(Exception):
    """The releases asked do not differ, or none could be asked; the text says which."""


Probe = Callable[[str], State]


def bisect(
    releases: Sequence[str], probe: Probe, *, first: str | None = None, last: str | None = None
) -> Iterator[Tried | Pair]:
    """Every release as it is tried, and at last the pair. ``releases`` are oldest first.

    The search lies between ``first`` and ``last`` where they are given; otherwise the newest release is the end, and
    the beginning is looked for backwards in strides that double. Raises Undecided.
    """
    search = _Search(releases, probe)
    high = yield from search.usable(search.place(last, len(releases) - 1), step=-1)
    low = yield from (search.differing(high) if first is None else search.usable(search.place(first, 0), step=1))
    if search.state(low) is search.state(high):
        raise Undecided(f"{releases[low]} and {releases[high]} do the same: it {search.state(low)}")
    while (middle := search.between(low, high)) is not None:
        tried = yield from search.ask(middle)
        if tried is not State.UNUSABLE:
            low, high = (middle, high) if tried is search.state(low) else (low, middle)
    yield Pair(search.tried(low), search.tried(high), tuple(releases[low + 1 : high]))


class _Search:
    def __init__(self, releases: Sequence[str], probe: Probe) -> None:
        if not releases:
            raise Undecided("there are no releases")
        self._releases = releases
        self._probe = probe
        self._states: dict[int, State] = {}

    def place(self, release: str | None, default: int) -> int:
        if release is None:
            return default
        if release not in self._releases:
            raise Undecided(f"there is no release {release}")
        return self._releases.index(release)

    def state(self, place: int) -> State:
        return self._states[place]

    def tried(self, place: int) -> Tried:
        return Tried(self._releases[place], self._states[place])

    def ask(self, place: int) -> Generator[Tried, None, State]:
        """The state; told unless it was known."""
        if place not in self._states:
            self._states[place] = self._probe(self._releases[place])
            yield self.tried(place)
        return self._states[place]

    def usable(self, place: int, step: int) -> Generator[Tried, None, int]:
        """The nearest place from here on that can be asked."""
        while 0 <= place < len(self._releases):
            state = yield from self.ask(place)
            if state is not State.UNUSABLE:
                return place
            place += step
        raise Undecided("no release could be asked")

    def differing(self, high: int) -> Generator[Tried, None, int]:
        """A place before ``high`` whose state is another."""
        stride, alike = 1, high
        while alike > 0:
            begin = max(0, high - stride)
            stride *= 2
            found = yield from self._first_usable(begin, alike)
            if found is not None and self.state(found) is not self.state(high):
                return found
            alike = begin
        raise Undecided(f"every release that was asked does the same as {self._releases[high]}: it {self.state(high)}")

    def _first_usable(self, begin: int, end: int) -> Generator[Tried, None, int | None]:
        for place in range(begin, end):
            if (yield from self.ask(place)) is not State.UNUSABLE:
                return place
        return None

    def between(self, low: int, high: int) -> int | None:
        """The place nearest the middle that may still be asked."""
        middle = (low + high) / 2
        open_places = [place for place in range(low + 1, high) if self._states.get(place) is not State.UNUSABLE]
        return min(open_places, key=lambda place: abs(place - middle), default=None)
