"""One change at every place of a path, and nothing else."""

import pytest

from harness.mutations import Plan, Take, Unmatched
from harness.mutations.places import MISSING, changed, plain, step, steps, variant
from tests.unit.mutations.streams import delivery, payloads

ITEMS = {"output": [{"type": "message", "content": [1, 2]}, {"type": "call"}, {"type": "message", "content": []}]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/output", {"output": "X"}),
        ("/output/*", {"output": ["X", "X", "X"]}),
        (
            "/output/*/content/*",
            {"output": [{"type": "message", "content": ["X", "X"]}, ITEMS["output"][1], ITEMS["output"][2]]},
        ),
        ("/output/*/<call>/type", {"output": [ITEMS["output"][0], {"type": "X"}, ITEMS["output"][2]]}),
        ("/output/*/<call>", {"output": [ITEMS["output"][0], "X", ITEMS["output"][2]]}),
        ("/elsewhere", ITEMS),
        ("/output/name", ITEMS),
        ("/output/*/<other>/type", ITEMS),
    ],
)
def test_places(path, expected):
    before = repr(ITEMS)
    got = changed(ITEMS, path, lambda value: value if value is MISSING else "X")
    assert got == expected
    assert (got is ITEMS) is (expected is ITEMS)
    assert repr(ITEMS) == before


def test_removing_and_adding():
    assert changed(ITEMS, "/output/*/content", lambda value: MISSING)["output"][0] == {"type": "message"}
    assert changed(ITEMS, "/output/*/<call>/new", lambda value: 1)["output"][1] == {"type": "call", "new": 1}
    assert changed({"a": [1, 2]}, "/a/*", lambda value: MISSING if value == 1 else value) == {"a": [2]}


@pytest.mark.parametrize("name", ["plain", "*", "<a>", "a/b", "~0", "~", "a*b", "~3"])
def test_a_step_stands_for_its_name(name):
    assert plain(step(name)) == name
    assert plain(variant(name)) == name
    assert len(steps(f"/{step(name)}")) == 1
    assert changed({name: 1}, f"/{step(name)}", lambda value: 2) == {name: 2}


def test_a_path_begins_with_a_slash():
    with pytest.raises(ValueError, match="begins with"):
        steps("a")


@pytest.mark.parametrize(
    ("becomes", "value", "before", "after"),
    [
        ("value", None, {"x": [1]}, {"x": None}),
        ("absent", None, {"x": 1}, {}),
        ("empty", None, {"x": [1]}, {"x": []}),
        ("empty", None, {"x": "text"}, {"x": ""}),
        ("empty", None, {"x": {"y": 1}}, {"x": {}}),
        ("text", None, {"x": [1]}, {"x": "[1]"}),
        ("wrapped", None, {"x": "a"}, {"x": ["a"]}),
        ("appended", 2, {"x": [1]}, {"x": [1, 2]}),
        ("number", None, {"x": 1}, {"x": 1.0}),
        ("integer", None, {"x": 1.9}, {"x": 1}),
        ("added", 3, {}, {"x": 3}),
    ],
)
def test_what_a_value_becomes(becomes, value, before, after):
    before, after = {"type": "e", **before}, {"type": "e", **after}
    plan = Plan.from_json(
        [
            {"insert": {"at": {"nth": 0}, "frames": [{"payload": before}]}},
            {"reshape": {"at": "e", "path": "/x", "becomes": becomes, "value": value}},
        ]
    )
    take = Take.of(delivery())
    for mutation in plan.mutations:
        take = mutation.operator.apply(take)
    got = payloads(take.delivery())[1]
    assert got == after
    assert type(got.get("x")) is type(after.get("x")), "1 and 1.0 are equal here, but not in JSON"


@pytest.mark.parametrize(
    "written",
    [
        {"at": "terminal", "path": "/response/nothing", "becomes": "absent"},
        {"at": "terminal", "path": "/response/output/*/<hologram>/id", "becomes": "absent"},
        {"at": "terminal", "path": "/response/status", "becomes": "number"},
    ],
)
def test_it_says_when_nothing_was_changed(written):
    (mutation,) = Plan.from_json([{"reshape": written}]).mutations
    with pytest.raises(Unmatched, match="could be changed"):
        mutation.operator.apply(Take.of(delivery()))


@pytest.mark.parametrize("becomes", ["value", "absent", "empty", "text", "wrapped", "appended", "number", "integer"])
def test_only_added_puts_a_member_where_there_is_none(becomes):
    (mutation,) = Plan.from_json(
        [{"reshape": {"at": "terminal", "path": "/response/nothing", "becomes": becomes, "value": 1}}]
    ).mutations
    with pytest.raises(Unmatched, match="could be changed"):
        mutation.operator.apply(Take.of(delivery()))
