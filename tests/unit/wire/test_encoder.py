"""What is encoded is read back as it was given; what the format cannot carry is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire import decode, encode
from tests.unit.wire.feeding import fields, unhurried

NEWLINES = ("\n", "\r", "\r\n")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LINE = TEXT.filter(lambda text: not set(text) & set("\r\n"))


@unhurried
@given(
    data=st.none() | TEXT,
    event=LINE,
    id=st.none() | LINE.filter(lambda text: "\0" not in text),
    retry=st.none() | st.integers(0, 10**17),
    comments=st.lists(LINE, max_size=3),
    newline=st.sampled_from(NEWLINES),
)
def test_round_trip(data, event, id, retry, comments, newline):
    raw = encode(data, event=event, id=id, retry=retry, comments=comments, newline=newline)
    frames, tail = decode(raw)
    assert tail is None
    read = None if data is None else re.sub("\r\n?", "\n", data)
    assert [fields(frame) for frame in frames] == [(event, read, id, retry, tuple(comments), False)]
    assert [frame.raw for frame in frames] == [raw]


@pytest.mark.parametrize("newline", NEWLINES)
def test_the_chosen_line_end_is_the_only_one(newline):
    raw = encode("a\nb\rc\r\nd", event="e", comments=["x"], newline=newline).decode()
    assert re.findall("\r\n|\r|\n", raw) == [newline] * 7


@pytest.mark.parametrize(
    ("arguments", "raw"),
    [
        ({"data": "{}", "event": "e"}, b"event: e\ndata: {}\n\n"),
        ({"data": "a\n\nb\n"}, b"data: a\ndata: \ndata: b\ndata: \n\n"),
        ({"data": ""}, b"data: \n\n"),
        ({"data": None}, b"\n"),
        ({"data": None, "comments": ["ping"]}, b": ping\n\n"),
        (
            {"data": "x", "event": "e", "id": "1", "retry": 5, "comments": ["c"]},
            b": c\nevent: e\nid: 1\nretry: 5\ndata: x\n\n",
        ),
        ({"data": "x", "id": ""}, b"id: \ndata: x\n\n"),
    ],
)
def test_the_exact_bytes(arguments, raw):
    assert encode(arguments.pop("data"), **arguments) == raw


@pytest.mark.parametrize("line_end", NEWLINES)
@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"event": "a{}b"}, "event"), ({"id": "a{}b"}, "id"), ({"comments": ["a{}b"]}, "a comment")],
)
def test_a_line_end_in_a_field_is_refused(arguments, field, line_end):
    broken = {
        name: [text.format(line_end) for text in value] if isinstance(value, list) else value.format(line_end)
        for name, value in arguments.items()
    }
    with pytest.raises(ValueError, match=f"a line end cannot be part of {field}"):
        encode("x", **broken)


def test_what_would_be_ignored_is_refused():
    with pytest.raises(ValueError, match="NUL"):
        encode("x", id="a\0b")
    with pytest.raises(ValueError, match="only digits"):
        encode("x", retry=-1)
    with pytest.raises(UnicodeEncodeError):
        encode("\ud800")
