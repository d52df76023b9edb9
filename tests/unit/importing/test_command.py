"""``cassettes import``: files in, folders out, and exit codes."""

import gzip

import pytest
from click.testing import CliRunner

from harness.cassette import load
from harness.cassette.importing.command import import_
from tests.unit.importing import sources as s


@pytest.fixture
def place(tmp_path):
    (tmp_path / "one.sse").write_bytes(s.BODY)
    (tmp_path / "two.http").write_bytes(s.curl())
    (tmp_path / "odd.bin").write_bytes(b"\x00")
    # A coding that cannot be read here may hold anything.
    (tmp_path / "closed.http").write_bytes(s.curl(b"\xff\x00\x01", headers=[("Content-Encoding", "br")]))
    return tmp_path


def run(place, *words):
    return CliRunner().invoke(import_, ["--out", str(place / "out"), *map(str, words)])


def test_several_files(place):
    result = run(place, place / "one.sse", place / "two.http", "--provider", "mine")
    assert result.exit_code == 0
    assert "Not kept by that source" in result.stdout
    assert load(place / "out" / "mine" / "one").interactions[0].response.body == s.BODY
    assert load(place / "out" / "mine" / "two").interactions[0].response.body == s.BODY


def test_what_is_there_is_not_overwritten_unless_told(place):
    words = (place / "one.sse", "--provider", "mine")
    assert run(place, *words).exit_code == 0
    again = run(place, *words)
    assert again.exit_code == 2
    assert "--replace" in again.stderr
    assert run(place, *words, "--replace").exit_code == 0


def test_a_bad_file_does_not_keep_the_others_from_being_imported(place):
    result = run(place, place / "odd.bin", place / "one.sse", "--provider", "mine")
    assert result.exit_code == 2
    assert "odd.bin" in result.stderr
    assert (place / "out" / "mine" / "one").is_dir()


def test_what_cannot_be_searched_for_secrets_is_not_written(place):
    result = run(place, place / "closed.http", "--provider", "mine")
    assert result.exit_code == 1
    assert "is not written" in result.stderr
    assert not (place / "out" / "mine" / "closed").exists()


def test_one_name_is_for_one_file(place):
    assert run(place, place / "one.sse", place / "two.http", "--provider", "p", "--name", "n").exit_code == 2


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden"])
def test_a_name_cannot_lead_out_of_the_library(place, name):
    result = run(place, place / "one.sse", "--provider", "mine", "--name", name)
    assert result.exit_code == 2
    assert "no cassette name" in result.stderr


@pytest.mark.parametrize("date", ["yesterday", "27.5.2026"])
def test_a_date_is_an_iso_date(place, date):
    assert run(place, place / "one.sse", "--provider", "mine", "--date", date).exit_code == 2


def test_the_source_can_be_named(place):
    (place / "x.txt").write_bytes(gzip.compress(b"data\n\n"))
    assert run(place, place / "x.txt", "--from", "body", "--provider", "mine").exit_code == 0
