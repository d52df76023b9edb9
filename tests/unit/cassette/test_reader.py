"""Whatever is wrong with a cassette on disk is one CassetteError with file, line and pointer."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cassette import CassetteError, find, load, load_all
from harness.cassette.writer import files
from tests.unit.cassette.making import BODY, answered, cassette, written

YAML = "cassette.yaml"


def broken(folder, old: str, new: str) -> CassetteError:
    """The error after one replacement in the YAML."""
    path = folder / YAML
    text = path.read_text()
    assert len(re.findall(old, text)) == 1, text
    path.write_text(re.sub(old, lambda _: new, text))
    with pytest.raises(CassetteError) as caught:
        load(folder)
    return caught.value


def test_a_cassette_comes_back(tmp_path):
    folder = written(tmp_path)
    loaded = load(folder)
    assert loaded == cassette()
    assert loaded.path == folder
    assert loaded.bodies == {(0, 0): BODY}


@pytest.mark.parametrize(
    ("old", "new", "pointer", "words"),
    [
        ("cassette: 1", "cassette: 7", "/cassette", "format version 7 is not known (known: 1"),
        ("cassette: 1", "cassette: true", "/cassette", "must be 1"),
        ("kind: sse", "kind: grpc", "/kind", "'grpc' is not one of sse, jsonl"),
        ("kind: sse\n", "", "/", "kind is missing"),
        ("kind: sse", "kind: sse\ncolour: red", "/colour", "'colour' is not known here"),
        ("source: recorded", "source: guessed", "/provenance/source", "not one of recorded, synthesized"),
        ("date: '2026-11-22'", "date: yesterday", "/provenance/date", "does not match"),
        ("status: 200", "status: '200'", "/interactions/0/response/status", "not of type integer, null"),
        ("status: 200", "status: 99", "/interactions/0/response/status", "less than 100"),
        ("framing: chunked", "framing: http2", "/interactions/0/response/framing", "not one of"),
        ("ending: fin", "ending: crash", "/interactions/0/response/ending", "not one of"),
        ("method: POST", "method: post", "/interactions/0/request/method", "does not match"),
        ("turn: 0", "turn: 1", "/interactions/0/turn", "turn 1 comes before turn 0"),
        ("attempt: 0", "attempt: 2", "/interactions/0/attempt", "attempt 2 instead of 0"),
        (r"file: 1\.sse", "file: ../1.sse", "/interactions/0/response/body/file", "does not match"),
        (r"file: 1\.sse", "file: /etc/passwd", "/interactions/0/response/body/file", "does not match"),
        (r"file: 1\.sse", "file: 2.sse", "/interactions/0/response/body/file", "beside cassette.yaml there is: 1.sse"),
        ("length: 43", "length: 44", "/interactions/0/response/body/length", "holds 43 bytes, not 44"),
        (r"\[7, 12\]", "[7, 3]", "/interactions/0/response/chunks/1", "3 ms is before 10.5 ms"),
        (r"\[7, 12\]", "[0, 12]", "/interactions/0/response/chunks/1", "offset 0 does not come after 0"),
        (r"\[7, 12\]", "[43, 12]", "/interactions/0/response/chunks/1", "past the body's 43 bytes"),
        (r"\[7, 12\]", "[7]", "/interactions/0/response/chunks/1", "fewer than 2 entries"),
        (r"\[7, 12\]", "[-7, 12]", "/interactions/0/response/chunks/1/0", "less than 0"),
        (r"\[0, 10\.5\]", "[1, 10.5]", "/interactions/0/response/chunks", "first chunk starts at offset 0"),
        ("status: 200", "status: null", "/interactions/0/response/status", "without a head"),
    ],
)
def test_mistakes_are_pointed_at(tmp_path, old, new, pointer, words):
    folder = written(tmp_path)
    error = broken(folder, old, new)
    assert error.path == folder / YAML
    assert error.pointer == pointer
    assert words in str(error)
    assert error.line is not None
    assert f"{YAML}:{error.line} at {pointer}: " in str(error)


@pytest.mark.parametrize(("old", "new"), [("kind: sse", "kind: grpc"), (r"\[7, 12\]", "[7, 3]")])
def test_the_line_is_that_of_the_mistake(tmp_path, old, new):
    folder = written(tmp_path)
    error = broken(folder, old, new)
    assert new in (folder / YAML).read_text().splitlines()[error.line - 1]


def test_broken_yaml_names_line_and_column(tmp_path):
    error = broken(written(tmp_path), "kind: sse", "kind: [sse")
    assert "is not YAML" in str(error)
    assert re.search(r"cassette\.yaml:\d+: .* in column \d+", str(error))


def test_undecodable_yaml(tmp_path):
    folder = written(tmp_path)
    (folder / YAML).write_bytes(b"cassette: 1\nkind: \xe9\n")
    with pytest.raises(CassetteError, match="2: is not UTF-8"):
        load(folder)


def test_a_changed_body_is_told_from_a_shortened_one(tmp_path):
    folder = written(tmp_path)
    (folder / "1.sse").write_bytes(BODY.replace(b"DONE", b"done"))
    with pytest.raises(CassetteError, match="does not have this hash") as caught:
        load(folder)
    assert caught.value.pointer == "/interactions/0/response/body/sha256"
    (folder / "1.sse").write_bytes(BODY.replace(b"\n", b"\r\n"))
    with pytest.raises(CassetteError, match=r"\.gitattributes"):
        load(folder)


def test_a_body_that_is_a_link_is_refused(tmp_path):
    folder = written(tmp_path)
    shutil.move(folder / "1.sse", tmp_path / "outside")
    (folder / "1.sse").symlink_to(tmp_path / "outside")
    with pytest.raises(CassetteError, match="is a link"):
        load(folder)


def test_a_body_that_is_a_folder_is_refused(tmp_path):
    folder = written(tmp_path)
    (folder / "1.sse").unlink()
    (folder / "1.sse").mkdir()
    with pytest.raises(CassetteError, match="cannot be read"):
        load(folder)


def test_no_cassette_there(tmp_path):
    with pytest.raises(CassetteError, match="is no cassette folder"):
        load(tmp_path / "none")
    with pytest.raises(CassetteError, match="cannot be read: No such file"):
        load(tmp_path)
    with pytest.raises(CassetteError, match="there is no such folder"):
        load_all(tmp_path / "none")


def test_an_empty_yaml_is_no_traceback(tmp_path):
    folder = written(tmp_path)
    (folder / YAML).write_text("")
    with pytest.raises(CassetteError, match="None is not of type object"):
        load(folder)


@settings(max_examples=150)
@given(st.data())
def test_no_damage_to_the_yaml_is_a_traceback(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged") / "acme" / "one"
    folder.mkdir(parents=True)
    whole = files(answered(headers=(("x", "é"),)))
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    text = whole[YAML]
    start = data.draw(st.integers(0, len(text)))
    removed = data.draw(st.integers(0, 20))
    (folder / YAML).write_bytes(text[:start] + data.draw(st.binary(max_size=4)) + text[start + removed :])
    # Damage that changes no more than a text may still load; whatever does not is an error of ours.
    with suppress(CassetteError):
        load(folder)


def test_all_cassettes_by_name_without_hidden_ones(tmp_path):
    for name in ("b/two", "a/one", "b/one"):
        written(tmp_path, cassette(name=name))
    shutil.copytree(tmp_path / "a" / "one", tmp_path / "a" / ".one.1" / "one")
    assert [entry.name for entry in load_all(tmp_path)] == ["a/one", "b/one", "b/two"]
    assert find(tmp_path / "b" / "one") == [tmp_path / "b" / "one"]


def test_an_answer_without_a_head(tmp_path):
    silent = answered(status=None, headers=(), body=b"", chunks=(), ending="cut")
    assert load(written(tmp_path, silent)) == silent
