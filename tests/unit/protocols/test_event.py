"""A payload's two ways of being read, the quick and the careful one, never differ in what they say."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.protocols.responses.event import _careful, _read

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([2**53, 2**53 + 1, -(2**60), 2**64, 1e22, -0.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SPACED, COMPACT = (", ", ": "), (",", ":")


@given(VALUES, st.sampled_from([SPACED, COMPACT]), st.booleans())
@example({"\ud800": 1}, COMPACT, True)
def test_any_value_reads_alike(value: object, separators: tuple[str, str], ascii: bool) -> None:
    text = json.dumps(value, separators=separators, ensure_ascii=ascii)
    assert repr(_read(text)) == repr(_careful(text))


TEXTS = [
    '{"a":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":NaN}',
    '{"a":9007199254740993}',
    '{"a":[9007199254740993]}',
    '{"a":-0}',
    '{"a":1.0}',
    '{"a":1e3}',
    '{"a":"0123456789012345678"}',
    '{"a":"\\ud800"}',
    '{"a":"\ud800"}',
    '{"a":1',
    "[" * 3000 + "]" * 3000,
    "7",
    "",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:24].encode("ascii", "backslashreplace").decode())
def test_odd_texts_read_alike(text: str) -> None:
    assert repr(_read(text)) == repr(_careful(text))
