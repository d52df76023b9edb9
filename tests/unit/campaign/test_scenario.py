import pytest

from harness.campaign.scenario import ScenarioError, load_scenario
from tests.unit.campaign.fakes import write_scenario

GOOD = """summary: Something is served.
why: >-
  It happened
  to somebody.
cassette: [demo/text, "demo/*"]
plan:
  - drop: {at: terminal}
    attempt: 0
consumer: {needs: [items]}
turns: [{input: hello}]
expect: {duty: either, calls: 0}
"""


def test_a_whole_file(tmp_path):
    scenario = load_scenario(write_scenario(tmp_path, "a/b", GOOD), "a/b")
    assert (scenario.id, scenario.summary, scenario.why) == ("a/b", "Something is served.", "It happened to somebody.")
    assert scenario.cassettes == ("demo/text", "demo/*")
    assert scenario.plan.to_json() == [{"drop": {"at": {"type": "terminal"}}, "attempt": 0}]
    assert scenario.needs == ("items",)
    assert scenario.turns == ({"input": "hello"},)
    assert scenario.expect == {"duty": "either", "calls": 0}


def test_the_least_that_is_enough(tmp_path):
    scenario = load_scenario(write_scenario(tmp_path, "a"), "a")
    assert scenario.cassettes == ("demo/text",)
    assert scenario.plan.mutations == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "pointer", "words"),
    [
        ("summary: Something is served.\n", "", 1, "/", "summary is missing"),
        ("why", "whi: too\nwhy", 2, "/whi", "'whi' is not known here"),
        ("[demo/text", "[text", 5, "/cassette/0", "does not match"),
        ("drop: {at: terminal}", "dorp: {at: terminal}", 7, "/plan/0", "no operator 'dorp'"),
        ("{at: terminal}", "{to: terminal}", 7, "/plan/0/drop", "at"),
        ("attempt: 0", "attempt: first", 8, "/plan/0/attempt", "counts from 0"),
        ("[items]", "[wings]", 9, "/consumer/needs/0", "'wings' is not one of"),
        ("{input: hello}", "{}", 10, "/turns/0", "input is missing"),
        ("duty: either", "duty: maybe", 11, "/expect/duty", "'maybe' is not one of"),
        ("calls: 0", "cals: 0", 11, "/expect/cals", "'cals' is not known here"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, old, new, line, pointer, words):
    assert old in GOOD
    path = write_scenario(tmp_path, "a", GOOD.replace(old, new, 1))
    with pytest.raises(ScenarioError) as raised:
        load_scenario(path, "a")
    assert (raised.value.line, raised.value.pointer) == (line, pointer)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["- {", "summary: [", "a: 1\na: 2\n", "\x00", "plan"])
def test_what_is_no_scenario_at_all(tmp_path, text):
    path = write_scenario(tmp_path, "a", text)
    with pytest.raises(ScenarioError, match=r"a\.yaml"):
        load_scenario(path, "a")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "nope.yaml", "nope")
