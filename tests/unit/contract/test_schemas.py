"""The published schemas say what the code says: what one writes the other accepts, and nothing else."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from harness.contract import (
    Callback,
    Capabilities,
    Case,
    Cause,
    Deadlines,
    Failure,
    Item,
    Leftovers,
    Outcome,
    Turn,
    Usage,
    from_json,
    to_json,
)
from harness.contract.validate import SCHEMAS, problem, schema

FULL = Outcome(
    "consumer",
    "1.0",
    (
        Turn(
            "returned",
            status="incomplete",
            items=(
                Item("message", "message", id="m", text="hi", refusal="no", phase="final_answer", finished=False),
                Item("reasoning", "reasoning", text="", summary="s", encrypted="e"),
                Item("custom_tool_call", "custom_tool_call", call_id="c", name="n", arguments="{"),
            ),
            text="",
            usage=Usage(1, "two", None, 0, 3),
            failure=Failure((Cause("attached", message="max_output_tokens"),)),
            flags=("truncated",),
            trace=(Callback("text", "h", 0), Callback("reset"), Callback("event", "x", 1)),
        ),
        Turn("raised", failure=Failure((Cause("E", ("B",), "m", "{}"),), printable=False, partial_text="p")),
        Turn("hung", notes="killed"),
    ),
    Leftovers(threads=0, sockets=1),
)


@pytest.mark.parametrize("name", SCHEMAS)
def test_is_a_schema_of_its_draft(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("outcome", [FULL, Outcome("c", "", ())], ids=["full", "empty"])
def test_what_is_written_is_accepted_and_read_back(outcome: Outcome) -> None:
    body = json.loads(json.dumps(to_json(outcome)))
    assert problem("outcome", body) is None
    assert from_json(body) == outcome


def _outcome(**turn: Any) -> dict[str, Any]:
    return {"outcome": 1, "consumer": "c", "version": "1", "turns": [{"ended": "returned", **turn}]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**_outcome(), "outcome": 2}, "/outcome"),
        ({"outcome": 1, "version": "1", "turns": []}, "/: 'consumer'"),
        (_outcome(ended="finished"), "/turns/0/ended"),
        (_outcome(ended="raised"), "/turns/0: 'failure'"),
        (_outcome(ended="raised", failure=None), "/turns/0/failure"),
        (_outcome(failure={"chain": []}), "/turns/0/failure"),
        (_outcome(items=[{"kind": "call", "type": "x"}]), "/turns/0/items/0/kind"),
        (_outcome(text=3), "/turns/0/text"),
        (_outcome(trace=[{"kind": "text", "data": None}]), "/turns/0/trace/0/data"),
        (_outcome(sparkle=True), "/turns/0: Additional"),
        ([], "/:"),
    ],
)
def test_what_is_no_outcome_is_refused_where_it_is_wrong(body: Any, pointer: str) -> None:
    found = problem("outcome", body)
    assert found is not None
    assert found.startswith(pointer)


def test_a_case_is_a_line_of_the_protocol() -> None:
    case = Case("c1", "http://127.0.0.1:1/v1", ({"input": "a"}, {"input": [{"role": "user", "content": "b"}]}))
    assert problem("driver#run", case.to_json()) is None
    assert problem("driver", case.to_json()) is None


@pytest.mark.parametrize(
    ("definition", "body"),
    [
        ("ready", {"protocol": 2, "ready": {"consumer": "c", "version": "1", "lane": "", "runtime": "x"}}),
        ("ready", {"protocol": 1, "ready": {"consumer": "c", "version": "", "lane": "", "runtime": "x"}}),
        ("outcome", {"protocol": 1, "case": "c", "outcome": {"turns": []}}),
        ("turn", {"protocol": 1, "case": "c", "turn": {}}),
        ("run", {**Case("c", "u").to_json(), "turns": []}),
        ("run", {**Case("c", "u").to_json(), "deadline_ms": 0}),
    ],
)
def test_what_breaks_the_protocol_is_refused(definition: str, body: dict[str, Any]) -> None:
    assert problem(f"driver#{definition}", body) is not None


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        (schema("consumer")["$defs"]["capabilities"], Capabilities),
        (schema("consumer")["$defs"]["capabilities"]["properties"]["deadlines"], Deadlines),
        (schema("outcome")["$defs"]["turn"], Turn),
        (schema("outcome")["$defs"]["item"], Item),
        (schema("outcome")["$defs"]["usage"], Usage),
        (schema("outcome")["$defs"]["cause"], Cause),
        (schema("outcome")["$defs"]["failure"], Failure),
        (schema("outcome")["$defs"]["callback"], Callback),
        (schema("outcome")["$defs"]["leftovers"], Leftovers),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_schema_and_dataclass_have_the_same_members(described: dict[str, Any], kind: type) -> None:
    assert set(described["properties"]) == {spec.name for spec in fields(kind)}
