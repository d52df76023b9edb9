"""Whatever a stream holds, the lint describes it and never raises."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.protocols.responses.catalogue import EVENTS
from harness.protocols.responses.lint import HABITS, Level, Remark, dialects, lint
from harness.wire import decode, encode
from tests.unit.protocols.streams import Payload, framed, healthy

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just(10**300)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["type", "item", "item_id", "output_index", "content_index", "part", "delta", "text", "response", "error", "usage"]
) | st.sampled_from(["output", "content", "summary", "id", "status", "sequence_number", "arguments", "code", "message"])
payloads = st.dictionaries(names, values | st.dictionaries(names, values, max_size=4), max_size=6)


def targets(body: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every member and element of a JSON value."""
    entries = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [path for key, value in entries for path in ((*way, key), *targets(value, (*way, key)))]


HEALTHY = healthy()
TARGETS = targets(HEALTHY)

edits = st.lists(
    st.tuples(st.sampled_from(TARGETS), st.sampled_from(["put", "drop", "copy"]), values), min_size=1, max_size=4
)


def apply(edits: list[tuple[tuple[Any, ...], str, Any]]) -> list[Any]:
    bodies: list[Any] = copy.deepcopy(HEALTHY)
    for path, kind, value in edits:
        target: Any = bodies
        try:
            for key in path[:-1]:
                target = target[key]
            if kind == "put":
                target[path[-1]] = value
            elif kind == "drop":
                del target[path[-1]]
            else:
                target[path[-1]] = copy.deepcopy(target[path[-2 % len(path)]])
        except (LookupError, TypeError):
            continue  # an earlier edit took the place away
    return bodies


def describes(remarks: list[Remark]) -> None:
    for remark in remarks:
        assert remark.level in Level
        assert remark.times >= 1
        assert remark.habit == "" or remark.habit in HABITS
        f"{remark.pointer} {remark.message}".encode()


@given(edits)
@settings(max_examples=150)
def test_edited_streams(edits: list[tuple[tuple[Any, ...], str, Any]]) -> None:
    frames, tail = decode(b"".join(encode(json.dumps(body)) for body in apply(edits)))
    describes(lint(frames, tail))
    dialects(frames, tail)


@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), payloads), max_size=8), st.booleans())
@settings(max_examples=150)
def test_known_types_with_any_payload(events: list[tuple[str, Payload]], names: bool) -> None:
    frames = framed([{**body, "type": kind} for kind, body in events], names=names)
    describes(lint(frames))
    dialects(frames)


@given(
    st.lists(
        st.sampled_from([b"data", b"event", b":", b" ", b"\n", b"\n\n", b"\r", b"\xff", b"{}", b"[DONE]"])
        | st.binary(max_size=5)
    )
)
def test_any_bytes(pieces: list[bytes]) -> None:
    frames, tail = decode(b"".join(pieces))
    describes(lint(frames, tail))
    dialects(frames, tail)


@given(st.permutations(range(len(HEALTHY))), st.integers(0, len(HEALTHY)))
def test_any_order(order: list[int], kept: int) -> None:
    describes(lint(framed([HEALTHY[place] for place in order[:kept]])))
    describes(lint(framed([HEALTHY[place] for place in order])))


def test_lone_surrogates_in_every_word() -> None:
    body = json.dumps({"type": "a\ud800", "\ud800/": 1, "response": {"status": "\ud800"}})
    describes(lint(decode(encode(body) + encode(body.replace("a\\ud800", "response.completed")))[0]))
