"""Coded bodies are judged by what their reader has: decoded, as far as they can be, if the reader said that it can."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from harness.contract import Capabilities
from harness.delivery import Cut, Served
from harness.judge import Duty, Mark, TurnEvidence, UnreadableEvidence, gather, judge, obligation_of
from tests.unit.judge.streams import (
    CASE,
    FULL,
    answered,
    message,
    outcome,
    raised,
    served,
    sse,
    terminal,
    transcript,
    whole,
)

HELLO = whole(message("Hello, world", pieces=6))
PLAIN = sse(HELLO)
ERROR = b'{"error":{"code":"rate_limit_exceeded","message":"Slow down, please"}}'


def flushed(*parts: bytes) -> bytes:
    """gzip as a careful proxy writes it: whatever was written can be read at once."""
    coder = zlib.compressobj(wbits=31)
    pieces = [coder.compress(part) + coder.flush(zlib.Z_SYNC_FLUSH) for part in parts]
    return b"".join([*pieces, coder.flush()])


def bare_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


PACKED = gzip.compress(PLAIN)
HALF, DONE, END = sse(HELLO[:5]), sse(HELLO[5:-1]), sse(HELLO[-1:])
IN_PARTS = flushed(HALF, DONE, END)
FIRST, SECOND = len(flushed(HALF)) - 10, len(flushed(HALF, DONE)) - 10
"""Where the parts end in it: ten bytes are the last block and the trailer."""


def coded(body: bytes, coding: str = "gzip", ending: Cut | None = None, **more: object) -> Served:
    return served(body, ending, coding=coding, **more)  # type: ignore[arg-type]


ROWS: list[tuple[str, Served, Duty]] = [
    ("gzip", coded(PACKED), Duty.COMPLETE),
    ("gzip by its old name", coded(PACKED, "x-gzip"), Duty.COMPLETE),
    ("in capitals", coded(PACKED, "GZIP"), Duty.COMPLETE),
    ("gzip in two members", coded(gzip.compress(PLAIN[:70]) + gzip.compress(PLAIN[70:])), Duty.COMPLETE),
    ("deflate", coded(zlib.compress(PLAIN), "deflate"), Duty.COMPLETE),
    ("deflate without its wrapping", coded(bare_deflate(PLAIN), "deflate"), Duty.COMPLETE),
    ("gzip in deflate", coded(zlib.compress(PACKED), "gzip, deflate"), Duty.COMPLETE),
    ("a label that is no coding", coded(PLAIN, "utf-8"), Duty.COMPLETE),
    ("no coding, said so", coded(PLAIN, "identity"), Duty.COMPLETE),
    ("gzip without its trailer", coded(PACKED[:-8]), Duty.COMPLETE),
    ("gzip with something behind it", coded(PACKED + b"\0\0"), Duty.COMPLETE),
    ("gzip, broken after the terminal", coded(IN_PARTS[:-8] + b"\xff" * 8), Duty.COMPLETE),
    ("gzip, cut before the terminal", coded(IN_PARTS[:SECOND], ending=Cut()), Duty.EITHER),
    ("gzip, cut short before the terminal, ended well", coded(IN_PARTS[:SECOND]), Duty.EITHER),
    ("gzip, cut in the middle of an item", coded(IN_PARTS[:FIRST], ending=Cut()), Duty.DOUBT),
    ("gzip, cut in its header", coded(PACKED[:5], ending=Cut()), Duty.RAISE),
    ("gzip, broken before the terminal", coded(IN_PARTS[:SECOND] + b"\xff" * 20), Duty.DOUBT),
    ("gzip, broken in the middle of an item", coded(IN_PARTS[:FIRST] + b"\xff" * 20), Duty.DOUBT),
    ("no gzip at all", coded(PLAIN), Duty.DOUBT),
    ("an error in gzip", coded(gzip.compress(ERROR), status=429, media="application/json"), Duty.FAIL),
    ("an error in half a gzip", coded(gzip.compress(ERROR)[:20], status=429, media="application/json"), Duty.FAIL),
    ("gzip for a client that offers none", coded(PACKED, offers="identity"), Duty.COMPLETE),
]


def turn_of(entry: Served) -> TurnEvidence:
    (turn,) = gather(transcript(entry), Capabilities(), CASE)
    return turn


@pytest.mark.parametrize(("entry", "duty"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_was_served_leaves_this_duty(entry: Served, duty: Duty) -> None:
    assert obligation_of(turn_of(entry).last).duty is duty


@pytest.mark.parametrize("length", [FIRST, FIRST + 4, SECOND - 4])
def test_what_can_be_read_of_half_a_coding_is_evidence(length: int) -> None:
    reading = turn_of(coded(IN_PARTS[:length], ending=Cut())).last.reading
    (item,) = reading.items
    assert item.channels
    assert not reading.damage


def test_a_broken_coding_is_damage() -> None:
    reading = turn_of(coded(IN_PARTS[:SECOND] + b"\xff" * 20)).last.reading
    assert [why for _, why in reading.damage] == [f"its gzip coding is broken at byte {SECOND}"]
    assert [item.finished for item in reading.items] == [True]


def test_a_whole_gzip_has_one_reading() -> None:
    assert turn_of(coded(PACKED)).alternatives == ()


ALTERNATIVES: list[tuple[str, Served, str, Duty]] = [
    ("not offered", coded(PACKED, offers="identity"), "need not read gzip", Duty.RAISE),
    ("nothing offered", coded(PACKED, offers=None), "need not read gzip", Duty.RAISE),
    ("refused", coded(PACKED, offers="gzip;q=0, deflate"), "need not read gzip", Duty.RAISE),
    ("another one offered", coded(PACKED, offers="br"), "need not read gzip", Duty.RAISE),
    ("no gzip at all", coded(PLAIN), "although it is no gzip", Duty.COMPLETE),
]


@pytest.mark.parametrize(
    ("entry", "words", "duty"), [row[1:] for row in ALTERNATIVES], ids=[row[0] for row in ALTERNATIVES]
)
def test_where_a_client_need_not_decode_both_readings_stand(entry: Served, words: str, duty: Duty) -> None:
    (other,) = turn_of(entry).alternatives
    assert words in other.custom
    assert obligation_of(other).duty is duty


def test_what_a_broken_byte_took_with_it_is_not_owed() -> None:
    entry = coded(IN_PARTS[:-8] + b"\xff" * 8)
    (other,) = turn_of(entry).alternatives
    assert obligation_of(other).duty is Duty.DOUBT
    assert marks(entry, answered("Hello,", status=None, flags=("damaged",))) >= {Mark.LENIENT}
    assert Mark.FAIL not in marks(entry, answered("Hello,", status=None, flags=("damaged",)))
    assert Mark.FAIL in marks(entry, answered("Hello,"))


@pytest.mark.parametrize("offers", ["gzip", "GZIP;q=0.5", "*", "br, x-gzip , zstd"])
def test_what_was_offered_must_be_read(offers: str) -> None:
    assert turn_of(coded(PACKED, offers=offers)).alternatives == ()


def marks(entry: Served, turn: object) -> set[Mark]:
    return {verdict.mark for verdict in judge(CASE, outcome(turn), transcript(entry), FULL)}  # type: ignore[arg-type]


LENIENT = {
    "an error for a coding that was not asked for": coded(PACKED, offers=None),
    "an error for a coding without its trailer": coded(PACKED[:-8]),
    "an error for what is no gzip": coded(PLAIN),
}


@pytest.mark.parametrize("name", LENIENT)
def test_a_typed_error_is_no_failure(name: str) -> None:
    assert Mark.FAIL not in marks(LENIENT[name], raised())


def test_a_whole_answer_in_gzip_must_not_end_in_an_error() -> None:
    assert Mark.FAIL in marks(coded(PACKED), raised())
    assert Mark.FAIL not in marks(coded(PACKED), answered("Hello, world"))


def test_half_an_answer_in_gzip_must_not_look_whole() -> None:
    entry = coded(IN_PARTS[:FIRST], ending=Cut())
    assert Mark.FAIL in marks(entry, answered("Hello,"))
    assert Mark.FAIL not in marks(entry, raised())


def test_the_words_of_an_error_in_gzip_are_owed_where_they_can_be_read() -> None:
    def entry(length: int | None) -> Served:
        return coded(gzip.compress(ERROR)[:length], status=429, media="application/json")

    assert Mark.FAIL in marks(entry(None), raised(message="HTTP 429"))
    assert Mark.FAIL not in marks(
        entry(None), raised(message=json.loads(ERROR)["error"]["message"] + " rate_limit_exceeded")
    )
    assert Mark.FAIL not in marks(entry(20), raised(message="HTTP 429"))


def test_what_nobody_here_can_read_nobody_here_can_judge() -> None:
    with pytest.raises(UnreadableEvidence, match="compress"):
        turn_of(coded(PLAIN, "compress"))


def test_a_client_that_leaves_after_the_terminal_in_gzip_has_seen_enough() -> None:
    from harness.delivery import Ending

    body = flushed(PLAIN, sse([*message("ghost", 1), terminal()]))
    entry = served(body, coding="gzip", taken=len(flushed(PLAIN)) - 10, seen=Ending.LEFT)
    assert turn_of(entry).last.reading.after is None
