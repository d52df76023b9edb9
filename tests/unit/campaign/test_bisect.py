"""The search, on releases that hold, fail or cannot be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.campaign.bisect import Pair, State, Tried, Undecided, bisect

LETTERS = {"h": State.HOLDS, "f": State.FAILS, "u": State.UNUSABLE}


def search(states: str, **ends: str) -> tuple[list[str], Pair]:
    """What was asked and what came of it; release n is the n-th letter."""
    releases = [str(n) for n in range(len(states))]
    *tried, pair = bisect(releases, lambda release: LETTERS[states[int(release)]], **ends)
    assert isinstance(pair, Pair)
    return [step.release for step in tried if isinstance(step, Tried)], pair


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_cure_is_found_in_few_tries(before: int, after: int) -> None:
    asked, pair = search("f" * before + "h" * after)
    assert (pair.before.release, pair.after.release) == (str(before - 1), str(before))
    assert pair.cured
    assert len(asked) == len(set(asked)) <= 3 + 2 * (before + after).bit_length()


def test_what_a_release_broke_is_found_between_the_ends_given() -> None:
    asked, pair = search("fhhhhhff", first="1", last="7")
    assert (pair.before.release, pair.after.release) == ("5", "6")
    assert not pair.cured
    assert "0" not in asked


@pytest.mark.parametrize(
    ("states", "before", "after", "between"),
    [("ffuuhh", "1", "4", ("2", "3")), ("ffhhuu", "1", "2", ()), ("uufhh", "2", "3", ()), ("fuh", "0", "2", ("1",))],
)
def test_releases_that_cannot_be_asked_are_stepped_over(
    states: str, before: str, after: str, between: tuple[str, ...]
) -> None:
    _, pair = search(states)
    assert (pair.before.release, pair.after.release, pair.between) == (before, after, between)


@pytest.mark.parametrize("states", ["hhhh", "ffff", "uuuu", "uhu", ""])
def test_releases_that_do_not_differ_have_no_pair(states: str) -> None:
    with pytest.raises(Undecided):
        search(states)


def test_an_unknown_end_is_refused() -> None:
    with pytest.raises(Undecided, match="no release 9"):
        search("fh", first="9")
