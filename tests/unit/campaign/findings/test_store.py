from dataclasses import replace

import pytest

from harness.campaign.findings import FindingError, Store
from harness.campaign.naming import finding_id
from harness.cassette import load
from tests.unit.campaign.findings.making import finding


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "findings")


def test_a_finding_comes_back_as_it_went_in(store):
    kept = finding()
    store.write(kept)
    again = store.load(kept.id)
    spoken = replace(kept.verdict, evidenced="no terminal: \\ud83d")
    assert again == replace(kept, verdict=spoken)
    assert store.ids() == [kept.id]
    assert kept.id in store


def test_an_id_that_looks_like_a_number_stays_an_id(store, monkeypatch):
    monkeypatch.setattr("harness.campaign.findings.finding.finding_id", lambda *_: "708598077e19")
    store.write(finding())
    assert store.load("708598077e19").id == "708598077e19"


def test_the_folder_is_complete_and_for_people(store):
    folder = store.write(finding())
    index = (folder / "finding.yaml").read_text()
    assert f"harness replay {folder.name}" in index
    assert "stop:" in (folder / "plan.yaml").read_text()
    for cassette in (folder / "base" / "aimock" / "greeting", folder / "stream" / "found" / folder.name):
        assert load(cassette).interactions


def test_the_id_is_that_of_the_program_and_the_bug_alone():
    first = finding()
    assert finding(plan=[], name="openai/text").id == first.id
    assert finding(consumer="swallower==2.0").id == first.id
    assert finding(consumer="other").id != first.id
    assert finding(replace(first.verdict, reason="else", evidenced="", frames=())).id == first.id
    assert finding(replace(first.verdict, cause="else")).id != first.id
    assert finding_id("swallower", "0" * 12) == "d7fca010752b"


def test_a_new_form_takes_the_place_of_the_old_one(store):
    store.write(finding())
    store.write(finding(plan=[]))
    assert len(store.ids()) == 1
    assert not store.load(finding().id).plan.mutations
    assert [path.name for path in store.root.iterdir()] == store.ids()


@pytest.mark.parametrize("moved_in", [True, False])
def test_what_a_killed_writer_left_is_put_right(store, moved_in):
    folder = store.write(finding())
    old = folder.with_name(f".{folder.name}.old")
    if moved_in:
        store.root.joinpath(f".{folder.name}.old").mkdir()
    else:
        folder.rename(old)
    (store.root / f".{folder.name}.1.new").mkdir()
    again = Store(store.root)
    assert again.ids() == [folder.name]
    assert again.load(folder.name).id == folder.name
    assert not old.exists()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("finding.yaml", "finding: 1\n", "is missing"),
        ("finding.yaml", "finding: 1\nid: x\n", "finding.yaml"),
        ("plan.yaml", "- no-such: {}\n", "plan.yaml:1 at /0: there is no operator 'no-such'"),
    ],
)
def test_a_broken_one_is_named_with_line_and_pointer(store, name, text, words):
    folder = store.write(finding())
    (folder / name).write_text(text)
    with pytest.raises(FindingError) as raised:
        store.load(folder.name)
    assert words in str(raised.value)


def test_a_finding_without_its_cassette(store):
    folder = store.write(finding())
    for path in (folder / "base" / "aimock" / "greeting").iterdir():
        path.unlink()
    with pytest.raises(FindingError, match="there is no cassette"):
        store.load(folder.name)
