"""Bytes become messages, whatever pieces they come in and whatever they say."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.runtime import UndecodableStream
from harness.runtime.appserver.lines import Garbage, LineReader, Notification, Request, Response, encode, message_of


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"method": "turn/started", "params": {"a": 1}}, Notification("turn/started", {"a": 1})),
        ({"method": "initialized"}, Notification("initialized", {})),
        ({"method": "odd", "params": [1]}, Notification("odd", {})),
        ({"method": "odd", "params": None, "id": None}, Notification("odd", {})),
        ({"method": "ask", "id": 0, "params": {}}, Request(0, "ask", {})),
        ({"method": "ask", "id": "x"}, Request("x", "ask", {})),
        ({"id": 1, "result": None}, Response(1)),
        ({"id": 1, "result": {"a": 1}}, Response(1, {"a": 1})),
        ({"id": 1, "error": {"code": -1}}, Response(1, None, {"code": -1})),
        ({"id": 1, "error": "no"}, Response(1, None, {"message": "no"})),
        ({"id": 1, "error": [1]}, Response(1, None, {"message": "[1]"})),
        ({"id": 1}, Garbage(b'{"id": 1}')),
        ([1], Garbage(b"[1]")),
    ],
)
def test_what_a_line_says(line, message):
    assert message_of(json.dumps(line).encode()) == message


@pytest.mark.parametrize("line", [b"DEBUG x", b'{"a":', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_kept_as_it_came(line):
    assert message_of(line) == Garbage(line)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 40), max_size=8))
def test_pieces_make_no_difference(cuts):
    sent = b'{"method":"a"}\r\n\n  \n{"id":1,"result":"\xc3\xa9\\n"}\nrubbish\n{"half'
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    reader = LineReader()
    told = [message for a, b in pairwise(edges) for message in reader.feed(sent[a:b])]
    assert told == [Notification("a", {}), Response(1, "é\n"), Garbage(b"rubbish")]
    assert reader.unfinished == b'{"half'


def test_a_line_may_be_long_but_not_endless():
    reader = LineReader(max_line=100)
    assert list(reader.feed(b"x" * 100)) == []
    with pytest.raises(UndecodableStream, match="longer than 100 bytes"):
        list(reader.feed(b"x"))


def test_a_long_line_costs_no_more_than_its_bytes():
    reader, piece = LineReader(), b"x" * 1_000
    for _ in range(5_000):
        assert list(reader.feed(piece)) == []
    assert len(reader.unfinished) == 5_000_000


def test_what_is_written_is_one_line_whatever_it_holds():
    written = encode(id=1, method="m", params={"text": "a\nb\u2028é\ud800"})
    assert written.count(b"\n") == 1
    assert written.endswith(b"\n")
