"""Properties: the fold takes anything, and what it makes of a stream does not hang on who decoded it or how."""

from __future__ import annotations

import json
import sys

import httpx
import httpx_sse
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.runtime import Assembler, RuntimeStreamError, consume, decode_events, parse
from tests.unit.runtime.scripts import (
    Listener,
    added,
    attributes,
    call,
    completed,
    created,
    delta,
    ended,
    message,
    sse,
    text_item,
)

TYPES = [
    *("response.created", "response.in_progress", "response.completed", "response.incomplete", "response.failed"),
    *("response.output_item.added", "response.output_item.done", "response.content_part.added"),
    *("response.content_part.done", "response.output_text.delta", "response.output_text.done"),
    *("response.function_call_arguments.delta", "response.function_call_arguments.done", "response.refusal.delta"),
    *("response.reasoning_summary_part.added", "response.reasoning_summary_text.delta", "error", "response.done"),
    *("response.output_text.annotation.added", "response.custom_tool_call_input.delta", "response.new"),
]
NAMES = [
    *("type", "item", "part", "response", "output_index", "item_id", "content_index", "summary_index", "delta"),
    *("text", "arguments", "input", "id", "status", "output", "content", "summary", "usage", "error", "code"),
    *("message", "annotations", "annotation", "name", "call_id", "encrypted_content", "phase", "refusal"),
]
WORDS = st.sampled_from(["", "a", "ab", "message", "reasoning", "function_call", "output_text", "completed", "{}"])
LEAVES = st.none() | st.booleans() | st.integers(-1, 2) | st.floats() | WORDS
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
EVENTS = st.builds(
    lambda type, fields: {**fields, "type": type},
    st.sampled_from(TYPES),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5),
)
STREAMS = st.lists(EVENTS | JSON, max_size=8)

SANE = [
    [created(), *message(0, "m", "Hel", "lo"), completed(usage={"input_tokens": 1})],
    [*message(0, "m", "Hel", "lo", phase="final_answer"), *call(1, "f", "{", "}"), ended("incomplete")],
    [created(), added(0, "m"), delta(0, "m", "Hel"), text_item(0, "m", "Hello")],
    [created(), added(0, "m"), delta(0, "m", "Hel")],
    [{"type": "error", "error": {"code": "c1", "message": "wörds\u2028"}}],
]


def outcome(events):
    """What the events come to, errors included, in a form that can be compared."""
    listener = Listener()
    try:
        return consume(events, callbacks=listener.callbacks), listener.heard
    except RuntimeStreamError as error:
        return type(error), str(error), error.partial, listener.heard


@given(STREAMS)
def test_no_events_whatever_raise_anything_but_our_own_errors(events):
    assert outcome(events)


@given(STREAMS)
def test_feed_itself_never_raises(events):
    assembler = Assembler()
    for event in events:
        assembler.feed(event)
    assert assembler.partial()


@given(STREAMS)
def test_attribute_style_events_come_to_the_same(events):
    mappings = [event for event in events if isinstance(event, dict) and event]
    assert repr(outcome([attributes(event) for event in mappings])) == repr(outcome(mappings))


@given(STREAMS)
def test_deterministic(events):
    assert repr(outcome(events)) == repr(outcome(events))


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_but_our_own_errors(body):
    assert outcome(decode_events([body]))


@given(st.sampled_from(SANE), st.data())
@settings(max_examples=40)
def test_chunking_changes_nothing(events, data):
    body = sse(events)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=8)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert outcome(decode_events(chunks)) == outcome(events)


@pytest.mark.parametrize("events", SANE)
@pytest.mark.parametrize("named", [True, False])
def test_another_decoders_events_come_to_the_same(events, named):
    body = sse(events, named=named)
    source = httpx_sse.EventSource(httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body))
    foreign = [parse(event.event, event.data) for event in source.iter_sse()]
    assert outcome(foreign) == outcome(decode_events([body])) == outcome(events)


@pytest.mark.parametrize(
    "data", ['{"type": "x", "n": NaN}', '{"type": "x", "s": "\\ud800"}', '{"type": "x", "n": 1e999}']
)
def test_json_on_which_decoders_differ_is_no_damage(data):
    assert parse("", data)["type"] == "x"


def test_json_nested_past_reason_is_damage_and_no_crash():
    deep = "[" * (sys.getrecursionlimit() * 20)
    body = f"data: {deep}\n\n".encode() + sse(SANE[0])
    result = consume(decode_events([body]))
    assert (result.text, result.flags) == ("Hello", {"damaged"})


def test_an_item_nested_past_reason_is_no_crash():
    item = inner = {}
    for _ in range(2_000):
        inner["a"] = inner = {}
    assert consume([{"type": "response.output_item.done", "item": {"type": "x", "a": item}}]).items[0].type == "x"


def test_lone_surrogates_survive():
    body = b'data: {"type": "response.output_text.delta", "delta": "\\ud800"}\n\n' + sse([completed()])
    assert json.dumps(consume(decode_events([body])).text) == '"\\ud800"'
