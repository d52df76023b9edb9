"""A YAML file is read as data with lines, or refused with the line that is wrong."""

from __future__ import annotations

import pytest

from harness.cassette.yamlsource import SourceError, check, pointer_to, read_yaml


class OurError(SourceError):
    pass


def read(tmp_path, text: str | bytes):
    path = tmp_path / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(path, OurError)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 2026-11-22", {"a": "2026-11-22"}),
        ("a: [on, yes, 1:30, 0x1f, 1_000]", {"a": ["on", "yes", "1:30", "0x1f", "1_000"]}),
        ("a: [~, null, true, FALSE, ]", {"a": [None, None, True, False]}),
        ("a: [1, -2, 1.5, .5, 1e3, +3]", {"a": [1, -2, 1.5, 0.5, 1000.0, 3]}),
        ("a: ['1', \"true\"]", {"a": ["1", "true"]}),
        ("a:\nb:", {"a": None, "b": None}),
        ("404: x", {"404": "x"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("<<: 1", {"<<": 1}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("", None),
    ],
)
def test_core_schema(tmp_path, text, data):
    assert read(tmp_path, text).data == data


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1\nc: 2", 3, "is not YAML"),
        ("a: 1\na: 2", 2, "given twice"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        ("a: 1\nb: \x07", 2, "U\\+0007"),
        ("a: éééé\nb: \0", 2, "U\\+0000"),
        ("a: &x\n  - *x", 2, "stands for nothing"),
        ("a: *none", 1, "stands for nothing"),
        ("a: 1\n---\nb: 1", 2, "more than one document"),
        ("a: !!python/object x", 1, "tag"),
        ("a: !!set {b}", 1, "tag"),
        ("\n? [a]\n: b", 2, "a key is a plain text"),
        ("a: &k k\n*k : 1", 2, "a key is a plain text"),
        ("[" * 100_000 + "]" * 100_000, 1, "nested deeper"),
        ('a: "\\ud800"', 1, "is not YAML"),
    ],
)
def test_unreadable(tmp_path, text, line, words):
    with pytest.raises(OurError, match=words) as caught:
        read(tmp_path, text)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{tmp_path / 'file.yaml'}:{line}")


def test_missing_file(tmp_path):
    with pytest.raises(OurError, match="No such file"):
        read_yaml(tmp_path / "none.yaml", OurError)


def test_lines_by_pointer(tmp_path):
    source = read(tmp_path, "a: 1\nb:\n  - x\n  - c/d:\n      ~e: 5\n    f: {g: 6}\n404: y\n")
    lines = {
        "": 1,
        "/a": 1,
        "/b": 2,
        "/b/0": 3,
        "/b/1": 4,
        "/b/1/c~1d": 4,
        "/b/1/c~1d/~0e": 5,
        "/b/1/f/g": 6,
        "/404": 7,
    }
    assert {pointer: source.line_of(pointer) for pointer in lines} == lines


@pytest.mark.parametrize(("pointer", "line"), [("/none", 1), ("/b/9", 2), ("/b/1/none", 4), ("/b/1/f/g/h", 6)])
def test_a_pointer_into_nothing_gives_the_nearest_parent(tmp_path, pointer, line):
    source = read(tmp_path, "a: 1\nb:\n  - x\n  - c/d:\n      ~e: 5\n    f: {g: 6}\n")
    assert source.line_of(pointer) == line


SCHEMA = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "description": "A thing.",
    "properties": {
        "name": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$", "description": "Its name."},
        "kind": {"enum": ["x", "y"]},
        "count": {"type": ["integer", "null"], "minimum": 1, "maximum": 5},
        "rows": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True},
        "one": {"const": 1},
    },
}


@pytest.mark.parametrize(
    ("text", "line", "pointer", "words"),
    [
        ("kind: x", 1, "/", "name is missing"),
        ("name: ab\nnmae: cd", 2, "/nmae", "'nmae' is not known here; known: name, kind, count, rows, one"),
        ("name: ab\nkind: z", 2, "/kind", "'z' is not one of x, y"),
        ("name: ab\ncount: '3'", 2, "/count", "'3' is not of type integer, null"),
        ("name: ab\ncount: 0", 2, "/count", "0 is less than 1"),
        ("name: ab\ncount: 9", 2, "/count", "9 is more than 5"),
        ("name: ab\nrows: []", 2, "/rows", "fewer than 1 entries"),
        ("name: ab\nrows: [1, 2, 3]", 2, "/rows", "more than 2 entries"),
        ("name: ab\nrows: [1, 1]", 2, "/rows", "non-unique"),
        ("name: ab\none: true", 2, "/one", "True must be 1"),
        ("name: AB", 1, "/name", "'AB' does not match"),
        ("name: a", 1, "/name", "shorter than 2"),
        ("[]", 1, "/", "not of type object"),
    ],
)
def test_schema_violations(tmp_path, text, line, pointer, words):
    with pytest.raises(OurError) as caught:
        check(read(tmp_path, text), SCHEMA)
    error = caught.value
    assert (error.line, error.pointer) == (line, pointer)
    assert words in error.message


def test_the_schema_s_description_is_the_hint(tmp_path):
    with pytest.raises(OurError, match=r"\(Its name\.\)$"):
        check(read(tmp_path, "name: 3"), SCHEMA)


def test_what_fits_passes(tmp_path):
    check(read(tmp_path, "name: ab\ncount: ~\nrows: [1]"), SCHEMA)


def test_pointers_are_escaped():
    assert pointer_to(["a/b", 0, "~"]) == "/a~1b/0/~0"
