import pytest

from harness.delivery import Cut, Exchange
from harness.mutations import Plan, PlanError
from tests.unit.mutations.streams import TEXT, delivery, exchange, payloads

CUT = {"stop": {"at": {"nth": 1}, "by": "cut"}}


def test_the_empty_plan_changes_nothing():
    base = exchange()
    applied = Plan().apply(base)
    assert applied.exchange == base
    assert applied.misses == ()


def test_a_plan_is_applied_from_the_top_down():
    first = {"insert": {"at": "terminal", "frames": [{"payload": {"type": "x"}}]}}
    assert (
        Plan.from_json([first, {"drop": {"at": "x"}}]).apply(exchange()).exchange.answer(0, 0).body == delivery().body
    )
    assert Plan.from_json([{"drop": {"at": "x"}}, first]).apply(exchange()).misses[0].number == 0


def test_a_mutation_without_attempt_holds_for_every_attempt():
    got = Plan.from_json([CUT]).apply(exchange()).exchange
    assert got.answer(0, 0) == got.answer(0, 5)
    assert got.answer(0, 5).ending == Cut()


def test_a_mutation_of_one_attempt_leaves_the_next_as_recorded():
    got = Plan.from_json([{**CUT, "attempt": 1}]).apply(exchange()).exchange
    assert [got.answer(0, attempt).ending == Cut() for attempt in range(4)] == [False, True, False, False]
    assert got.answer(0, 2) == delivery()


def test_a_mutation_of_one_turn_leaves_the_others():
    base = Exchange({(0, 0): delivery(), (1, 0): delivery()})
    got = Plan.from_json([{**CUT, "turn": 1}]).apply(base).exchange
    assert payloads(got.answer(0, 0)) == TEXT
    assert payloads(got.answer(1, 0)) == TEXT[:2]


def test_a_mutation_that_matches_in_one_turn_has_matched():
    base = Exchange({(0, 0): delivery(), (1, 0): delivery(TEXT[:2])})
    assert Plan.from_json([{"drop": {"at": "terminal"}}]).apply(base).misses == ()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ([CUT, {"drop": {"at": "nope"}}], "mutation 2 of the plan (drop) matched nothing: no frame matches type nope"),
        ([{**CUT, "turn": 3}], "mutation 1 of the plan (stop) matched nothing: the case has no such turn"),
    ],
)
def test_a_mutation_that_matched_nothing_is_named(written, reason):
    (miss,) = Plan.from_json(written).apply(exchange()).misses
    assert str(miss) == reason


def test_applying_twice_gives_the_same():
    plan = Plan.from_json([{"rotate-ids": {}}, CUT])
    assert plan.apply(exchange()) == plan.apply(exchange())


WRITTEN = [
    {
        "patch": {
            "at": {"item": "*", "nth": -1},
            "edit": [{"op": "add", "path": "/a", "value": {"b": [None, "on", 1.5]}}],
        }
    },
    {"patch": {"at": {"type": "a"}, "edit": [{"op": "add", "path": "/a", "value": "2026-05-27"}]}, "attempt": 0},
    {"insert": {"at": {"nth": 0}, "frames": [{"data": "ü\nx: y # z"}], "place": "before"}, "turn": 1, "attempt": 2},
    {"answer": {"status": 500, "body": {"error": "404"}, "headers": [["a", "b"]]}},
    {"newline": {"to": "cr"}},
    {"bom": {}},
]


def test_printed_and_parsed_again():
    plan = Plan.from_json(WRITTEN)
    assert Plan.from_yaml(plan.to_yaml()) == plan
    assert plan.to_json() == WRITTEN


def test_nothing_is_an_empty_plan():
    assert Plan.from_yaml("") == Plan()


@pytest.mark.parametrize(
    ("written", "pointer", "words"),
    [
        ({}, "", "list of mutations"),
        (["drop"], "/0", "mapping"),
        ([{}], "/0", "names 0"),
        ([{"turn": 1}], "/0", "names 0"),
        ([{"bom": {}, "drop": {"at": "x"}}], "/0", "names 2"),
        ([{"bom": {}}, {"nope": {}}], "/1", "no operator 'nope'"),
        ([{"drop": {}}], "/0/drop", "'at' is a required property"),
        ([{"drop": None}], "/0/drop", "'at' is a required property"),
        ([{"drop": {"at": {"kind": "x"}}}], "/0/drop/at", "kind"),
        ([{"drop": {"at": "x", "too": 1}}], "/0/drop", "too"),
        ([{"chunk-size": {"size": 0}}], "/0/chunk-size/size", "minimum"),
        ([{"patch": {"at": "x", "edit": [{"op": "add", "path": "/a"}]}}], "/0/patch/edit/0", "value"),
        ([{"patch": {"at": "x", "edit": [{"op": "add", "path": "a", "value": 1}]}}], "/0/patch/edit/0/path", "a"),
        ([{"bom": {}, "attempt": -1}], "/0/attempt", "counts from 0"),
        ([{"bom": {}, "turn": "x"}], "/0/turn", "counts from 0"),
        ([{"bom": {}, "turn": True}], "/0/turn", "counts from 0"),
    ],
)
def test_what_means_nothing_is_named_with_its_place(written, pointer, words):
    with pytest.raises(PlanError, match=words) as raised:
        Plan.from_json(written)
    assert raised.value.pointer == pointer


def test_what_is_no_yaml():
    with pytest.raises(PlanError, match="not YAML"):
        Plan.from_yaml("- {")
