"""The decoder against a table of cases after the standard's sections.

WHATWG HTML, 9.2.5 (Parsing an event stream) and 9.2.6 (Interpreting an event stream). Each case is fed whole, byte by
byte, and with another block after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from harness.wire import Tail, decode
from tests.unit.wire.feeding import bytewise, fed, fields


@dataclass(frozen=True)
class F:
    """The fields expected of one frame."""

    data: str | None = None
    event: str = ""
    id: str | None = None
    retry: int | None = None
    comments: tuple[str, ...] = ()
    replaced: bool = False

    @property
    def fields(self):
        return self.event, self.data, self.id, self.retry, self.comments, self.replaced


BOM = b"\xef\xbb\xbf"

PARSING = {
    "nothing at all": (b"", []),
    "lf": (b"data: x\n\n", [F("x")]),
    "cr": (b"data: x\r\r", [F("x")]),
    "crlf": (b"data: x\r\n\r\n", [F("x")]),
    "lf then cr": (b"data: x\n\r", [F("x")]),
    "lf then crlf": (b"data: x\n\r\n", [F("x")]),
    "cr then crlf": (b"data: x\r\r\n", [F("x")]),
    "crlf then lf": (b"data: x\r\n\n", [F("x")]),
    "crlf then cr": (b"data: x\r\n\r", [F("x")]),
    "cr lf is one line end": (b"data: x\r\ndata: y\r\n\r\n", [F("x\ny")]),
    "lf cr is two": (b"data: x\n\rdata: y\n\r", [F("x"), F("y")]),
    "each line its own line end": (b"event: e\rdata: x\r\ndata: y\n\r", [F("x\ny", "e")]),
    "two blocks": (b"data: 1\n\ndata: 2\n\n", [F("1"), F("2")]),
    "blank line first": (b"\ndata: x\n\n", [F(), F("x")]),
    "every blank line ends a frame": (b"data: x\n\n\n\r\n\r", [F("x"), F(), F(), F()]),
    "byte order mark": (BOM + b"data: x\n\n", [F("x")]),
    "byte order mark before a blank line": (BOM + b"\n", [F()]),
    "byte order mark before a comment": (BOM + b": c\n\n", [F(comments=("c",))]),
    "only one byte order mark": (BOM + BOM + b"data: x\n\n", [F()]),
    "no byte order mark in a later line": (b"data: x\n" + BOM + b"data: y\n\n", [F("x")]),
    "no byte order mark in a later block": (b"data: x\n\n" + BOM + b"data: y\n\n", [F("x"), F()]),
    "byte order mark in a value": (b"data: " + BOM + b"\n\n", [F("\ufeff")]),
    "half a byte order mark": (b"\xef\xbbdata: x\n\n", [F()]),
    "other separators end no line": (
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\n\n".encode(),
        [F("a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg")],
    ),
    "utf-8 of 2, 3 and 4 bytes": ("data: é∑😀\n\n".encode(), [F("é∑😀")]),
    "not utf-8": (b"data: \xff\xfe\n\n", [F("\ufffd\ufffd", replaced=True)]),
    "a sequence that the line end cuts is one error": (b"data: \xf0\x9f\x98\n\n", [F("\ufffd", replaced=True)]),
    "a sequence that goes wrong": (b"data: \xe2\x82x\n\n", [F("\ufffdx", replaced=True)]),
    "an encoded surrogate": (b"data: \xed\xa0\x80\n\n", [F("\ufffd" * 3, replaced=True)]),
    "an overlong form": (b"data: \xc0\xaf\n\n", [F("\ufffd\ufffd", replaced=True)]),
    "a replacement character that was sent": ("data: \ufffd\n\n".encode(), [F("\ufffd")]),
    "not utf-8 in the event name": (b"event: \xff\ndata: x\n\n", [F("x", "\ufffd", replaced=True)]),
    "not utf-8 in the id": (b"id: \xff\ndata: x\n\n", [F("x", id="\ufffd", replaced=True)]),
    "not utf-8 where nothing is kept": (b"\xff: x\n: \xff\ndata: x\n\n", [F("x", comments=("\ufffd",))]),
    "nul in data": (b"data: a\0b\n\n", [F("a\0b")]),
}

INTERPRETING = {
    "no space after the colon": (b"data:x\n\n", [F("x")]),
    "one space is removed": (b"data:  x\n\n", [F(" x")]),
    "no tab is removed": (b"data:\tx\n\n", [F("\tx")]),
    "a trailing space stays": (b"data: x \n\n", [F("x ")]),
    "colons in the value stay": (b"data: a: b: c\n\n", [F("a: b: c")]),
    "a colon and a space later on": (b'data:{"a": 1}\n\n', [F('{"a": 1}')]),
    "multi-line data": (b"data: a\ndata: b\ndata:\ndata: c\n\n", [F("a\nb\n\nc")]),
    "data around other lines": (b"data: a\n: c\nevent: e\ndata: b\n\n", [F("a\nb", "e", comments=("c",))]),
    "empty data dispatches": (b"data:\n\n", [F("")]),
    "empty data after a space dispatches": (b"data: \n\n", [F("")]),
    "data without a colon dispatches": (b"data\n\n", [F("")]),
    "two empty data lines": (b"data\ndata\n\n", [F("\n")]),
    "no data does not dispatch": (b"event: e\nid: 1\nretry: 5\n\n", [F(None, "e", "1", 5)]),
    "the event name does not outlive its block": (b"event: e\n\ndata: x\n\n", [F(None, "e"), F("x")]),
    "the last event name counts": (b"event: a\nevent: b\ndata: x\n\n", [F("x", "b")]),
    "an empty event name counts": (b"event: a\nevent\ndata: x\n\n", [F("x")]),
    "id": (b"id: 1\ndata: x\n\n", [F("x", id="1")]),
    "the last id counts": (b"id: 1\nid: 2\ndata: x\n\n", [F("x", id="2")]),
    "an empty id counts": (b"id: 1\nid\ndata: x\n\n", [F("x", id="")]),
    "an id with nul is ignored": (b"id: a\0\ndata: x\n\n", [F("x")]),
    "an id with nul leaves the one before": (b"id: 1\nid: \0\ndata: x\n\n", [F("x", id="1")]),
    "retry": (b"retry: 0100\n\n", [F(retry=100)]),
    "retry must be digits": (b"retry: 1s\nretry: -1\nretry: +1\nretry: 1_0\nretry: 1.0\nretry:  1\n\n", [F()]),
    "retry must be ascii digits": ("retry: ٣\nretry: ²\n\n".encode(), [F()]),
    "retry must not be empty": (b"retry: 5\nretry:\nretry\n\n", [F(retry=5)]),
    "retry of any length": (b"retry: " + b"0" * 5000 + b"7\n\n", [F(retry=7)]),
    "retry saturates": (b"retry: " + b"9" * 5000 + b"\n\n", [F(retry=10**18)]),
    "comments": (b": a\n:b\n:  c\n:\n:: d\n\n", [F(comments=("a", "b", " c", "", ": d"))]),
    "unknown fields are ignored": (b"foo: 1\nfoo\ndata: x\n\n", [F("x")]),
    "field names are case-sensitive": (b"Data: x\nDATA: x\nEvent: e\nID: 1\n\n", [F()]),
    "field names are not trimmed": (b" data: x\ndata : x\n\n", [F()]),
    "[DONE] is data": (b"data: [DONE]\n\n", [F("[DONE]")]),
    # The standard's own examples.
    "example: stocks": (b"data: YHOO\ndata: +2\ndata: 10\n\n", [F("YHOO\n+2\n10")]),
    "example: four blocks": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [F(comments=("test stream",)), F("first event", id="1"), F("second event", id=""), F(" third event")],
    ),
    "example: empty blocks": (b"data\n\ndata\ndata\n\n", [F(""), F("\n")]),
    "example: space or none": (b"data:test\n\ndata: test\n\n", [F("test"), F("test")]),
}

END_OF_STREAM = {
    "no blank line": (b"data: x\n", Tail(b"data: x\n", 0, "", "x")),
    "no line end": (b"data: x", Tail(b"data: x", 0, "", "x")),
    "after a block": (b"data: 1\n\nevent: e\nid: 2\ndata: x\n", Tail(b"event: e\nid: 2\ndata: x\n", 9, "e", "x", "2")),
    "a line without its end counts": (b"data: a\ndata: b", Tail(b"data: a\ndata: b", 0, "", "a\nb")),
    "inside a field name": (b"event: e\ndat", Tail(b"event: e\ndat", 0, "e", None)),
    "before the colon": (b"data", Tail(b"data", 0, "", "")),
    "inside a utf-8 sequence": ("data: ∑".encode()[:-1], Tail("data: ∑".encode()[:-1], 0, "", "\ufffd")),
    "inside a crlf": (b"data: x\r", Tail(b"data: x\r", 0, "", "x")),
    "between two crlf": (b"data: x\r\n", Tail(b"data: x\r\n", 0, "", "x")),
    "a comment": (b": ping\n", Tail(b": ping\n", 0, "", None, comments=("ping",))),
    "a byte order mark": (BOM, Tail(BOM, 0, "", None)),
    "a byte order mark and a line": (BOM + b"data: x", Tail(BOM + b"data: x", 0, "", "x")),
    "half a byte order mark": (BOM[:2], Tail(BOM[:2], 0, "", None)),
    "no byte order mark after a line end": (b"\n" + BOM + b"data: x", Tail(BOM + b"data: x", 1, "", None)),
}


def table(cases):
    return [pytest.param(*case, id=name) for name, case in cases.items()]


@pytest.mark.parametrize(("stream", "expected"), table(PARSING | INTERPRETING))
def test_frames(stream, expected):
    for frames, tail in (fed([stream]), fed(bytewise(stream)), decode(stream)):
        assert [fields(frame) for frame in frames] == [case.fields for case in expected]
        assert tail is None or tail.raw == b"\n"
    followed = stream + b"data: trailing"
    for frames, tail in (fed([followed + b"\n\n"]), fed(bytewise(followed + b"\n\n"))):
        assert [fields(frame) for frame in frames] == [case.fields for case in (*expected, F("trailing"))]
        assert tail is None
    frames, tail = fed([followed])
    assert [fields(frame) for frame in frames] == [case.fields for case in expected]
    assert tail.data == "trailing"


@pytest.mark.parametrize(("stream", "expected"), table(END_OF_STREAM))
def test_what_the_end_discards_is_told(stream, expected):
    for chunks in ([stream], bytewise(stream)):
        _, tail = fed(chunks)
        assert tail == expected
        assert tail.lost is (expected.data is not None)


@pytest.mark.parametrize("stream", [pytest.param(case[0], id=name) for name, case in (PARSING | INTERPRETING).items()])
def test_a_whole_stream_leaves_no_tail(stream):
    assert decode(stream)[1] is None


def test_properties_of_a_frame():
    (first, second), _ = decode(b"data: x\n\nevent: e\n\n")
    assert (first.start, first.end, first.dispatched) == (0, 9, True)
    assert (second.start, second.end, second.dispatched) == (9, 19, False)


def test_the_table_covers_every_pair_of_line_ends():
    # Otherwise a row could be dropped without anybody noticing.
    pairs = {re.fullmatch(rb"data: x(\r\n|\r|\n)(\r\n|\r|\n)", stream) for stream, _ in PARSING.values()} - {None}
    assert {match.groups() for match in pairs} == {(a, b) for a in LINE_ENDS for b in LINE_ENDS} - {(b"\r", b"\n")}


LINE_ENDS = (b"\r\n", b"\r", b"\n")
