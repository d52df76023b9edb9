"""The oracle's own test: what was served, and the duty a careful reader says it leaves. Written by hand, row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.contract import Capabilities
from harness.delivery import Cut, Ending, Framing, Reset, Served, Stall
from harness.judge import Duty, gather, obligation_of
from tests.unit.judge.streams import (
    CASE,
    call,
    created,
    message,
    reasoning,
    refusal,
    served,
    sse,
    terminal,
    transcript,
    whole,
    without,
)

TEXT = message("Hello, world")
DONE_ONLY = [created(), TEXT[-1], terminal()]
DELTAS_ONLY = without(whole(TEXT), "item.added", "part.added", "text.done", "part.done", "item.done")
PRELUDE_RATE = {"type": "codex.rate_limits", "plan_type": "pro", "rate_limits": {}}
KEEPALIVE = {"type": "keepalive", "sequence_number": 3}
FLAT = {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down", "param": None}
NESTED = {"type": "error", "error": {"type": "server_error", "code": "boom", "message": "It broke"}}
WORD = {"type": "error", "error": "It broke"}
BARE = {"error": {"message": "No capacity", "code": 503}}
FAILED = terminal("failed", error={"code": "server_error", "message": "It broke"})
LONG = sse(whole(TEXT))

ROWS: list[tuple[str, Served, Duty]] = [
    # -- completed, nothing damaged
    ("a whole text", served(whole(TEXT)), Duty.COMPLETE),
    ("terminal output null", served(whole(TEXT, end=terminal(output=None))), Duty.COMPLETE),
    ("terminal output []", served(whole(TEXT, end=terminal(output=[]))), Duty.COMPLETE),
    ("terminal output a text", served(whole(TEXT, end=terminal(output="oops"))), Duty.COMPLETE),
    ("terminal output a number", served(whole(TEXT, end=terminal(output=7))), Duty.COMPLETE),
    ("terminal output an object", served(whole(TEXT, end=terminal(output={}))), Duty.COMPLETE),
    ("terminal output full of nulls", served(whole(TEXT, end=terminal(output=[None, None]))), Duty.COMPLETE),
    ("terminal response null", served([*whole(TEXT)[:-1], {"type": "response.completed", "response": None}]), Duty.COMPLETE),
    ("terminal without response", served([*whole(TEXT)[:-1], {"type": "response.completed"}]), Duty.COMPLETE),
    ("status missing", served(whole(TEXT, end=terminal(status=None))), Duty.COMPLETE),
    ("status null", served(whole(TEXT, end={"type": "response.completed", "response": {"status": None}})), Duty.COMPLETE),
    ("usage null", served(whole(TEXT, end=terminal(usage=None))), Duty.COMPLETE),
    ("only item.done tells the text", served(DONE_ONLY), Duty.COMPLETE),
    ("only deltas tell the text", served(DELTAS_ONLY), Duty.COMPLETE),
    ("only the terminal tells the text", served([created(), terminal(output=[TEXT[-1]["item"]])]), Duty.COMPLETE),
    ("completed with nothing at all", served([created(), terminal()]), Duty.COMPLETE),
    ("a refusal", served(whole(refusal("I cannot"))), Duty.COMPLETE),
    ("reasoning and text", served(whole(reasoning("think"), message("Hi", 1))), Duty.COMPLETE),
    ("a tool call", served(whole(call('{"a":1}'))), Duty.COMPLETE),
    ("no created event", served(whole(TEXT)[1:]), Duty.COMPLETE),
    ("item without added", served(without(whole(TEXT), "item.added")), Duty.COMPLETE),
    ("duplicate item.done", served([*whole(TEXT)[:-1], TEXT[-1], terminal()]), Duty.COMPLETE),
    ("vendor events before created", served([PRELUDE_RATE, KEEPALIVE, *whole(TEXT)]), Duty.COMPLETE),
    ("unknown event before created", served([{"type": "acme.hello"}, *whole(TEXT)]), Duty.COMPLETE),
    ("unknown event in the middle", served([created(), {"type": "response.sparkle"}, *whole(TEXT)[1:]]), Duty.COMPLETE),
    ("comments and empty data", served(sse([b": ping\n\n", b"data:\n\n", *whole(TEXT), b": bye\n\n"])), Duty.COMPLETE),
    ("[DONE] after the terminal", served([*whole(TEXT), "[DONE]"]), Duty.COMPLETE),
    ("a second terminal", served([*whole(TEXT), FAILED]), Duty.COMPLETE),
    ("text after the terminal", served([*whole(TEXT), *message("more", 1)]), Duty.COMPLETE),
    ("the socket stays open after the terminal", served(whole(TEXT), Stall()), Duty.COMPLETE),
    ("cut after the terminal", served(whole(TEXT), Cut()), Duty.COMPLETE),
    ("reset after the terminal", served(whole(TEXT), Reset()), Duty.COMPLETE),
    ("response.done with a status", served(whole(TEXT, end={"type": "response.done", "response": {"status": "completed"}})), Duty.COMPLETE),
    ("no content type", served(whole(TEXT), media=""), Duty.COMPLETE),
    ("CRLF framing", served(LONG.replace(b"\n", b"\r\n")), Duty.COMPLETE),
    ("a response object in place of a stream", served(b'{"object":"response","status":"completed","output":[]}', media="application/json"), Duty.COMPLETE),
    ("a response object behind a byte order mark", served(b'\xef\xbb\xbf{"object":"response","status":"completed","output":[]}', media="application/json"), Duty.COMPLETE),
    ("a response object without a status", served(b'{"object":"response","status":null,"output":[]}', media="application/json"), Duty.COMPLETE),
    ("a response object that is in progress", served(b'{"object":"response","status":"in_progress","output":[]}', media="application/json"), Duty.INCOMPLETE),
    ("a response object without a label", served(b'{"object":"response","status":"completed","output":[]}', media=""), Duty.COMPLETE),
    ("a whole response object, then a cut", served(b'{"object":"response","status":"completed","output":[]}', Cut(), media="application/json"), Duty.EITHER),
    # -- ended otherwise
    ("incomplete", served(whole(TEXT, end=terminal("incomplete", incomplete_details={"reason": "max_output_tokens"}))), Duty.INCOMPLETE),
    ("completed says incomplete", served(whole(TEXT, end=terminal("completed", "incomplete"))), Duty.INCOMPLETE),
    ("completed says cancelled", served(whole(TEXT, end=terminal("completed", "cancelled"))), Duty.CANCELLED),
    ("response.cancelled", served(whole(TEXT, end=terminal("cancelled"))), Duty.CANCELLED),
    ("failed", served(whole(TEXT, end=FAILED)), Duty.FAIL),
    ("failed says completed", served(whole(TEXT, end=terminal("failed", "completed"))), Duty.FAIL),
    ("completed says failed", served(whole(TEXT, end=terminal("completed", "failed"))), Duty.FAIL),
    ("failed with response null", served([created(), {"type": "response.failed", "response": None}]), Duty.FAIL),
    ("flat error first", served([FLAT]), Duty.FAIL),
    ("nested error first", served([NESTED]), Duty.FAIL),
    ("error as a word first", served([WORD]), Duty.FAIL),
    ("bare error object", served([BARE]), Duty.FAIL),
    ("event: error without type", served(b'event: error\ndata: {"message":"It broke","code":"x"}\n\n'), Duty.FAIL),
    ("event: error with plain text", served(b"event: error\ndata: upstream went away\n\n"), Duty.FAIL),
    ("response.error", served([created(), {"type": "response.error", "error": {"message": "It broke"}}]), Duty.FAIL),
    ("error in the middle", served([*whole(TEXT)[:4], FLAT, *whole(TEXT)[4:]]), Duty.FAIL),
    ("error just before the terminal", served([*whole(TEXT)[:-1], FLAT, terminal()]), Duty.FAIL),
    ("error, then the socket stays open", served([FLAT], Stall()), Duty.FAIL),
    ("HTTP 403 with a JSON error", served(b'{"code":"no","error":"not entitled"}', status=403, media="application/json"), Duty.FAIL),
    ("HTTP 500 with a page", served(b"<html>oops</html>", status=500, media="text/html"), Duty.FAIL),
    ("HTTP 500 with an empty body", served(b"", status=500), Duty.FAIL),
    ("HTTP 429 as a stream", served(sse([FLAT]), status=429), Duty.FAIL),
    ("HTTP 200 with a JSON error", served(b'{"error":{"message":"no","code":"x"}}', media="application/json"), Duty.FAIL),
    ("HTTP 200 with a page", served(b"<html><title>Sign in</title></html>", media="text/html"), Duty.FAIL),
    # -- no terminal
    ("nothing but a head", served(b""), Duty.RAISE),
    ("HTTP 204", served(b"", status=204, media=""), Duty.RAISE),
    ("created only", served([created()]), Duty.RAISE),
    ("comments only", served(b": ping\n\n: ping\n\n"), Duty.RAISE),
    ("[DONE] only", served(["[DONE]"]), Duty.RAISE),
    ("no head at all", served(b"", Cut(), head=False), Duty.RAISE),
    ("reset before the head", served(b"", Reset(), head=False), Duty.RAISE),
    ("plain words, labelled as text", served(b"hello", media="text/plain"), Duty.RAISE),
    ("deltas, then a clean end", served(whole(TEXT)[:5]), Duty.DOUBT),
    ("deltas, then a cut", served(whole(TEXT)[:5], Cut()), Duty.DOUBT),
    ("deltas, then a reset", served(whole(TEXT)[:5], Reset()), Duty.DOUBT),
    ("deltas, close-delimited", served(whole(TEXT)[:5], Cut(), framing=Framing.CLOSE), Duty.DOUBT),
    ("deltas, then silence", served(whole(TEXT)[:5], Stall()), Duty.DOUBT),
    ("one item done, one begun", served([*whole(TEXT)[:-1], message("two", 1)[0]]), Duty.DOUBT),
    ("all items done, clean end", served(whole(TEXT)[:-1]), Duty.EITHER),
    ("all items done, cut", served(whole(TEXT)[:-1], Cut()), Duty.EITHER),
    ("all items done, [DONE]", served([*whole(TEXT)[:-1], "[DONE]"]), Duty.EITHER),
    ("a call done, clean end", served(whole(call("{}"))[:-1]), Duty.EITHER),
    ("cut inside the terminal frame", served(LONG[:-40], Cut()), Duty.EITHER),
    ("cut inside a delta", served(sse(whole(TEXT)[:4])[:-20], Cut()), Duty.DOUBT),
    # -- damage
    ("a broken frame, items all done", served([created(), "{broken", *whole(TEXT)[1:]]), Duty.EITHER),
    ("a broken frame among bare deltas", served([*DELTAS_ONLY[:2], "{broken", *DELTAS_ONLY[2:]]), Duty.DOUBT),
    ("a terminal that is no JSON", served([*whole(TEXT)[:-1], '{"type":"response.completed"']), Duty.DOUBT),
    ("bytes that are not UTF-8 in a bare delta", served(sse(DELTAS_ONLY).replace(b"Hello", b"He\xffo")), Duty.COMPLETE),
]  # fmt: skip


def duty_of(entry: Served, capabilities: Capabilities | None = None) -> Duty:
    evidence = gather(transcript(entry), capabilities or Capabilities(), CASE)
    return obligation_of(evidence[0].last).duty


@pytest.mark.parametrize(("entry", "duty"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_was_served_leaves_this_duty(entry: Served, duty: Duty) -> None:
    assert duty_of(entry) is duty


def test_the_table_is_wide_enough() -> None:
    assert len(ROWS) >= 60
    assert {row[2] for row in ROWS} == set(Duty)


ALTERNATIVES: list[tuple[str, Served, str]] = [
    ("last frame without a blank line", served(LONG[:-1]), "no blank line"),
    ("[DONE] in the middle", served([*whole(TEXT)[:5], "[DONE]", *whole(TEXT)[5:]]), "[DONE] ends"),
    ("response.done", served(whole(TEXT, end={"type": "response.done", "response": {}})), "only some servers"),
    ("a status that is not final", served(whole(TEXT, end=terminal(status="in_progress"))), "not final"),
    (
        "a terminal without data",
        served(sse(whole(TEXT)[:-1]) + b"event: response.completed\ndata:\n\n"),
        "without data",
    ),
    (
        "a terminal that only its event line names",
        served(sse(whole(TEXT)[:-1]) + b'event: response.completed\ndata: {"response":{"status":"completed"}}\n\n'),
        "goes by the data",
    ),
    (
        "an error's name on a frame that says [DONE]",
        served(b"event: error\ndata: [DONE]\n\n" + LONG),
        "says nothing, not even",
    ),
    ("NaN in a delta", served(LONG.replace(b'"Hello,', b'NaN, "x": "Hello,', 1)), "strict decoder"),
    ("bytes that are not UTF-8", served(LONG.replace(b"Hello", b"He\xffo")), "strict decoder"),
    (
        "a response labelled as a stream",
        served(b'{"object":"response","status":"completed"}'),
        "one response object although",
    ),
    ("a response without a label", served(b'{"object":"response","status":"completed"}', media=""), "has no label"),
    ("a stream labelled as plain text", served(whole(TEXT), media="text/plain"), "labelled"),
]


@pytest.mark.parametrize(("entry", "words"), [row[1:] for row in ALTERNATIVES], ids=[row[0] for row in ALTERNATIVES])
def test_bytes_with_two_right_readings_keep_both(entry: Served, words: str) -> None:
    (turn,) = gather(transcript(entry), Capabilities(), CASE)
    assert any(words in other.custom for other in turn.alternatives)


def test_a_plain_stream_has_one_reading() -> None:
    (turn,) = gather(transcript(served(whole(TEXT))), Capabilities(), CASE)
    assert turn.alternatives == ()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_client_that_leaves_on_its_own_owns_what_it_declined_to_read(share: float) -> None:
    entry = served(whole(TEXT), taken=int(len(LONG) * share), seen=Ending.LEFT)
    assert duty_of(entry) is Duty.COMPLETE


def test_a_client_that_leaves_on_its_own_before_the_head_owns_the_answer_that_was_on_its_way() -> None:
    from harness.contract import Deadlines
    from harness.delivery import Wait

    entry = served(whole(TEXT), taken=0, seen=Ending.LEFT)
    late = replace(entry.delivery, actions=(Wait(13_000), *entry.delivery.actions))
    entry = replace(entry, delivery=late, head_taken=False)
    assert duty_of(entry) is Duty.COMPLETE
    assert duty_of(entry, Capabilities(deadlines=Deadlines(first_byte_ms=12_000))) is Duty.RAISE


def test_a_client_that_leaves_after_the_terminal_has_seen_enough() -> None:
    body: list[Any] = [*whole(TEXT), *message("ghost", 1)]
    entry = served(body, taken=len(LONG), seen=Ending.LEFT)
    (turn,) = gather(transcript(entry), Capabilities(), CASE)
    assert turn.last.reading.after is None


def test_a_client_that_leaves_a_stalled_stream_at_its_deadline_answers_for_what_it_got() -> None:
    from harness.contract import Deadlines

    entry = served(whole(TEXT)[:5], Stall(), seen=Ending.LEFT)
    assert duty_of(entry, Capabilities(deadlines=Deadlines(idle_ms=1000))) is Duty.DOUBT
