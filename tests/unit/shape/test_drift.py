"""Every danger: it is found where it was made, ranked by its row, and its plan makes it again in other streams."""

import pytest

from harness.mutations import Plan
from harness.shape import compare, infer
from harness.shape.danger import DANGERS, RANK
from tests.unit.shape.streams import baseline, mutated, stream, streams


def patch(event, op, path, *value):
    return {"patch": {"at": event, "edit": [{"op": op, "path": path, **({"value": value[0]} if value else {})}]}}


def insert(at, payload, place="after"):
    return {"insert": {"at": at, "frames": [{"payload": payload}], "place": place}}


SPARKLE = {"type": "response.sparkle", "level": 3}
ADDED = {"type": "response.output_item.added", "output_index": 9, "item": {"type": "hologram", "id": "h_1"}}

# What the provider changes, and the change that must be found: kind, event, path, item, detail.
MADE = [
    (patch("response.completed", "replace", "/response/output", None), ("null-container", "response.completed", "/response/output", "", "")),
    ({"reshape": {"at": "response.completed", "path": "/response/output/*/<message>/content"}}, ("null-container", "response.completed", "/response/output/*/<message>/content", "", "")),
    ({"drop": {"at": "terminal"}}, ("terminal-vanished", "response.output_item.done", "", "", "")),
    ({"drop": {"at": "codex.rate_limits"}}, ("event-vanished", "codex.rate_limits", "", "", "")),
    ({"drop": {"at": {"type": "response.content_part.added"}}}, ("event-vanished", "response.content_part.added", "", "message", "")),
    (patch("response.completed", "replace", "/response/output", "none"), ("type-changed", "response.completed", "/response/output", "", "string")),
    (patch("response.created", "replace", "/response/model", {"name": "m"}), ("type-changed", "response.created", "/response/model", "", "object")),
    ({"rename": {"at": "response.completed", "to": "response.done"}}, ("terminal-new", "response.done", "", "", "")),
    ({"rename": {"at": "response.completed", "to": "response.finished"}}, ("terminal-new", "response.finished", "", "", "")),
    (insert("terminal", {"type": "error", "code": "c", "message": "m"}, "before"), ("terminal-new", "error", "", "", "")),
    (patch("response.completed", "remove", "/response/status"), ("member-vanished", "response.completed", "/response/status", "", "")),
    ({"reshape": {"at": "response.output_item.done", "path": "/item/<message>/id", "becomes": "absent"}}, ("member-vanished", "response.output_item.done", "/item/<message>/id", "", "")),
    ({"reshape": {"at": "response.output_item.done", "path": "/item/type", "becomes": "absent"}}, ("member-vanished", "response.output_item.done", "/item/type", "", "")),
    (patch("response.completed", "replace", "/response/output", []), ("emptied", "response.completed", "/response/output", "", "")),
    (insert("response.completed", SPARKLE), ("after-terminal", "response.completed", "", "", "response.sparkle")),
    (insert({"nth": 0}, SPARKLE, "before"), ("first-changed", "response.sparkle", "", "", "")),
    ({"drop": {"at": "response.created"}}, ("first-changed", "response.in_progress", "", "", "")),
    ({"move": {"at": "response.in_progress", "to": "response.created", "place": "before"}}, ("first-changed", "response.in_progress", "", "", "")),
    ({"insert": {"at": {"nth": 1}, "frames": [{"data": "{"}]}}, ("unreadable", "", "", "", "not-json")),
    ({"unterminated": {}}, ("unreadable", "", "", "", "unterminated")),
    (patch("response.created", "replace", "/response/model", None), ("null-scalar", "response.created", "/response/model", "", "")),
    (insert("terminal", ADDED, "before"), ("variant-new", "response.output_item.added", "/item", "", "hologram")),
    ({"reshape": {"at": "response.completed", "path": "/response/output", "becomes": "appended", "value": {"type": "hologram"}}}, ("variant-new", "response.completed", "/response/output/*", "", "hologram")),
    (patch("response.content_part.added", "replace", "/part", {"type": "hologram", "depth": 3}), ("variant-new", "response.content_part.added", "/part", "", "hologram")),
    (patch("response.completed", "replace", "/response/status", "done"), ("state-new", "response.completed", "/response/status", "", "done")),
    (insert("response.in_progress", SPARKLE), ("event-new", "response.sparkle", "", "", "")),
    ({"nameless": {}}, ("event-line-vanished", "", "", "", "event-line")),
    ({"reshape": {"at": "response.completed", "path": "/response/created_at", "becomes": "number"}}, ("number-kind", "response.completed", "/response/created_at", "", "number")),
    (patch("response.completed", "replace", "/response/model", ""), ("text-emptied", "response.completed", "/response/model", "", "")),
    ({"move": {"at": "codex.rate_limits", "to": "response.created"}}, ("order-new", "codex.rate_limits", "", "", "response.created")),
    ({"newline": {"to": "crlf"}}, ("framing-changed", "", "", "", "crlf")),
    ({"newline": {"to": "cr"}}, ("framing-changed", "", "", "", "cr")),
    ({"comment": {}}, ("framing-changed", "", "", "", "comment")),
    ({"bom": {}}, ("framing-changed", "", "", "", "byte-order-mark")),
    ({"insert": {"at": {"nth": 0}, "frames": [{"retry": 5}]}}, ("framing-changed", "", "", "", "retry-line")),
    ({"insert": {"at": {"nth": -1}, "frames": [{"data": "[DONE]"}]}}, ("framing-changed", "", "", "", "done-marker")),
    (patch("response.completed", "replace", "/response/model", "gpt-6"), ("value-new", "response.completed", "/response/model", "", "gpt-6")),
    (patch("response.completed", "replace", "/response/user", {"plan": "plus"}), ("null-filled", "response.completed", "/response/user", "", "object")),
    (patch("response.created", "add", "/response/output/-", {"type": "message"}), ("array-filled", "response.created", "/response/output/*", "", "")),
    (patch("response.completed", "add", "/response/region", "eu"), ("member-new", "response.completed", "/response/region", "", "")),
    ({"reshape": {"at": "response.output_item.done", "path": "/item/<message>/tone", "becomes": "added", "value": 1}}, ("member-new", "response.output_item.done", "/item/<message>/tone", "", "")),
]  # fmt: skip
IDS = [f"{expected[0]}-{'-'.join(filter(None, expected[1:]))}" for _, expected in MADE]

FIRST = {expected[0]: (written, expected) for written, expected in reversed(MADE)}
"""One row of each danger."""


def change_of(drift, expected):
    found = {change.identity: change for change in drift.changes}
    assert expected in found, f"found only {sorted(found)}"
    return found[expected]


@pytest.mark.parametrize(("written", "expected"), MADE, ids=IDS)
def test_a_change_is_found_where_it_was_made(written, expected):
    change = change_of(compare(baseline(), mutated([written])), expected)
    assert change.was
    assert change.now


@pytest.mark.parametrize(("written", "expected"), MADE, ids=IDS)
def test_its_plan_makes_the_same_change_again(written, expected):
    plan = change_of(compare(baseline(), mutated([written])), expected).plan
    assert plan is not None
    again = Plan.from_yaml(plan.to_yaml())
    assert again.to_json() == plan.to_json()
    change_of(compare(baseline(), infer(streams(again))), expected)


def test_every_danger_is_made_by_a_row():
    assert {expected[0] for _, expected in MADE} == {danger.name for danger in DANGERS}


@pytest.mark.parametrize(("written", "expected"), FIRST.values(), ids=FIRST)
def test_changes_are_ranked_by_the_table(written, expected):
    """Each together with a new optional member, which comes last, unless it is one itself."""
    harmless = patch("response.in_progress", "add", "/response/zone", "eu")
    changes = compare(baseline(), mutated([written, harmless])).changes
    ranks = [RANK[change.kind] for change in changes]
    assert ranks == sorted(ranks)
    assert changes[-1].kind == "member-new"


def test_dangers_stand_before_the_harmless():
    marks = [danger.dangerous for danger in DANGERS]
    assert marks == sorted(marks, reverse=True)
    assert DANGERS[0].name == "null-container"
    assert DANGERS[-1].name == "member-new"


def test_all_at_once_are_sorted_with_the_null_first():
    plan = [
        written for written, expected in MADE if expected[0] in {"member-new", "value-new", "emptied", "null-scalar"}
    ]
    null = patch("response.incomplete", "replace", "/response/output", None)
    changes = compare(baseline(), mutated([*plan, null])).changes
    assert changes[0].identity == ("null-container", "response.incomplete", "/response/output", "", "")


def test_nothing_drifts_from_itself():
    assert compare(baseline(), baseline()).changes == ()


@pytest.mark.parametrize("number", range(len(list(streams(Plan())))))
def test_no_single_stream_drifts_from_all(number):
    """One stream lacks most of what a provider can send; that must not look like drift."""
    assert compare(baseline(), infer([list(streams(Plan()))[number]])).changes == ()


def test_a_cut_stream_says_nothing_about_how_streams_end():
    whole = infer([stream({"type": "response.created"}, {"type": "response.completed"})])
    cut = infer([stream({"type": "response.created"}, whole=False)])
    assert not [change for change in compare(whole, cut).changes if change.kind == "terminal-vanished"]


def test_what_is_deeper_than_a_vanished_member_is_not_told_again():
    changes = compare(baseline(), mutated([patch("response.completed", "remove", "/response/usage")])).changes
    assert [change.path for change in changes] == ["/response/usage"]


def test_what_is_deeper_than_a_new_member_is_not_told_again():
    new = {"deep": {"deeper": [1]}}
    changes = compare(baseline(), mutated([patch("response.completed", "add", "/response/new", new)])).changes
    assert [change.path for change in changes] == ["/response/new"]


def test_the_same_type_twice_has_no_plan_and_says_why():
    one = infer([stream({"type": "a"}, {"type": "b"}, {"type": "response.completed"})])
    two = infer([stream({"type": "a"}, {"type": "a"}, {"type": "b"}, {"type": "response.completed"})])
    (change,) = compare(one, two).changes
    assert change.kind == "order-new"
    assert change.plan is None
    assert "twice in a row" in change.no_plan


def test_a_habit_that_no_operator_makes_says_so():
    spaced = infer([stream({"type": "a"})])
    bare = infer([type(stream())(stream({"type": "a"}).body.replace(b"data: ", b"data:"), "made-up")])
    (change,) = compare(spaced, bare).changes
    assert change.identity == ("framing-changed", "", "", "", "space")
    assert "no operator" in change.no_plan


@pytest.mark.parametrize(
    ("event", "item"), [("response.content_part.added", None), ("response.output_item.added", "message")]
)
def test_a_dropped_event_is_aimed_at_by_item_only_where_items_share_it(event, item):
    shape = mutated([{"drop": {"at": {"type": event, "item": "message"}}}])
    change = change_of(compare(baseline(), shape), ("event-vanished", event, "", "message", ""))
    assert change.plan.to_json() == [{"drop": {"at": {"type": event, **({"item": item} if item else {})}}}]


def test_a_plan_aims_at_other_cassettes_too():
    """The change is seen in one stream and made in all that have the place."""
    only = [Plan.from_json([patch("response.completed", "replace", "/response/output", None)])]
    one = next(s for s in streams(only[0]) if b'"output":null' in s.body)
    (change,) = compare(baseline(), infer([one])).changes
    bodies = [s.body for s in streams(change.plan) if b"response.completed" in s.body]
    assert len(bodies) == 8
    assert all(b'"output":null' in body for body in bodies)
