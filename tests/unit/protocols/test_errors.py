"""Every shape in which providers put an error on the wire is recognised, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.protocols.responses.errors import BODY_SHAPES, FRAME_SHAPES, ProviderError, error_of, error_of_body
from harness.protocols.responses.event import Event, decode_all
from harness.wire import decode, encode
from tests.unit.protocols.streams import framed, healthy

WORDS = {"code": "slow_down", "message": "try later"}
TYPED = {**WORDS, "type": "server_error", "param": "input"}


def event_of(data: Any, name: str = "") -> Event:
    text = data if isinstance(data, str) else json.dumps(data)
    return decode_all(decode(encode(text, event=name))[0])[0]


FRAMES: list[tuple[str, str, Any, tuple[str | None, str | None]]] = [
    # shape, event line, data, (code, message)
    ("error-flat", "error", {"type": "error", **WORDS, "param": None}, ("slow_down", "try later")),
    ("error-flat", "", {"type": "error", "code": None, "message": None}, (None, None)),
    ("error-flat", "", {"type": "error", "error": None, "message": "try later"}, (None, "try later")),
    ("error-nested", "", {"type": "error", "error": TYPED}, ("slow_down", "try later")),
    ("error-nested", "error", {"type": "error", "status": 429, "error": WORDS}, ("slow_down", "try later")),
    ("error-nested", "", {"type": "error", "error": {}}, (None, None)),
    ("error-word", "", {"type": "error", "error": "try later"}, (None, "try later")),
    ("error-word", "", {"type": "error", "code": 503, "error": "try later"}, ("503", "try later")),
    ("alias-nested", "", {"type": "response.error", "error": WORDS}, ("slow_down", "try later")),
    ("alias-nested", "response.error", {"error": WORDS}, ("slow_down", "try later")),
    ("alias-in-response", "", {"type": "response.error", "response": {"error": WORDS}}, ("slow_down", "try later")),
    ("alias-word", "", {"type": "response.error", "error": "try later"}, (None, "try later")),
    ("alias-flat", "", {"type": "response.error", **WORDS}, ("slow_down", "try later")),
    ("failed", "", {"type": "response.failed", "response": {"error": WORDS}}, ("slow_down", "try later")),
    ("failed", "", {"type": "response.failed", "response": {"error": "try later"}}, (None, "try later")),
    ("failed-without-error", "", {"type": "response.failed", "response": {"error": None}}, (None, None)),
    ("failed-without-error", "", {"type": "response.failed", "response": {"id": "resp_1"}}, (None, None)),
    ("failed-without-response", "", {"type": "response.failed", "response": None}, (None, None)),
    ("failed-without-response", "", {"type": "response.failed"}, (None, None)),
    ("failed-without-response", "", {"type": "response.failed", "error": WORDS}, ("slow_down", "try later")),
    (
        "terminal-failed",
        "",
        {"type": "response.completed", "response": {"status": "failed", "error": WORDS}},
        ("slow_down", "try later"),
    ),
    (
        "terminal-failed-without-error",
        "",
        {"type": "response.done", "response": {"status": "failed", "error": None}},
        (None, None),
    ),
    ("named-nested", "error", {"error": TYPED}, ("slow_down", "try later")),
    ("named-flat", "error", WORDS, ("slow_down", "try later")),
    ("named-flat", "error", {"type": "server_error", "message": "try later"}, (None, "try later")),
    ("named-flat", "error", {"error": "try later"}, (None, "try later")),
    ("named-text", "error", "upstream went away", (None, "upstream went away")),
    ("named-text", "error", "", (None, None)),
    ("bare-object", "", {"error": TYPED}, ("slow_down", "try later")),
    ("bare-object", "message", {"error": {"code": 429, "message": "try later"}}, ("429", "try later")),
    ("bare-object", "", {"type": None, "error": {"message": {"why": "busy"}}}, (None, '{"why": "busy"}')),
    ("bare-code-and-word", "", {"code": "slow_down", "error": "try later"}, ("slow_down", "try later")),
    ("bare-word", "", {"error": "try later"}, (None, "try later")),
    ("bare-detail", "", {"detail": "try later"}, (None, "try later")),
    ("object-error", "", {"object": "error", "type": "BusyError", "code": 503, "message": "try later"}, ("503", "try later")),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "name", "data", "told"), FRAMES)
def test_frames(shape: str, name: str, data: Any, told: tuple[str | None, str | None]) -> None:
    found = error_of(event_of(data, name))
    assert found is not None
    assert (found.shape, found.code, found.message) == (shape, *told)


def test_every_frame_shape_has_an_example() -> None:
    assert {shape for shape, *_ in FRAMES} == {shape for shape, *_ in FRAME_SHAPES}


def test_the_errors_own_members_survive() -> None:
    found = error_of(event_of({"type": "error", "error": TYPED}))
    assert found == ProviderError("error-nested", "slow_down", "try later", "input", "server_error", TYPED)


def test_the_events_type_is_not_the_errors() -> None:
    found = error_of(event_of({"type": "error", **WORDS}))
    assert found is not None
    assert found.type is None


def test_a_healthy_stream_holds_no_error() -> None:
    assert [error_of(event) for event in decode_all(framed(healthy(), mark=True)) if error_of(event)] == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("", "[DONE]"),
        ("error", "[DONE]"),
        ("", "not JSON"),
        ("", ""),
        ("", {}),
        ("", {"error": None}),
        ("", {"error": ""}),
        ("", {"type": "keepalive", "error": None}),
        ("", {"type": "response.unheard_of", "error": WORDS}),
        ("", {"type": "response.created", "response": {"status": "failed", "error": WORDS}}),
        ("", {"type": "response.incomplete", "response": {"status": "incomplete", "error": None}}),
        ("error", {"type": "response.output_text.delta", "delta": "an error"}),
    ],
)
def test_what_is_no_error(name: str, data: Any) -> None:
    assert error_of(event_of(data, name)) is None


BODIES: list[tuple[str | None, int, Any, tuple[str | None, str | None]]] = [
    # shape, status, body, (code, message)
    ("error-object", 429, {"error": {"type": "usage_limit_reached", "message": "try later"}}, (None, "try later")),
    ("error-object", 200, {"error": TYPED}, ("slow_down", "try later")),
    ("error-object", 500, [{"error": {"code": 500, "message": "try later"}}], ("500", "try later")),
    ("error-object", 503, {"type": "error", "error": WORDS}, ("slow_down", "try later")),
    ("code-and-word", 403, {"code": "no credits", "error": "buy some"}, ("no credits", "buy some")),
    ("code-and-word", 200, {"code": "no credits", "error": "buy some"}, ("no credits", "buy some")),
    ("error-word", 404, {"error": "not here"}, (None, "not here")),
    ("detail", 400, {"detail": "Unsupported"}, (None, "Unsupported")),
    ("detail", 400, {"detail": {"code": "bad", "message": "Unsupported"}}, ("bad", "Unsupported")),
    ("detail", 422, {"detail": [{"loc": ["body"]}]}, (None, '[{"loc": ["body"]}]')),
    ("object-error", 400, {"object": "error", "code": 400, "message": "no"}, ("400", "no")),
    ("error-list", 530, {"errors": [{"code": 1016, "message": "no origin"}]}, ("1016", "no origin")),
    ("flat", 401, {"code": "bad_key", "message": "who are you"}, ("bad_key", "who are you")),
    (
        "failed-response",
        200,
        {"object": "response", "status": "failed", "error": WORDS},
        ("slow_down", "try later"),
    ),
    ("html", 502, b"<!DOCTYPE html><html><head><title> 502 Bad Gateway </title></head></html>", (None, "502 Bad Gateway")),
    ("html", 200, b"\n<html><body><h1>Down for repair</h1></body></html>", (None, "Down for repair")),
    ("html", 200, b"<html><body>no title</body></html>", (None, None)),
    ("text", 500, b"upstream connect error", (None, "upstream connect error")),
    ("text", 500, b'{"broken": ', (None, '{"broken":')),
    ("text", 500, {"unheard": "of"}, (None, '{"unheard": "of"}')),
    ("empty", 500, b"", (None, None)),
    ("empty", 500, b" {} ", (None, None)),
    ("empty", 400, b"null", (None, None)),
    ("bare-object", 500, b'data: {"error": {"code": "slow_down", "message": "try later"}}\n\n', ("slow_down", "try later")),
    ("text", 500, b"data: hello\n\n", (None, "data: hello")),
    (None, 200, b"", (None, None)),
    (None, 204, b"", (None, None)),
    (None, 200, b"data: {}\n\n", (None, None)),
    (None, 200, b": a comment\n\n", (None, None)),
    (None, 200, {"object": "response", "status": "completed", "error": None}, (None, None)),
    (None, 200, b"some text", (None, None)),
    (None, 200, b"[]", (None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "status", "body", "told"), BODIES)
def test_bodies(shape: str | None, status: int, body: Any, told: tuple[str | None, str | None]) -> None:
    found = error_of_body(status, body if isinstance(body, bytes) else json.dumps(body).encode())
    if shape is None:
        assert found is None
    else:
        assert found is not None
        assert (found.shape, found.code, found.message) == (shape, *told)


def test_every_body_shape_has_an_example() -> None:
    assert {shape for shape, _ in BODY_SHAPES} <= {shape for shape, *_ in BODIES}


def test_a_body_nested_past_all_reading_is_text() -> None:
    found = error_of_body(500, b'{"error":' + b"[" * 100_000)
    assert found is not None
    assert found.shape == "text"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
members = st.sampled_from(["type", "error", "code", "message", "detail", "response", "status", "object", "errors"])
types = st.sampled_from(["error", "response.error", "response.failed", "response.completed", "response.done"])
errorish = st.dictionaries(members, json_values | st.dictionaries(members, json_values, max_size=3), max_size=5)


@given(errorish, types | st.none(), st.sampled_from(["", "error", "message", "response.failed"]))
def test_no_frame_makes_it_raise(body: dict[str, Any], kind: str | None, name: str) -> None:
    found = error_of(event_of(body if kind is None else {**body, "type": kind}, name))
    if kind in {"error", "response.error", "response.failed"}:
        assert found is not None
    if found is not None:
        assert all(isinstance(text, str | None) for text in (found.code, found.message, found.param, found.type))


@given(st.integers(100, 599), st.binary(max_size=80) | errorish.map(lambda body: json.dumps(body).encode()))
def test_no_body_makes_it_raise(status: int, body: bytes) -> None:
    found = error_of_body(status, body)
    assert found is not None or status < 400
