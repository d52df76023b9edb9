"""What is saved is loaded again as it was, in the same bytes each time, or it is not saved at all."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.cassette import CassetteError, Interaction, RecordedRequest, load, save, unresolved
from harness.cassette.writer import files
from tests.unit.cassette.making import RESPONSE, asked, cassette, cassettes, spoken, written


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=40)
@given(cassettes().filter(lambda made: not unresolved(made)))
def test_any_cassette_comes_back(tmp_path_factory, made):
    root = tmp_path_factory.mktemp("library")
    assert load(save(made, root)) == made


def test_equal_cassettes_give_equal_bytes(tmp_path):
    made = cassette(description="one: 'two'\n", tags=("a", "b"))
    first, second = (content(save(made, tmp_path / side)) for side in ("left", "right"))
    assert first == second == files(made)


def test_texts_that_look_like_something_else_stay_texts(tmp_path):
    body = {"odd": ["1e3", "08", ".5", "on", "null", "~", "1:30", "2026-11-22", "", " x ", "\u2028", "é\n", "\0", "-"]}
    made = asked(body=body)
    assert load(written(tmp_path, made)) == made


def test_one_body_file_a_response_and_one_line_a_chunk(tmp_path):
    response = replace(RESPONSE, body=b"xyz", chunks=((0, 0), (1, 0.5), (2, 7)))
    made = cassette(Interaction(RecordedRequest(), RESPONSE), Interaction(RecordedRequest(), response, attempt=1))
    folder = written(tmp_path, made)
    assert sorted(content(folder)) == ["1.sse", "2.sse", "cassette.yaml"]
    assert (folder / "2.sse").read_bytes() == b"xyz"
    assert "    - [1, 0.5]\n    - [2, 7]\n" in (folder / "cassette.yaml").read_text()


@settings(max_examples=20)
@given(made=spoken())
def test_a_process_s_lines_come_back_as_they_were_said(tmp_path_factory, made):
    folder = written(tmp_path_factory.mktemp("library"), cassette(made, kind="jsonl"))
    assert sorted(content(folder)) == ["1.jsonl", "cassette.yaml"]
    assert load(folder).interactions == (made,)


def test_saving_replaces_the_whole_folder(tmp_path):
    folder = written(tmp_path, cassette(Interaction(RecordedRequest(), RESPONSE), description="old"))
    (folder / "stray").write_text("x")
    written(tmp_path, cassette(description="new"))
    assert load(folder).description == "new"
    assert sorted(content(folder)) == ["1.sse", "cassette.yaml"]
    assert os.listdir(tmp_path / "acme") == ["one"]


@pytest.mark.parametrize("name", ["one", "a/b/c", "../x/y", "a/..", "a/.hidden", "/a/b", ""])
def test_names_that_are_no_place_in_the_library(tmp_path, name):
    with pytest.raises(CassetteError, match="is no cassette name"):
        save(cassette(name=name), tmp_path / "library")
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize(
    "made",
    [
        asked(body={"x": float("nan")}),
        asked(body=("a", "tuple")),
        cassette(Interaction(RecordedRequest(), replace(RESPONSE, chunks=((0, 1), (99, 2))))),
        cassette(Interaction(RecordedRequest(), RESPONSE, turn=1)),
    ],
    ids=["nan", "tuple", "chunk table", "turns"],
)
def test_what_could_not_be_loaded_again_is_not_saved(tmp_path, made):
    written(tmp_path, cassette(description="old"))
    with pytest.raises(CassetteError):
        save(made, tmp_path)
    assert load(tmp_path / "acme" / "one").description == "old"
    assert os.listdir(tmp_path / "acme") == ["one"]
