import pytest

from harness.campaign.library import Library, NotFound
from harness.campaign.scenario import ScenarioError
from harness.cassette import CassetteError, save
from tests.unit.campaign.fakes import BODY, cassette, write_scenario

ALL = ["x/one", "x/two", "y/deep/three", "y/one"]


@pytest.fixture
def library(tmp_path, monkeypatch):
    for id in ALL:
        write_scenario(tmp_path / "scenarios", id)
    for name in ("demo/text", "demo/more", "other/text"):
        save(cassette(name), tmp_path / "cassettes")
    monkeypatch.chdir(tmp_path)
    return Library(tmp_path / "scenarios", tmp_path / "cassettes")


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ([], ALL),
        (["x/one"], ["x/one"]),
        (["x/one.yaml"], ["x/one"]),
        (["scenarios/x/one.yaml"], ["x/one"]),
        (["scenarios/x/one"], ["x/one"]),
        (["x"], ["x/one", "x/two"]),
        (["scenarios/x/"], ["x/one", "x/two"]),
        (["scenarios"], ALL),
        (["*/one"], ["x/one", "y/one"]),
        (["y/*"], ["y/deep/three", "y/one"]),
        (["y/one", "x", "x/one"], ["y/one", "x/one", "x/two"]),
    ],
    ids=str,
)
def test_words_select_scenarios(library, words, ids):
    assert [scenario.id for scenario in library.scenarios(words)] == ids


@pytest.mark.parametrize("word", ["nope", "x/nope", "z/*", "", "/etc/passwd"])
def test_a_word_that_selects_nothing(library, word):
    with pytest.raises(NotFound):
        library.scenarios([word])


def test_a_scenario_from_elsewhere_has_its_path_for_an_id(library, tmp_path):
    path = write_scenario(tmp_path / "mine", "new")
    (scenario,) = library.scenarios([str(path)])
    assert library.case(f"{scenario.id}@demo/text").scenario == scenario


def test_cassettes_by_glob_and_by_name(library, tmp_path):
    text = "summary: a\nwhy: b\ncassette: ['*/text', 'demo/*']\n"
    write_scenario(tmp_path / "scenarios", "x/one", text)
    cases = library.cases(library.scenarios(["x/one"]))
    assert [case.id for case in cases] == ["x/one@demo/text", "x/one@other/text", "x/one@demo/more"]


def test_a_cassette_that_is_not_there(library, tmp_path):
    write_scenario(tmp_path / "scenarios", "x/one", "summary: a\nwhy: b\ncassette: demo/nope\n")
    with pytest.raises(ScenarioError, match=r"x/one\.yaml at /cassette: 'demo/nope' selects no cassette"):
        library.cases(library.scenarios(["x/one"]))


def test_a_cassette_whose_body_is_gone(library, tmp_path):
    next((tmp_path / "cassettes/demo/text").glob("*.sse")).unlink()
    with pytest.raises(CassetteError, match="cannot be read"):
        library.cases(library.scenarios(["x/one"]))


@pytest.mark.parametrize("id", ["x/one", "x/one@demo/nope", "nope@demo/text", "x@demo/text", "@demo/text", ""])
def test_ids_of_no_case(library, id):
    with pytest.raises(NotFound):
        library.case(id)


def test_the_id_of_a_case_leads_back_to_it(library):
    for case in library.cases(library.scenarios()):
        assert library.case(case.id) == case


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(NotFound, match="no scenarios folder"):
        Library(tmp_path / "a", tmp_path / "b").scenarios()


PLAN = "# What changed.\n# Why it matters.\n- patch: {at: response.completed, edit: [{op: replace, path: /response/output, value: null}]}\n"


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    return path


def test_a_lone_plan_takes_the_cassettes_it_changes_and_names_the_others(library, plan, tmp_path):
    save(cassette("demo/unfinished", BODY.partition(b"\n\n")[0] + b"\n\n"), tmp_path / "cassettes")
    cases, missed = library.plan_cases(plan)
    assert [case.id for case in cases] == [f"plan:{plan}@{name}" for name in ("demo/more", "demo/text", "other/text")]
    assert missed == ["demo/unfinished"]
    assert (cases[0].scenario.summary, cases[0].scenario.why) == ("What changed.", "Why it matters.")


def test_a_case_of_a_lone_plan_is_found_by_its_id(library, plan):
    for case in library.plan_cases(plan)[0]:
        again = library.case(case.id)
        assert again == case
        assert again.prepare() == case.prepare()


def test_a_lone_plan_on_cassettes_by_glob(library, plan):
    assert [case.cassette.name for case in library.plan_cases(plan, ["other/*", "*/more"])[0]] == [
        "demo/more",
        "other/text",
    ]
    with pytest.raises(NotFound, match=r"'nope/\*' selects no cassette"):
        library.plan_cases(plan, ["nope/*"])


def test_a_broken_lone_plan(library, plan):
    plan.write_text("- nope: {}\n")
    with pytest.raises(ScenarioError, match=r"plan\.yaml:1 at /0: there is no operator 'nope'"):
        library.plan_cases(plan)
