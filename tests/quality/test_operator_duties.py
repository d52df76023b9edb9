"""No operator carries an expectation: the duty follows from what was served. Here people say what it must be.

Each row is a mutation, and the duty that a right consumer has after it, thought through by hand from the rules of the
oracle (ARCHITECTURE.md, "The oracle"). It is played to a client that takes every byte and decides nothing; the
evidence of that alone must give the same duty, on every cassette of the row.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import httpx
import pytest

from harness.cassette import exchange_of
from harness.cassette.reader import load
from harness.clock import VirtualClock
from harness.contract import Capabilities, Case
from harness.judge import gather
from harness.judge.duty import Duty, obligation_of
from harness.mutations import Plan, operators
from harness.replay import NeverEnds, Player, ReplayTransport

ROOT = Path(__file__).parents[2] / "cassettes"

TEXT = ("codex/text", "openai/text", "codex/two-parts")
CALLS = ("codex/parallel-calls", "openai/tool-text-reasoning")
ALL = (*TEXT, *CALLS)
NAMELESS = ("litellm/llama-greeting", "transformers/greeting")
"""Without event lines."""

COMPLETE, INCOMPLETE, CANCELLED = Duty.COMPLETE, Duty.INCOMPLETE, Duty.CANCELLED
FAIL, DOUBT, EITHER, RAISE = Duty.FAIL, Duty.DOUBT, Duty.EITHER, Duty.RAISE

END, CREATED, DELTAS = "terminal", "response.created", "*.delta"
ADDED, ITEM_DONE = "response.output_item.added", "response.output_item.done"
TEXT_DELTA = "response.output_text.delta"
DELTA = {"type": DELTAS, "nth": 0}


def replace(path, value):
    return [{"op": "replace", "path": path, "value": value}]


ROWS = [
    # Shape: the terminal is read for status, usage and error; what the items are, others have told.
    ("nullify", {"at": END, "path": "/response/output"}, COMPLETE, ALL),
    ("nullify", {"at": END, "path": "/response"}, COMPLETE, ALL),
    ("nullify", {"at": CREATED, "path": "/response"}, COMPLETE, ALL),
    # The event line still names it.
    ("nullify", {"at": END, "path": "/type"}, COMPLETE, ALL),
    ("omit", {"at": END, "path": "/response/output"}, COMPLETE, ALL),
    # No status: the event's name decides.
    ("omit", {"at": END, "path": "/response/status"}, COMPLETE, ALL),
    ("omit", {"at": TEXT_DELTA, "path": "/delta"}, COMPLETE, TEXT),
    ("empty", {"at": END, "path": "/response/output"}, COMPLETE, ALL),
    ("empty", {"at": ITEM_DONE, "path": "/item/content"}, COMPLETE, TEXT),
    ("retype", {"at": END, "path": "/response/output", "to": "text"}, COMPLETE, ALL),
    ("retype", {"at": END, "path": "/response", "to": "array"}, COMPLETE, ALL),
    ("add-member", {"at": END, "path": "/response"}, COMPLETE, ALL),
    ("rename-member", {"at": END, "path": "/response/usage/input_tokens", "to": "prompt_tokens"}, COMPLETE, ALL),
    ("reshape", {"at": END, "path": "/response/output", "becomes": "appended"}, COMPLETE, ALL),
    # The worse of name and status.
    ("reshape", {"at": END, "path": "/response/status", "value": "failed"}, FAIL, ALL),
    ("patch", {"at": END, "edit": replace("/response/output", None)}, COMPLETE, ALL),
    ("patch", {"at": END, "edit": replace("/response/status", "incomplete")}, INCOMPLETE, ALL),
    ("rename", {"at": END, "to": "response.done"}, COMPLETE, ALL),
    ("rename", {"at": END, "to": "response.cancelled"}, CANCELLED, ALL),
    # Nobody knows this event, so nothing ends the stream; but every item is done.
    ("rename", {"at": END, "to": "response.unknown"}, EITHER, ALL),
    ("rename", {"at": TEXT_DELTA, "to": "response.unknown"}, COMPLETE, TEXT),
    # The event line still tells that it is the end, and every item was told in full before.
    ("data", {"at": END, "text": "{"}, EITHER, ALL),
    # Without event lines nobody knows what the broken frame was, and no terminal is left.
    ("data", {"at": END, "text": "{"}, DOUBT, NAMELESS),
    # Damage, but the item was told in full all the same.
    ("data", {"at": DELTA, "text": "{"}, EITHER, ALL),
    ("data", {"at": DELTA, "text": ""}, COMPLETE, ALL),
    # Named as the end, with no status that says otherwise; without the name, every item is done and the end is gone.
    ("data", {"at": END, "text": "[DONE]"}, COMPLETE, ALL),
    ("data", {"at": END, "text": "[DONE]"}, EITHER, NAMELESS),
    ("cut-data", {"at": END}, EITHER, ALL),
    ("cut-data", {"at": END}, DOUBT, NAMELESS),
    ("cut-data", {"at": DELTA, "lost": "last"}, EITHER, ALL),
    # By the letter it is JSON; that a strict decoder refuses it is another right reading.
    ("lawless", {"at": END, "kind": "nan"}, COMPLETE, ALL),
    ("lawless", {"at": DELTA, "kind": "lone-surrogate"}, COMPLETE, ALL),
    # States.
    ("status", {"to": "failed"}, FAIL, ALL),
    ("status", {"to": "incomplete"}, INCOMPLETE, ALL),
    ("status", {"to": "cancelled"}, CANCELLED, ALL),
    ("status", {"to": None}, COMPLETE, ALL),
    # No end is called so: the name decides, and doubting it is another right reading.
    ("status", {"to": "in_progress"}, COMPLETE, ALL),
    ("usage", {"form": "nulled"}, COMPLETE, ALL),
    ("usage", {"form": "chat-names"}, COMPLETE, ALL),
    ("usage-early", {}, COMPLETE, ALL),
    ("phase", {"to": "commentary"}, COMPLETE, TEXT),
    # Identity: whatever names the items, their content was told.
    ("rotate-ids", {}, COMPLETE, ALL),
    ("same-ids", {}, COMPLETE, ALL),
    ("no-ids", {}, COMPLETE, ALL),
    ("done-ids", {}, COMPLETE, ALL),
    ("call-ids", {"how": "absent"}, COMPLETE, CALLS),
    ("response-id", {}, COMPLETE, ALL),
    ("output-index", {"how": "missing"}, COMPLETE, ALL),
    ("output-index", {"how": "zero"}, COMPLETE, CALLS),
    ("part-index", {"how": "counting"}, COMPLETE, TEXT),
    ("sequence-numbers", {"how": "constant"}, COMPLETE, ALL),
    # Order.
    ("drop", {"at": END}, EITHER, ALL),
    ("drop", {"at": DELTAS}, COMPLETE, ALL),
    ("drop", {"at": "*"}, RAISE, ALL),
    ("duplicate", {"at": END}, COMPLETE, ALL),
    ("duplicate", {"at": ITEM_DONE}, COMPLETE, ALL),
    ("move", {"at": END, "to": {"nth": 0}, "place": "before"}, COMPLETE, ALL),
    ("move", {"at": {"type": ITEM_DONE, "nth": -1}, "to": END}, COMPLETE, ALL),
    ("insert", {"at": DELTA, "frames": [{"payload": {"type": "response.unknown"}}]}, COMPLETE, ALL),
    ("swap", {"at": CREATED}, COMPLETE, ALL),
    ("without", {"what": "deltas"}, COMPLETE, ALL),
    ("without", {"what": "done"}, COMPLETE, ALL),
    ("interleave", {}, COMPLETE, CALLS),
    ("stranger", {"kind": "keepalive"}, COMPLETE, ALL),
    ("stranger", {"kind": "rate-limits", "place": "before"}, COMPLETE, ALL),
    # Before response.created an invented event is refused leniently; to complete stays the duty.
    ("stranger", {"kind": "invented", "place": "before"}, COMPLETE, ALL),
    ("strange-item", {}, COMPLETE, ALL),
    ("item-type", {"of": "message"}, COMPLETE, TEXT),
    ("item-type", {"of": "function_call"}, COMPLETE, CALLS),
    ("part-type", {}, COMPLETE, TEXT),
    # The evidence ends at the first terminal.
    ("second-terminal", {"kind": "failed"}, COMPLETE, ALL),
    ("second-terminal", {"kind": "same"}, COMPLETE, ALL),
    ("late", {"at": {"type": ITEM_DONE, "nth": 0}}, COMPLETE, ALL),
    ("late-item", {"type": "function_call"}, COMPLETE, ALL),
    ("begin-again", {"at": END}, COMPLETE, ALL),
    ("begin-again", {"at": CREATED}, COMPLETE, ALL),
    # Error: wherever it comes before the terminal, it is the terminal.
    ("error-frame", {"at": {"nth": 0}, "shape": "flat", "place": "before"}, FAIL, ALL),
    ("error-frame", {"at": DELTA, "shape": "string"}, FAIL, ALL),
    ("error-frame", {"at": END, "shape": "nested", "place": "before"}, FAIL, ALL),
    ("error-frame", {"at": END, "shape": "failed-without-response", "place": "before"}, FAIL, ALL),
    ("error-frame", {"at": DELTA, "shape": "plain-words"}, FAIL, ALL),
    ("error-frame", {"at": DELTA, "shape": "code-and-word"}, FAIL, ALL),
    ("error-frame", {"at": END, "shape": "flat", "place": "after"}, COMPLETE, ALL),
    ("end-as", {"end": "failed"}, FAIL, ALL),
    ("end-as", {"end": "incomplete", "reason": "content_filter"}, INCOMPLETE, ALL),
    ("end-as", {"end": "cancelled"}, CANCELLED, ALL),
    ("answer", {"status": 500}, FAIL, TEXT),
    ("answer", {"status": 204}, RAISE, TEXT),
    ("http-error", {"kind": "rate-limit"}, FAIL, TEXT),
    ("http-error", {"kind": "gateway-page"}, FAIL, TEXT),
    ("http-error", {"kind": "error-as-stream"}, FAIL, TEXT),
    ("no-stream", {"kind": "nothing"}, RAISE, TEXT),
    ("no-stream", {"kind": "json-null"}, RAISE, TEXT),
    ("no-stream", {"kind": "json-error"}, FAIL, TEXT),
    ("no-stream", {"kind": "error-in-stream-type"}, FAIL, TEXT),
    ("no-stream", {"kind": "comments-only"}, RAISE, TEXT),
    ("no-stream", {"kind": "done-only"}, RAISE, TEXT),
    # All that is owed came, though not as it was asked for.
    ("whole-response", {}, COMPLETE, ALL),
    # Frame: other bytes, the same events.
    ("newline", {"to": "cr"}, COMPLETE, ALL),
    ("newline", {"to": "crlf"}, COMPLETE, ALL),
    ("nameless", {}, COMPLETE, ALL),
    ("comment", {}, COMPLETE, ALL),
    ("spaces", {}, COMPLETE, ALL),
    ("many-lines", {}, COMPLETE, ALL),
    ("bom", {}, COMPLETE, ALL),
    # The standard discards a frame that no blank line ends: the terminal is gone, every item is done.
    ("unterminated", {}, EITHER, ALL),
    ("ids", {"text": "1"}, COMPLETE, ALL),
    ("retry", {}, COMPLETE, ALL),
    ("event-line", {}, COMPLETE, (*ALL, *NAMELESS)),
    ("event-line", {"text": "response.completed", "at": DELTA}, COMPLETE, ALL),
    ("bare-frame", {"kind": "empty-data"}, COMPLETE, ALL),
    ("bare-frame", {"kind": "event-only"}, COMPLETE, ALL),
    ("done-marker", {}, COMPLETE, ALL),
    # By the letter [DONE] is data like any other; that it ends the stream is another right reading.
    ("done-marker", {"place": "before"}, COMPLETE, ALL),
    ("bad-utf8", {"at": DELTA}, COMPLETE, ALL),
    # Chunk: no reader may care.
    ("chunk-size", {"size": 1}, COMPLETE, TEXT),
    ("one-chunk", {}, COMPLETE, ALL),
    ("split-characters", {}, COMPLETE, ("codex/text", "openai/text")),
    ("split-lines", {}, COMPLETE, ALL),
    ("chunk-frames", {"frames": 2, "shift": -1}, COMPLETE, ALL),
    # Connection.
    ("stop", {"at": {"nth": 0}, "inside": "before", "by": "cut"}, RAISE, ALL),
    ("stop", {"at": {"nth": 0}, "inside": "after", "by": "stall"}, RAISE, ALL),
    ("stop", {"at": DELTA, "by": "cut"}, DOUBT, ALL),
    ("stop", {"at": DELTA, "by": "end"}, DOUBT, ALL),
    ("stop", {"at": DELTA, "inside": "middle", "by": "reset"}, DOUBT, ALL),
    ("stop", {"at": END, "inside": "before", "by": "end"}, EITHER, ALL),
    ("stop", {"at": END, "inside": "middle", "by": "stall"}, EITHER, ALL),
    # The answer is not held hostage by what becomes of the connection after it.
    ("stop", {"at": END, "inside": "after", "by": "reset"}, COMPLETE, ALL),
    ("stop-at-byte", {"byte": 1}, RAISE, ALL),
    ("stop-at-byte", {"byte": -1}, EITHER, ALL),
    ("unanswered", {"by": "reset"}, RAISE, TEXT),
    ("unanswered", {"by": "stall"}, RAISE, TEXT),
    ("finish", {"by": "stall"}, COMPLETE, ALL),
    ("finish", {"by": "cut"}, COMPLETE, ALL),
    ("framing", {"to": "close"}, COMPLETE, ALL),
    ("framing", {"to": "content-length", "off_by": 5}, COMPLETE, ALL),
    # The client reads as many bytes as it was told, and the terminal's last are not among them.
    ("framing", {"to": "content-length", "off_by": -9}, EITHER, ALL),
    ("header", {"header": "x-request-id", "value": None}, COMPLETE, TEXT),
    # By the letter this is no stream of events; reading it as one is another right reading.
    ("content-type", {"to": "html"}, RAISE, TEXT),
    ("content-type", {"to": "none"}, COMPLETE, TEXT),
    ("content-type", {"to": "upper-case"}, COMPLETE, TEXT),
    ("connection-close", {}, COMPLETE, TEXT),
    ("gzip", {}, COMPLETE, ALL),
    # Its checksum is missing, and nothing else.
    ("gzip", {"lost": 8}, COMPLETE, ALL),
    # Part of the terminal is missing.
    ("gzip", {"lost": 60}, EITHER, TEXT),
    # Time: whoever has no deadline of its own waits.
    ("wait", {"at": DELTA, "ms": 61000}, COMPLETE, ALL),
    ("wait-for-head", {"ms": 301000}, COMPLETE, TEXT),
    ("wait-for-end", {"ms": 905000}, COMPLETE, TEXT),
    ("keep-alives", {"at": DELTA, "every_ms": 15000, "times": 60}, COMPLETE, ALL),
    ("drip", {"at": ADDED, "ms": 5000}, COMPLETE, ALL),
    # Size.
    ("huge-delta", {"at": DELTA, "chars": 70000}, COMPLETE, ALL),
    ("split-deltas", {}, COMPLETE, ALL),
    ("many-items", {"times": 10}, COMPLETE, ALL),
    ("padding", {"chars": 5000}, COMPLETE, ALL),
    ("many-comments", {"times": 1000}, COMPLETE, ALL),
]


@lru_cache
def recorded(cassette):
    return exchange_of(load(ROOT / cassette))


def served(exchange):
    """What became of the exchange with a client that takes all there is, and waits for as long as it takes."""
    player = Player(exchange, VirtualClock())
    with httpx.Client(transport=ReplayTransport(player), timeout=None) as client:
        try:
            with client.stream("POST", "http://127.0.0.1:9/v1/responses", json={"input": "hello"}) as response:
                for _ in response.iter_raw():
                    pass
        except (httpx.TransportError, NeverEnds):
            pass
    return player.transcript()


def cases():
    for name, parameters, duty, cassettes in ROWS:
        for cassette in cassettes:
            said = ",".join(f"{key}={value}" for key, value in parameters.items())
            yield pytest.param({name: parameters}, cassette, duty, id=f"{name}-{said}-{cassette}")


@pytest.mark.parametrize(("mutation", "cassette", "duty"), list(cases()))
def test_the_evidence_gives_the_duty(mutation, cassette, duty):
    applied = Plan.from_json([mutation]).apply(recorded(cassette))
    assert not applied.misses
    (turn,) = gather(served(applied.exchange), Capabilities(), Case("duties", "http://127.0.0.1:9/v1"))
    obligation = obligation_of(turn.last)
    assert obligation.duty is duty, obligation.why


def test_every_operator_has_a_row():
    assert {name for name, *_ in ROWS} == set(operators())


@pytest.mark.parametrize("cassette", ALL)
def test_untouched_cassettes_complete(cassette):
    (turn,) = gather(served(recorded(cassette)), Capabilities(), Case("duties", "http://127.0.0.1:9/v1"))
    assert obligation_of(turn.last).duty is COMPLETE
