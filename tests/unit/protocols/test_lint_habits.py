"""Every known habit shows itself, covers the remarks it explains, and tells the dialects that have it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.protocols.responses.lint import DIALECTS, HABITS, Level, Remark, dialects, lint, speakers
from harness.wire import Frame, Tail, decode, encode
from tests.unit.protocols.streams import Payload, body_of, framed, healthy, numbered

Edit = Callable[[list[Payload]], Any]


def edited(edit: Edit, **framing: bool) -> bytes:
    bodies = healthy()
    edit(bodies)
    return body_of(numbered(bodies), **framing)


def every(**changes: Any) -> Edit:
    """Changes members of every event: a callable gets the place of the event, None drops the member."""

    def edit(bodies: list[Payload]) -> None:
        for number, body in enumerate(bodies):
            for name, value in changes.items():
                body[name] = value(number) if callable(value) else value
                if body[name] is None:
                    del body[name]

    return edit


def items(change: Callable[[Payload], Any]) -> Edit:
    """Applies a change to every event that belongs to an item."""
    return lambda bodies: [change(body) for body in bodies if "output_index" in body]


def events(event_type: str, change: Callable[[Payload], Any]) -> Edit:
    return lambda bodies: [change(body) for body in bodies if body["type"] == event_type]


def terminal(change: Callable[[Payload], Any]) -> Edit:
    return lambda bodies: change(bodies[-1])


def response(**changes: Any) -> Edit:
    return terminal(lambda body: body["response"].update(changes))


def usage(**changes: Any) -> Edit:
    return terminal(lambda body: body["response"]["usage"].update(changes))


def insert(place: int, body: Payload) -> Edit:
    return lambda bodies: bodies.insert(place, body)


def instead(*end: Payload) -> Edit:
    return lambda bodies: bodies.__setitem__(slice(-1, None), end)


def unnumbered(edit: Edit, **framing: bool) -> bytes:
    """Without putting the sequence numbers right after the edit."""
    bodies = healthy()
    edit(bodies)
    return body_of(bodies, **framing)


def both(*edits: Edit) -> Edit:
    return lambda bodies: [edit(bodies) for edit in edits]


def rotate(body: Payload) -> None:
    name = f"id_{body['sequence_number']}"
    if "item" in body:
        body["item"]["id"] = name
    else:
        body["item_id"] = name


def rename_snapshot(body: Payload) -> None:
    for number, item in enumerate(body["response"]["output"]):
        item["id"] = f"other_{number}"


def temporary(body: Payload) -> None:
    name = f"x_tmp_{body['output_index']}"
    if "item" in body:
        body["item"]["id"] = name
    else:
        body["item_id"] = name


def temporary_snapshot(body: Payload) -> None:
    """The terminal keeps all temporary ids but the first."""
    for number, item in enumerate(body["response"]["output"]):
        item["id"] = f"x_tmp_{number}" if number else "x_tmp_new"


def index_each_delta(bodies: list[Payload]) -> None:
    deltas = [body for body in bodies if body["type"] == "response.output_text.delta"]
    for number, body in enumerate(deltas):
        body["content_index"] = number


def as_text_part(bodies: list[Payload]) -> None:
    """The reasoning's summary turned into reasoning text."""
    text = (
        json.dumps(bodies).replace("reasoning_summary_part", "content_part").replace("summary_index", "content_index")
    )
    text = text.replace("reasoning_summary_text", "reasoning_text").replace("summary_text", "reasoning_text")
    bodies[:] = json.loads(text)
    for item in (bodies[8]["item"], bodies[-1]["response"]["output"][0]):
        item["content"], item["summary"] = item["summary"], []


def as_alias(bodies: list[Payload]) -> None:
    as_text_part(bodies)
    for body in bodies:
        body["type"] = body["type"].replace("reasoning_text", "reasoning")


def without(event_type: str, part_type: str | None = None) -> Edit:
    """Leaves events out, by how their type begins and the type of their part."""

    def edit(bodies: list[Payload]) -> None:
        bodies[:] = [
            body
            for body in bodies
            if not body["type"].startswith(event_type) or part_type not in (None, body.get("part", {}).get("type"))
        ]

    return edit


def numbered_alone() -> bytes:
    bodies = healthy()[:-1]
    every(sequence_number=None)(bodies)
    return body_of(bodies, names=False) + body_of([{**FAILED, "sequence_number": 0}])


def comment(text: str) -> bytes:
    return f": {text}\n\n".encode() + body_of(healthy())


FAILED = {"type": "response.failed", "response": {**healthy()[-1]["response"], "status": "failed"}}
ERROR = {"code": "server_error", "message": "no"}
FAILED["response"]["error"] = ERROR
BARE = {**FAILED, "response": {name: value for name, value in FAILED["response"].items() if name != "model"}}
NO_INDEX = items(lambda body: body.pop("output_index"))
DONE, ADDED = "response.output_item.done", "response.output_item.added"


SHOWN: list[tuple[str, tuple[str, ...], bytes]] = [
    # habit, dialects the stream then fits, body
    ("event-lines", ("openai",), body_of(healthy())),
    ("counted", ("openai",), body_of(healthy())),
    ("resumed", ("openai",), body_of(healthy()[4:])),
    ("no-event-lines", (), body_of(healthy(), names=False)),
    ("end-mark", ("open-responses",), body_of(healthy(), mark=True)),
    ("no-sequence-numbers", ("litellm",), unnumbered(every(sequence_number=None), names=False, mark=True)),
    ("constant-sequence", ("litellm",), unnumbered(every(sequence_number=1), names=False)),
    ("model-on-events", ("litellm",), edited(every(model="model-1"), names=False, mark=True)),
    ("keepalive-numbers", (), unnumbered(insert(5, {"type": "keepalive", "sequence_number": 4}))),
    ("keepalive-event", ("openai",), edited(insert(5, {"type": "keepalive"}))),
    ("queued-first", ("transformers",),
     edited(lambda bodies: bodies[0]["response"].update(status="queued"), names=False)),
    ("float-time", ("transformers",), edited(response(created_at=1.5), names=False)),
    ("no-output-index", ("llama.cpp",), edited(NO_INDEX)),
    ("created-without-output", ("llama.cpp",), edited(lambda bodies: bodies[0]["response"].pop("output"))),
    ("negative-index", ("gpt-oss",), edited(items(lambda body: body.update(output_index=-1)))),
    ("never-added", (), edited(lambda bodies: bodies.__setitem__(
        slice(None), [body for body in bodies if body["type"] != ADDED]))),
    ("usage-without-details", (), edited(terminal(lambda body: [
        body["response"]["usage"].pop(name) for name in ("input_tokens_details", "output_tokens_details")]))),
    ("null-output", ("codex",), edited(response(output=None))),
    ("absent-output", (), edited(terminal(lambda body: body["response"].pop("output")))),
    ("empty-output", (), edited(response(output=[]))),
    ("rate-limit-event", ("codex",), edited(insert(0, {"type": "codex.rate_limits"}))),
    ("metadata-event", ("codex",), edited(insert(2, {"type": "codex.response.metadata"}))),
    ("account-marks", ("codex",), edited(response(store=False, safety_identifier="user-1", prompt_cache_key="key-1"))),
    ("padded-deltas", ("openai",), edited(every(obfuscation="x"))),
    ("phased-messages", ("openai",), edited(events(DONE, lambda body: body["item"].update(phase="final_answer")))),
    ("encrypted-reasoning", ("openai",), edited(events(DONE, lambda body: body["item"].update(encrypted_content="x")))),
    ("completed-incomplete", ("vllm",), edited(response(status="incomplete"))),
    ("snapshot-ids", ("vllm",), edited(terminal(rename_snapshot))),
    ("index-a-delta", ("vllm",), edited(index_each_delta)),
    ("reasoning-part", (), edited(as_text_part)),
    ("completed-failed", ("aimock",), edited(response(status="failed", error=ERROR))),
    ("zero-usage", ("aimock",), unnumbered(both(every(sequence_number=None), usage(
        input_tokens=0, output_tokens=0, total_tokens=0, output_tokens_details={"reasoning_tokens": 0})))),
    ("rotating-ids", ("copilot",), edited(items(rotate))),
    ("copilot-usage", ("copilot",), edited(terminal(lambda body: body.update(copilot_usage={})))),
    ("temporary-ids", ("openrouter",), edited(both(items(temporary),
     terminal(temporary_snapshot)))),
    ("blank-name", ("cli-proxy-api",), edited(events(DONE, lambda body: "name" in body["item"]
        and body["item"].update(name="")))),
    ("null-item", (), edited(events(DONE, lambda body: body["output_index"] == 3 and body.update(item=None)))),
    ("nested-error", ("openai",), edited(instead({"type": "error", "error": ERROR}))),
    ("error-then-failed", ("openai",), edited(instead({"type": "error", "error": ERROR}, FAILED))),
    ("untyped-error", (), edited(instead({"error": ERROR}))),
    ("reasoning-alias", ("open-responses",), edited(as_alias)),
    ("done-alias", (), edited(terminal(lambda body: body.update(type="response.done")))),
    ("content-filters", ("azure",), edited(response(content_filters=None))),
    ("uuid-response-id", ("deepseek",), edited(lambda bodies: [body["response"].update(
        id="1235b7ba-fdc9-4a1c-bfe4-6137c207baf3", content_filters=None) for body in bodies if "response" in body])),
    ("sources-counted", ("xai",), edited(usage(num_sources_used=1))),
    ("own-key", ("openrouter",), edited(usage(is_byok=False))),
    ("processing-comment", ("openrouter",), comment("OPENROUTER PROCESSING")),
    ("keepalive-comment", ("deepseek",), comment("keep-alive")),
    ("unspaced-fields", ("alibaba",), (b"id: 1\n" + body_of(healthy()).replace(
        b"\n\nevent", b"\n\nid: 1\nevent")).replace(b"event: ", b"event:").replace(b"data: ", b"data:")),
    ("id-lines", (), b"id: 1\n" + body_of(healthy()).replace(b"\n\nevent", b"\n\nid: 1\nevent")),
    ("done-numbers", (), unnumbered(lambda bodies: [body.pop("sequence_number") for body in bodies
        if body["type"] != DONE])),
    ("no-logprobs", ("openai",), edited(items(lambda body: body.pop("logprobs", None)))),
    ("timings", (), edited(terminal(lambda body: body.update(timings={})))),
    ("input-details-only", (), edited(terminal(lambda body: body["response"]["usage"].pop("output_tokens_details")))),
    ("no-content-index", (), edited(items(lambda body: body.pop("content_index", None)))),
    ("bare-created", (), edited(lambda bodies: [body["response"].pop(name)
        for body in bodies[:-1] if "response" in body for name in ("created_at", "model")])),
    ("bare-failure", ("litellm",), edited(instead(BARE), mark=True)),
    ("failure-numbered-alone", ("litellm",), numbered_alone()),
    ("reasoning-without-part", (), edited(both(as_text_part, without("response.content_part", "reasoning_text")))),
    ("no-arguments-done", (), edited(without("response.function_call_arguments.done"))),
    ("no-reasoning-done", (), edited(both(as_text_part, without("response.reasoning_text.done")))),
    ("no-final-blank-line", ("new-api",), body_of(healthy()) + encode("[DONE]").removesuffix(b"\n")),
]  # fmt: skip


def remarks(body: bytes) -> list[Remark]:
    return lint(*decode(body))


@pytest.mark.parametrize(("habit", "fits", "body"), SHOWN, ids=[habit for habit, *_ in SHOWN])
def test_a_habit_shows(habit: str, fits: tuple[str, ...], body: bytes) -> None:
    told = lint(*decode(body))
    explained = [remark for remark in told if remark.habit == habit]
    assert {remark.level for remark in explained} <= {HABITS[habit].level}
    assert bool(explained) == bool(HABITS[habit].rules)
    assert [remark for remark in told if remark.level is Level.ERROR] == []
    assert dialects(*decode(body)) == fits


def test_every_habit_is_shown() -> None:
    assert [habit for habit, *_ in SHOWN if habit not in HABITS] == []
    assert HABITS.keys() - {habit for habit, *_ in SHOWN} == set()


def test_every_dialect_is_told_by_some_stream() -> None:
    assert DIALECTS.keys() == {dialect for _, fits, _ in SHOWN for dialect in fits}


def test_dialects_speak_of_habits_that_exist() -> None:
    for dialect in DIALECTS.values():
        named = frozenset().union(*dialect.marks, dialect.lacks, dialect.habits)
        assert named <= HABITS.keys(), dialect.name


def test_who_has_a_habit() -> None:
    assert speakers("end-mark") == ("open-responses", "openrouter", "litellm")
    assert speakers("null-output") == ("codex",)
    with pytest.raises(KeyError):
        speakers("unheard-of")


@pytest.mark.parametrize(
    "edit",
    [
        lambda bodies: bodies.pop(2),
        lambda bodies: bodies[4].update(item_id="other"),
        lambda bodies: bodies[4].update(output_index=-1),
        lambda bodies: bodies[4].pop("output_index"),
        lambda bodies: bodies[-1]["response"]["output"][0].update(id="other"),
        lambda bodies: bodies[-1]["response"].update(id="other"),
    ],
)
def test_one_stray_event_is_no_habit(edit: Edit) -> None:
    assert [remark for remark in remarks(edited(edit)) if remark.level is Level.ERROR and not remark.habit]


def test_a_lost_terminal_is_no_habit() -> None:
    frames: list[Frame]
    tail: Tail | None
    frames, tail = decode(body_of(healthy()).removesuffix(b"\n"))
    assert tail is not None
    assert {(remark.rule, remark.level) for remark in lint(frames, tail)} == {
        ("final-blank-line", Level.ERROR),
        ("one-terminal", Level.ERROR),
    }


def test_frames_alone_are_enough() -> None:
    assert dialects(framed(healthy())) == ("openai",)
