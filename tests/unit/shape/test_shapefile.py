"""A shape file: what is written is read back, is the same every time, and says where it is broken."""

import pytest
import yaml
from hypothesis import given

from harness.shape import Shape, ShapeError, dump, infer, load
from tests.unit.shape.streams import baseline
from tests.unit.shape.test_lattice import GROUPS, laws


def written(tmp_path, text):
    path = tmp_path / "shape.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("shape", [Shape(), baseline()], ids=["empty", "library"])
def test_it_comes_back(tmp_path, shape):
    assert load(written(tmp_path, dump(shape))) == shape


@laws
@given(GROUPS)
def test_whatever_was_inferred_comes_back(tmp_path_factory, group):
    shape = infer(group)
    assert load(written(tmp_path_factory.mktemp("shape"), dump(shape))) == shape


def test_it_is_deterministic(tmp_path):
    text = dump(baseline())
    assert dump(load(written(tmp_path, text))) == text


def test_a_path_is_a_line(tmp_path):
    (line,) = [row for row in dump(baseline()).splitlines() if row.strip().startswith("/response/status:")][:1]
    assert yaml.safe_load(line) == {"/response/status": {"seen": 8, "types": {"string": 8}, "values": ["completed"]}}


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("shape: 1", "shape: 2", 1, "format version 2"),
        ("streams: 10", "streams: many", 3, "'many' is not of type integer"),
        ("types: {string: 8}", "types: {text: 14}", None, "does not match"),
        ("providers:", "owners:", 1, "providers is missing"),
        ("framing:", "framing: {", None, "not YAML"),
    ],
)
def test_a_broken_file_says_where(tmp_path, old, new, line, message):
    path = written(tmp_path, dump(baseline()).replace(old, new, 1))
    with pytest.raises(ShapeError) as error:
        load(path)
    assert message in str(error.value)
    assert line is None or error.value.line == line


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(ShapeError):
        load(written(tmp_path, "just words"))
