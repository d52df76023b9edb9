import pytest

from harness.campaign.library import Library, NotFound
from harness.campaign.scenario import ScenarioError
from harness.cassette import CassetteError, save
from tests.unit.campaign.fakes import cassette, write_scenario

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
