"""The commands: what may be named, what is printed, and the exit codes that a pipeline lives by."""

import json

import pytest
from click.testing import CliRunner

from harness.cassette import save
from harness.mutations import Plan
from harness.shape import dump, load
from harness.shape.commands import drift, shape
from tests.unit.shape.streams import baseline, cassettes, streams


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A library, its shape file, and streams of later days."""
    root = tmp_path_factory.mktemp("place")
    for cassette in cassettes():
        save(cassette, root / "library")
    (root / "shape.yaml").write_text(dump(baseline()))
    for name, edit in LATER.items():
        plan = Plan.from_json([{"patch": {"at": "response.completed", "edit": [edit]}}])
        (root / f"{name}.sse").write_bytes(next(iter(streams(plan))).body)
    return root


LATER = {
    "null": {"op": "replace", "path": "/response/id", "value": None},
    "new": {"op": "add", "path": "/response/<zone>", "value": "eu"},
}


def run(command, *words):
    return CliRunner().invoke(command, [str(word) for word in words])


@pytest.mark.parametrize("old", ["library", "shape.yaml", "library/codex"])
@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("null.sse", 1),
        ("new.sse", 0),
        ("library/codex/text", 0),
        ("library/codex/text/cassette.yaml", 0),
        ("shape.yaml", 0),
    ],
)
def test_exit_codes(place, old, new, code):
    assert run(drift, place / old, place / new).exit_code == code


@pytest.mark.parametrize("content", ["", "no stream", "shape: 7\n", "HTTP/1.1 500 Oops\ncontent-length: 0\n\n"])
def test_what_has_no_shape_is_usage(place, tmp_path, content):
    (tmp_path / "odd").write_text(content)
    result = run(drift, place / "library", tmp_path / "odd")
    assert result.exit_code == 2
    assert "odd" in result.stderr


def test_a_folder_without_cassettes_is_usage(place, tmp_path):
    assert run(drift, place / "library", tmp_path).exit_code == 2


def test_json(place):
    result = run(drift, place / "library", place / "null.sse", "--format", "json")
    body = json.loads(result.stdout)
    assert body["dangerous"] is True
    (change,) = body["changes"]
    assert (change["kind"], change["event"], change["path"]) == ("null-scalar", "response.completed", "/response/id")
    assert Plan.from_json(change["plan"]).to_json() == change["plan"]


def test_markdown_into_a_file(place, tmp_path):
    out = tmp_path / "drift.md"
    result = run(drift, place / "library", place / "new.sse", "--format", "markdown", "-o", out)
    assert result.stdout == ""
    text = out.read_text()
    assert text.startswith("# Drift\n\n0 dangerous and 1 harmless changes")
    assert "## Harmless" in text
    assert "## Dangerous" not in text
    assert "`response.completed /response/~3zone>`" in text


def test_no_drift_says_so(place):
    for name in ("text", "json", "markdown"):
        result = run(drift, place / "library", place / "library", "--format", name)
        assert result.exit_code == 0
        assert ("No drift" in result.stdout) or json.loads(result.stdout)["changes"] == []


def test_text_tells_a_change_that_is_echoed_in_several_events_once(place, tmp_path):
    edit = [{"op": "remove", "path": "/response/model"}]
    plan = Plan.from_json([{"patch": {"at": "response.*", "edit": edit}}])
    (tmp_path / "x.sse").write_bytes(next(iter(streams(plan))).body)
    text = run(drift, place / "library", tmp_path / "x.sse").stdout
    assert text.startswith("3 dangerous")
    assert text.count("DANGEROUS") == 1
    assert "also in: response.created, response.in_progress" in text


def test_plans_are_numbered_by_danger_and_can_be_read(place, tmp_path):
    result = run(drift, place / "library", place / "null.sse", "--write-plans", tmp_path / "plans")
    (path,) = (tmp_path / "plans").iterdir()
    assert path.name == "001-null-scalar-response-completed-response-id.yaml"
    assert path.read_text().startswith("# null where a text")
    assert Plan.from_yaml(path.read_text()).mutations
    assert "1 plans" in result.stderr


def test_infer_writes_and_checks(place, tmp_path):
    out = tmp_path / "new" / "shape.yaml"
    assert run(shape, "infer", place / "library", "-o", out).exit_code == 0
    assert load(out) == baseline()
    assert run(shape, "infer", place / "library", "-o", out, "--check").exit_code == 0
    before = out.read_text()
    assert run(shape, "infer", place / "null.sse", "-o", out, "--check").exit_code == 1
    assert out.read_text() == before


def test_infer_of_several_paths_is_their_join(place):
    both = run(shape, "infer", place / "library" / "codex" / "text", place / "library" / "codex" / "refusal").stdout
    assert "streams: 2" in both
    assert run(shape, "infer", place / "shape.yaml", place / "library").stdout == dump(baseline())


def test_a_shape_file_does_not_hide_the_cassettes_beside_it(place):
    out = place / "library" / "codex" / "shape.yaml"
    assert run(shape, "infer", place / "library" / "codex", "-o", out).exit_code == 0
    assert run(drift, out, place / "library" / "codex").exit_code == 0
    out.unlink()


def test_show(place):
    text = run(shape, "show", place / "library").stdout
    assert text.startswith("10 streams of codex")
    assert "response.created" in text
    assert "function_call" in text
    assert "[DONE] in the stream" in text


def test_show_one_event(place):
    text = run(shape, "show", place / "shape.yaml", "--event", "response.completed").stdout
    assert "/response/output " in text
    assert "array" in text
    assert run(shape, "show", place / "shape.yaml", "--event", "no.such").exit_code == 2
