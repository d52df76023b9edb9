"""Each rule finds its own fault in a stream that is otherwise healthy, with the frame and the pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.protocols.responses.lint import RULES, Level, Remark, lint
from harness.wire import decode, encode
from tests.unit.protocols.streams import Payload, body_of, framed, healthy, numbered

Edit = Callable[[list[Payload]], Any]


def place(bodies: list[Payload], event_type: str, nth: int = 0) -> int:
    return [number for number, body in enumerate(bodies) if body["type"] == event_type][nth]


def edited(edit: Edit) -> list[Remark]:
    """Remarks on the healthy stream after an edit that works in place; sequence numbers are put right."""
    bodies = healthy()
    edit(bodies)
    return lint(framed(numbered(bodies)))


def put(event_type: str, nth: int, path: str, value: Any) -> Edit:
    def edit(bodies: list[Payload]) -> None:
        target: Any = bodies[place(bodies, event_type, nth)]
        *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
        for step in way:
            target = target[step]
        target[last] = value

    return edit


def cut(event_type: str, nth: int, path: str) -> Edit:
    def edit(bodies: list[Payload]) -> None:
        target: Any = bodies[place(bodies, event_type, nth)]
        *way, last = path.split("/")
        for step in way:
            target = target[step]
        del target[last]

    return edit


def drop(event_type: str, nth: int = 0) -> Edit:
    return lambda bodies: bodies.pop(place(bodies, event_type, nth))


def twice(event_type: str, nth: int = 0) -> Edit:
    return lambda bodies: bodies.insert(place(bodies, event_type, nth), bodies[place(bodies, event_type, nth)])


def move(event_type: str, nth: int, after: str, which: int = 0) -> Edit:
    def edit(bodies: list[Payload]) -> None:
        moved = bodies.pop(place(bodies, event_type, nth))
        bodies.insert(place(bodies, after, which) + 1, moved)

    return edit


def before_the_terminal(body: Payload) -> Edit:
    return lambda bodies: bodies.insert(-1, body)


def last(*more: Payload) -> Edit:
    return lambda bodies: bodies.extend(more)


def first(*more: Payload) -> Edit:
    return lambda bodies: bodies.__setitem__(slice(0, 0), more)


def instead(terminal: Payload) -> Edit:
    return lambda bodies: bodies.__setitem__(-1, terminal)


def end(event_type: str, **response: Any) -> Edit:
    """Another terminal."""

    def edit(bodies: list[Payload]) -> None:
        bodies[-1] = {"type": event_type, "response": {**bodies[-1]["response"], **response}}

    return edit


CREATED, COMPLETED = "response.created", "response.completed"
ADDED, DONE = "response.output_item.added", "response.output_item.done"
PART_ADDED, PART_DONE = "response.content_part.added", "response.content_part.done"
DELTA, TEXT = "response.output_text.delta", "response.output_text.done"
ARGUMENTS = "response.function_call_arguments.done"
SUMMARY = "response.reasoning_summary_text.done"
USAGE = "response/usage"
LATE: Payload = {"type": "keepalive"}

FAULTS: list[tuple[str, Level, str, Edit]] = [
    # rule, level, end of the pointer, edit
    ("known-type", Level.INFO, "/type", before_the_terminal({"type": "response.unheard"})),
    ("known-type", Level.ERROR, "/type", before_the_terminal({"kind": "response.unheard"})),
    ("known-type", Level.WARNING, "/type", put(SUMMARY, 0, "type", "response.reasoning.done")),
    ("known-type", Level.INFO, "/type", before_the_terminal({"type": "codex.rate_limits"})),
    ("event-schema", Level.ERROR, "/delta", cut(DELTA, 1, "delta")),
    ("event-schema", Level.ERROR, "/delta", put(DELTA, 1, "delta", None)),
    ("event-schema", Level.ERROR, "/content_index", put(DELTA, 1, "content_index", "0")),
    ("event-schema", Level.ERROR, "/output_index", put(DELTA, 1, "output_index", True)),
    ("event-schema", Level.ERROR, "/response", put(COMPLETED, 0, "response", None)),
    ("event-schema", Level.WARNING, "/logprobs", cut(DELTA, 1, "logprobs")),
    ("event-schema", Level.INFO, "/a~1b", lambda bodies: bodies[place(bodies, DELTA)].update({"a/b": 1})),
    ("event-schema", Level.WARNING, "/param", instead({"type": "error", "message": "no"})),
    ("response-schema", Level.ERROR, "/response/id", cut(COMPLETED, 0, "response/id")),
    ("response-schema", Level.ERROR, "/response/output", put(COMPLETED, 0, "response/output", {})),
    ("response-schema", Level.ERROR, "/response/output/1", put(COMPLETED, 0, "response/output/1", None)),
    ("item-schema", Level.ERROR, "/item/summary", cut(DONE, 0, "item/summary")),
    ("item-schema", Level.WARNING, "/item/summary", cut(ADDED, 0, "item/summary")),
    ("item-schema", Level.ERROR, "/item/arguments", put(DONE, 2, "item/arguments", {"key": 1})),
    ("item-schema", Level.ERROR, "/item/type", cut(DONE, 2, "item/type")),
    ("item-schema", Level.INFO, "/item/status", put(DONE, 2, "item/status", "resting")),
    ("item-schema", Level.INFO, "/item/phase", put(DONE, 1, "item/phase", "encore")),
    ("item-schema", Level.ERROR, "/part/text", cut(PART_DONE, 0, "part/text")),
    ("item-schema", Level.INFO, "/part/type", put(PART_ADDED, 0, "part/type", "smell")),
    ("created-first", Level.ERROR, "/type", drop(CREATED)),
    ("created-first", Level.ERROR, "/type", twice(CREATED)),
    ("created-first", Level.INFO, "/type", first({"type": "codex.rate_limits"})),
    ("created-first", Level.WARNING, "/type", first({"type": "response.unheard"})),
    ("created-first", Level.WARNING, "/type", move(CREATED, 0, "response.in_progress")),
    ("one-terminal", Level.ERROR, "", drop(COMPLETED)),
    ("one-terminal", Level.ERROR, "/type", twice(COMPLETED)),
    ("nothing-after-terminal", Level.ERROR, "", last({"type": DELTA, "delta": "late"})),
    ("nothing-after-terminal", Level.WARNING, "", last(LATE)),
    ("status-agrees", Level.ERROR, "/response/status", put(COMPLETED, 0, "response/status", "in_progress")),
    ("status-agrees", Level.ERROR, "/response/status", put(COMPLETED, 0, "response/status", "over")),
    ("status-agrees", Level.ERROR, "/response/status", put(CREATED, 0, "response/status", "completed")),
    ("reasons-given", Level.ERROR, "/reason", end("response.incomplete", status="incomplete")),
    ("reasons-given", Level.INFO, "/reason",
     end("response.incomplete", status="incomplete", incomplete_details={"reason": "bored"})),
    ("reasons-given", Level.ERROR, "", end("response.failed", status="failed", error={"code": "server_error"})),
    ("reasons-given", Level.WARNING, "", end("response.failed", status="failed", error={"message": "no"})),
    ("reasons-given", Level.INFO, "", end("response.failed", status="failed", error={"code": "new", "message": "no"})),
    ("one-response", Level.ERROR, "/response/id", put(COMPLETED, 0, "response/id", "resp_2")),
    ("item-order", Level.ERROR, "/output_index", drop(ADDED, 1)),
    ("item-order", Level.ERROR, "/output_index", twice(ADDED, 1)),
    ("item-order", Level.ERROR, "/output_index", twice(DONE, 1)),
    ("item-order", Level.ERROR, "/output_index", move(ARGUMENTS, 0, DONE, 2)),
    ("items-finished", Level.ERROR, "/output_index", drop(DONE, 3)),
    ("items-finished", Level.WARNING, "/item/status", put(DONE, 2, "item/status", "in_progress")),
    ("part-order", Level.ERROR, "/content_index", drop(PART_ADDED)),
    ("part-order", Level.ERROR, "/content_index", twice(PART_ADDED)),
    ("part-order", Level.ERROR, "/content_index", twice(PART_DONE)),
    ("part-order", Level.ERROR, "/item", drop(PART_DONE)),
    ("part-order", Level.ERROR, "/content_index", move(TEXT, 0, PART_DONE)),
    ("strand-order", Level.ERROR, "", drop(ARGUMENTS, 1)),
    ("strand-order", Level.ERROR, "/type", twice(ARGUMENTS, 1)),
    ("strand-order", Level.ERROR, "/type", move(DELTA, 2, TEXT)),
    ("index-order", Level.ERROR, "/output_index", put(ADDED, 3, "output_index", -3)),
    ("index-order", Level.WARNING, "/output_index", put(ADDED, 3, "output_index", 9)),
    ("index-order", Level.WARNING, "/content_index", put(PART_ADDED, 0, "content_index", 4)),
    ("item-identity", Level.ERROR, "/item_id", put(DELTA, 1, "item_id", "msg_9")),
    ("item-identity", Level.ERROR, "/item/id", put(DONE, 1, "item/id", "msg_9")),
    ("item-members", Level.ERROR, "/item/call_id", put(DONE, 2, "item/call_id", "call_9")),
    ("snapshot-identity", Level.ERROR, "/response/output/2/name", put(COMPLETED, 0, "response/output/2",
     {"id": "fc_2", "type": "function_call", "call_id": "call_2", "name": "other", "arguments": '{"key": 1}'})),
    ("text-agrees", Level.ERROR, "/text", put(TEXT, 0, "text", "Hello, World")),
    ("text-agrees", Level.ERROR, "/text", put(TEXT, 0, "text", "")),
    ("text-agrees", Level.ERROR, "/arguments", put(ARGUMENTS, 0, "arguments", "{}")),
    ("text-agrees", Level.ERROR, "/text", put(SUMMARY, 0, "text", "thinking soft")),
    ("text-agrees", Level.WARNING, "/text", put(SUMMARY, 0, "text", "")),
    ("text-agrees", Level.ERROR, "/part/text", put(PART_DONE, 0, "part", {"type": "output_text", "text": "Hello"})),
    ("text-agrees", Level.ERROR, "/item/content/0/text", put(DONE, 1, "item/content", [])),
    ("snapshot-whole", Level.ERROR, "/response/output", lambda bodies: bodies[-1]["response"]["output"].pop()),
    ("usage", Level.WARNING, "/response/usage", put(COMPLETED, 0, USAGE, None)),
    ("usage", Level.ERROR, "/response/usage", put(COMPLETED, 0, USAGE, [])),
    ("usage", Level.ERROR, "/input_tokens", put(COMPLETED, 0, f"{USAGE}/input_tokens", "11")),
    ("usage", Level.WARNING, "/total_tokens", put(COMPLETED, 0, f"{USAGE}/total_tokens", 99)),
    ("usage", Level.WARNING, "/reasoning_tokens", put(COMPLETED, 0, f"{USAGE}/output_tokens_details/reasoning_tokens", 8)),
    ("usage", Level.WARNING, "/cached_tokens", put(COMPLETED, 0, f"{USAGE}/input_tokens_details", {})),
]  # fmt: skip


def test_a_healthy_stream_earns_no_remark() -> None:
    assert lint(framed(healthy())) == []


@pytest.mark.parametrize(("rule", "level", "pointer", "edit"), FAULTS)
def test_a_fault_is_found_by_its_rule(rule: str, level: Level, pointer: str, edit: Edit) -> None:
    found = [remark for remark in edited(edit) if remark.rule == rule and remark.level is level]
    assert [remark for remark in found if remark.pointer.endswith(pointer)]
    assert not any(remark.habit for remark in found)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({3: None}, "no integer"),
        ({3: "3"}, "no integer"),
        ({3: True}, "no integer"),
        ({3: 2}, "repeats"),
        ({3: 7}, "does not follow"),
        ({3: 1}, "does not follow"),
        ({0: 5}, "not 0"),
    ],
)
def test_sequence_numbers(numbers: dict[int, Any], message: str) -> None:
    bodies = healthy()
    for place_, number in numbers.items():
        bodies[place_]["sequence_number"] = number
    (first_, *_) = [remark for remark in lint(framed(bodies)) if remark.rule == "sequence-numbers"]
    assert (first_.level, first_.frame, first_.pointer) == (Level.ERROR, next(iter(numbers)), "/sequence_number")
    assert message in first_.message


def test_one_missing_sequence_number_is_a_fault() -> None:
    bodies = healthy()
    del bodies[3]["sequence_number"]
    assert "no sequence number" in [remark.message for remark in lint(framed(bodies)) if remark.level is Level.ERROR]


def raw(body: bytes) -> list[Remark]:
    return lint(*decode(body))


WHOLE = body_of(healthy())
FRAME = encode('{"type":"keepalive","sequence_number":1}', event="keepalive")

FRAMINGS: list[tuple[str, Level, bytes, str]] = [
    # rule, level, body, words
    ("event-line", Level.INFO, body_of(healthy(), names=False), "no event line"),
    ("event-line", Level.WARNING, WHOLE.replace(b"event: response.created\n", b""), "though other frames"),
    ("event-matches-type", Level.ERROR, WHOLE.replace(b"event: response.created\n", b"event: created\n"), "'created'"),
    ("event-matches-type", Level.INFO, WHOLE.replace(b"event: response.created\n", b"event: message\n"), "'message'"),
    ("end-mark", Level.INFO, WHOLE + encode("[DONE]"), "after the terminal"),
    ("end-mark", Level.ERROR, FRAME + encode("[DONE]"), "in place of"),
    ("end-mark", Level.ERROR, encode("[DONE]") + WHOLE, "before the last"),
    ("side-lines", Level.INFO, b": ping\n\n" + WHOLE, "a comment: 'ping'"),
    ("side-lines", Level.INFO, b"id: 7\n" + WHOLE, "an id line"),
    ("side-lines", Level.INFO, b"retry: 7\n" + WHOLE, "a retry line"),
    ("side-lines", Level.INFO, WHOLE.replace(b"event: response.created", b"event:response.created"), "no space"),
    ("side-lines", Level.INFO, WHOLE.replace(b"\n", b"\r\n"), "CR or CRLF"),
    ("side-lines", Level.INFO, WHOLE + encode("{\n}"), "more than one line"),
    ("byte-order-mark", Level.WARNING, b"\xef\xbb\xbf" + WHOLE, "byte order mark"),
    ("utf-8", Level.ERROR, WHOLE.replace(b"Hello, w", b"Hello, \xff"), "not UTF-8"),
    ("payload", Level.ERROR, encode("{broken") + WHOLE, "not JSON"),
    ("payload", Level.ERROR, encode("[]") + WHOLE, "no object"),
    ("payload", Level.WARNING, encode("") + WHOLE, "empty data"),
    ("payload", Level.WARNING, encode('{"type":"keepalive","x":NaN}') + WHOLE, "lawfully"),
    ("final-blank-line", Level.ERROR, WHOLE + b'data: {"type":"resp', "inside a frame"),
    ("final-blank-line", Level.ERROR, FRAME + FRAME.removesuffix(b"\n"), "no blank line"),
    ("final-blank-line", Level.INFO, WHOLE + b": ping\n", "holds no data"),
]


@pytest.mark.parametrize(("rule", "level", "body", "words"), FRAMINGS)
def test_framing(rule: str, level: Level, body: bytes, words: str) -> None:
    assert [remark for remark in raw(body) if (remark.rule, remark.level) == (rule, level) and words in remark.message]


def test_every_rule_has_a_fault() -> None:
    named = {rule for rule, *_ in FAULTS} | {rule for rule, *_ in FRAMINGS} | {"sequence-numbers"}
    assert named == {rule.name for rule in RULES}


def test_an_empty_stream_has_no_event() -> None:
    assert [(remark.rule, remark.message) for remark in raw(b"")] == [("one-terminal", "no event at all")]


def test_equal_remarks_are_told_once_with_the_first_frame() -> None:
    (remark,) = [remark for remark in raw(body_of(healthy(), names=False)) if remark.rule == "event-line"]
    assert (remark.frame, remark.times) == (0, len(healthy()))


def test_an_error_before_created_is_no_fault_of_order() -> None:
    told = lint(
        framed([{"type": "error", "sequence_number": 0, "code": "server_error", "message": "no", "param": None}])
    )
    assert [(remark.rule, remark.level) for remark in told] == [("created-first", Level.WARNING)]
