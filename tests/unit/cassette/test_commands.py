"""``harness cassettes``: what it prints, and what it exits with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from harness.cassette import Interaction, RecordedRequest
from harness.cassette.commands import cassettes
from harness.cassette.listing import rows
from harness.cassette.synth import PROFILES, SCRIPTS, build
from tests.unit.cassette.making import RESPONSE, answered, cassette, written

TEXT = build(PROFILES["codex"], SCRIPTS["text"])


def run(*arguments, cwd=None, monkeypatch=None):
    if cwd is not None:
        monkeypatch.chdir(cwd)
    return CliRunner().invoke(cassettes, [str(argument) for argument in arguments], env={"COLUMNS": "140"})


def with_body(body: bytes):
    chunks = ((0, 1),) if body else ()
    return cassette(Interaction(RecordedRequest(), replace(RESPONSE, body=body, chunks=chunks)), name="acme/odd")


def test_lint_of_clean_cassettes(tmp_path):
    written(tmp_path, TEXT)
    result = run("lint", tmp_path)
    assert result.exit_code == 0
    assert f"{tmp_path / 'codex' / 'text'}: ok" in result.output


def test_lint_errors_exit_1(tmp_path):
    written(tmp_path, TEXT)
    written(tmp_path, with_body(b'data: {"type":"response.completed"}\n\n'))
    result = run("lint", tmp_path)
    assert result.exit_code == 1
    assert "acme/odd: errors" in result.output
    assert "turn 0 attempt 0 frame 0" in result.output
    assert "codex/text: ok" in result.output


def test_a_broken_cassette_exits_3_and_the_rest_is_still_linted(tmp_path):
    folder = written(tmp_path)
    (folder / "cassette.yaml").write_text("cassette: 9\n")
    written(tmp_path, TEXT)
    result = run("lint", tmp_path)
    assert result.exit_code == 2
    assert f"{folder / 'cassette.yaml'}:1 at /cassette: format version 9 is not known" in result.output
    assert "codex/text: ok" in result.output


def test_what_is_no_stream_is_said_to_be_unlinted(tmp_path):
    written(tmp_path, answered(status=403, headers=(("content-type", "application/json"),)))
    result = run("lint", tmp_path)
    assert result.exit_code == 0
    assert "not linted, no readable event stream" in result.output


def test_lint_without_a_path_takes_the_library(tmp_path, monkeypatch):
    written(tmp_path / "cassettes", TEXT)
    assert "codex/text: ok" in run("lint", cwd=tmp_path, monkeypatch=monkeypatch).output


@pytest.mark.parametrize("made", [False, True], ids=["no library", "empty library"])
def test_nothing_to_lint_is_a_usage_error(tmp_path, monkeypatch, made):
    if made:
        (tmp_path / "cassettes").mkdir()
    result = run("lint", cwd=tmp_path, monkeypatch=monkeypatch)
    assert result.exit_code == 2
    assert "cassettes" in result.output


def test_show(tmp_path):
    result = run("show", written(tmp_path, TEXT))
    assert result.exit_code == 0
    lines = result.output.splitlines()
    response = TEXT.interactions[0].response
    assert lines[0] == "codex/text: One message with one text part."
    assert (
        f"HTTP 200 at {response.head_ms:g} ms, chunked, {len(response.body)} bytes in {len(response.chunks)} chunks"
        in lines
    )
    assert "  openai-model: gpt-5.5" in lines
    assert lines[-1] == f"ended: fin at {response.ended_ms:g} ms"
    assert any(line.split()[3:5] == ["response.output_item.added", "0"] for line in lines)


def test_show_raw_is_the_body(tmp_path):
    folder = written(tmp_path, answered(body=b"\xff\x00data: \r\n", chunks=((0, 1),)))
    assert run("show", folder, "--raw").stdout_bytes == b"\xff\x00data: \r\n"


def test_show_of_a_broken_cassette(tmp_path):
    folder = written(tmp_path)
    (folder / "1.sse").unlink()
    result = run("show", folder)
    assert result.exit_code == 2
    assert "'1.sse' cannot be read" in result.output
    assert "Traceback" not in result.output


def test_show_of_nothing_is_a_usage_error(tmp_path):
    assert run("show", tmp_path / "none").exit_code == 2


def test_synth_writes_what_was_asked_for(tmp_path):
    result = run("synth", "--out", tmp_path, "--profile", "openai", "--script", "refusal", "--seed", "7")
    assert result.exit_code == 0
    assert result.output.split() == [str(tmp_path / "openai" / "refusal")]
    again = run("synth", "--out", tmp_path / "again", "--profile", "openai", "--script", "refusal", "--seed", "7")
    assert again.exit_code == 0
    bodies = {path.read_bytes() for path in tmp_path.rglob("1.sse")}
    assert bodies == {build(PROFILES["openai"], SCRIPTS["refusal"], 7).interactions[0].response.body}


def test_synth_of_an_unknown_script_is_a_usage_error(tmp_path):
    result = run("synth", "--out", tmp_path, "--script", "poem")
    assert result.exit_code == 2
    assert "'poem' is not one of" in result.output


def test_rows_tell_when_a_frame_was_whole():
    body = b'data: {"type":"a","output_index":3,"delta":"x"}\n\n: note\n\ndata: [DONE]\n\ndata: {br\n\ndata: cut'
    middle = body.index(b": note")
    told = list(rows(replace(RESPONSE, body=body, chunks=((0, 1), (9, 5), (middle, 7)))))
    assert [(row.number, row.offset, row.ms, row.type, row.index) for row in told] == [
        (0, 0, 5, "a", 3),
        (1, middle, 7, "(nothing)", None),
        (2, body.index(b"data: [DONE]"), 7, "(no type)", None),
        (3, body.index(b"data: {br"), 7, "(no type)", None),
        (None, body.index(b"data: cut"), 7, "(unfinished)", None),
    ]
    assert told[0].payload == '{"delta": "x"}'
    assert "not JSON" in told[3].payload


def test_rows_of_json_lines():
    response = replace(RESPONSE, body=b'{"id":1}\n{"id":2}\n', chunks=((0, 1), (12, 4)))
    assert [(row.number, row.offset, row.ms) for row in rows(response, "jsonl")] == [(0, 0, 1), (1, 9, 4)]


def test_an_encoded_body_has_no_rows():
    headers = (("Content-Type", "text/event-stream"), ("Content-Encoding", "gzip"))
    assert list(rows(replace(RESPONSE, headers=headers))) == []
