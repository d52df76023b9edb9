"""The outage that started it all: one stream with a null is enough to find the change and to make it everywhere."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cassette import exchange_of, load_all
from harness.mutations import Plan
from harness.protocols.responses.event import decode_all
from harness.shape.commands import drift
from harness.wire import decode, encode

LIBRARY = Path(__file__).parents[3] / "cassettes"
BASELINE = LIBRARY / "codex"


@pytest.fixture(scope="module")
def today(tmp_path_factory):
    """A stream of the day after, written without any operator of ours."""
    frames, _ = decode((BASELINE / "text" / "1.sse").read_bytes())
    body = b""
    for frame in frames:
        payload = json.loads(frame.data)
        if payload["type"] == "response.completed":
            payload["response"]["output"] = None
        body += encode(json.dumps(payload), event=frame.event)
    path = tmp_path_factory.mktemp("today") / "today.sse"
    path.write_bytes(body)
    return path


@pytest.fixture(scope="module")
def told(today):
    plans = today.parent / "plans"
    result = CliRunner().invoke(drift, [str(BASELINE), str(today), "--write-plans", str(plans)])
    return result, sorted(plans.iterdir())


def test_the_null_is_the_first_thing_it_says_and_the_only_one(told):
    result, plans = told
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("1 dangerous and 0 harmless changes from ")
    assert lines[2:4] == [
        "1. DANGEROUS  null where an array or an object always was",
        "   response.completed /response/output",
    ]
    assert len(plans) == 1


def outputs(exchange):
    """What the completed events of an exchange state as output."""
    for delivery in exchange.deliveries.values():
        for event in decode_all(decode(delivery.body)[0]):
            response = (event.payload or {}).get("response")
            if event.type == "response.completed" and isinstance(response, dict) and "output" in response:
                yield response["output"]


def test_the_plan_makes_it_in_every_other_cassette(told):
    """Streams that end in another terminal have no such place, and the plan says so instead of passing for survived."""
    plan = Plan.from_yaml(told[1][0].read_text())
    nulls, missed = 0, set()
    for cassette in (each for each in load_all(LIBRARY) if each.kind == "sse"):
        before = exchange_of(cassette)
        applied = plan.apply(before)
        places, after = len(list(outputs(before))), list(outputs(applied.exchange))
        assert after == [None] * places, cassette.name
        assert bool(applied.misses) is (places == 0), cassette.name
        nulls += places
        missed |= {cassette.name} if applied.misses else set()
    assert nulls >= 28
    assert {"codex/failed", "codex/incomplete"} <= missed


def test_only_the_terminal_frame_is_touched(told):
    plan = Plan.from_yaml(told[1][0].read_text())
    for cassette in load_all(BASELINE):
        before = exchange_of(cassette)
        after = plan.apply(before).exchange
        for key, delivery in before.deliveries.items():
            old, new = decode(delivery.body)[0], decode(after.deliveries[key].body)[0]
            assert [a.raw for a in old[:-1]] == [b.raw for b in new[:-1]]
