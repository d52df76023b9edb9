"""RFC 6902, section by section, and the promise that nothing is changed in place."""

import copy

import pytest

from harness.mutations.jsonpatch import PatchError, apply_patch, look_up

DOC = {"a": {"b": [1, 2, 3]}, "t": True, "one": 1, "~/": "odd"}

HOLDS = [
    ("4.1 add a member", {"op": "add", "path": "/x", "value": 1}, {**DOC, "x": 1}),
    ("4.1 add replaces a member", {"op": "add", "path": "/one", "value": None}, {**DOC, "one": None}),
    ("4.1 add inserts into an array", {"op": "add", "path": "/a/b/1", "value": 9}, {**DOC, "a": {"b": [1, 9, 2, 3]}}),
    ("4.1 add at the end", {"op": "add", "path": "/a/b/-", "value": 9}, {**DOC, "a": {"b": [1, 2, 3, 9]}}),
    ("4.1 add at the length", {"op": "add", "path": "/a/b/3", "value": 9}, {**DOC, "a": {"b": [1, 2, 3, 9]}}),
    ("4.1 add the whole document", {"op": "add", "path": "", "value": 7}, 7),
    ("4.2 remove a member", {"op": "remove", "path": "/one"}, {k: v for k, v in DOC.items() if k != "one"}),
    ("4.2 remove an entry", {"op": "remove", "path": "/a/b/0"}, {**DOC, "a": {"b": [2, 3]}}),
    ("4.3 replace", {"op": "replace", "path": "/a/b/0", "value": "x"}, {**DOC, "a": {"b": ["x", 2, 3]}}),
    ("4.3 replace the whole document", {"op": "replace", "path": "", "value": []}, []),
    ("4.4 move", {"op": "move", "from": "/a/b", "path": "/b"}, {**DOC, "a": {}, "b": [1, 2, 3]}),
    ("4.4 move within an array", {"op": "move", "from": "/a/b/0", "path": "/a/b/2"}, {**DOC, "a": {"b": [2, 3, 1]}}),
    ("4.5 copy", {"op": "copy", "from": "/a/b/0", "path": "/a/b/-"}, {**DOC, "a": {"b": [1, 2, 3, 1]}}),
    ("4.6 test", {"op": "test", "path": "/a/b", "value": [1, 2, 3]}, DOC),
    ("4.6 numbers are equal by value", {"op": "test", "path": "/one", "value": 1.0}, DOC),
    ("RFC 6901: escapes", {"op": "replace", "path": "/~0~1", "value": "even"}, {**DOC, "~/": "even"}),
]

FAILS = [
    ("no such member", {"op": "remove", "path": "/nope"}),
    ("no such parent", {"op": "add", "path": "/nope/x", "value": 1}),
    ("replace needs the target", {"op": "replace", "path": "/nope", "value": 1}),
    ("past the end", {"op": "add", "path": "/a/b/4", "value": 1}),
    ("- is for add alone", {"op": "replace", "path": "/a/b/-", "value": 1}),
    ("leading zero", {"op": "remove", "path": "/a/b/01"}),
    ("negative index", {"op": "remove", "path": "/a/b/-1"}),
    ("into a scalar", {"op": "add", "path": "/one/x", "value": 1}),
    ("true is not 1", {"op": "test", "path": "/t", "value": 1}),
    ("test of another value", {"op": "test", "path": "/a/b", "value": [1, 2]}),
    ("move into itself", {"op": "move", "from": "/a", "path": "/a/b"}),
    ("move from nowhere", {"op": "move", "from": "/nope", "path": "/x"}),
    ("the whole document", {"op": "remove", "path": ""}),
    ("no slash", {"op": "remove", "path": "one"}),
]


@pytest.mark.parametrize(("edit", "expected"), [row[1:] for row in HOLDS], ids=[row[0] for row in HOLDS])
def test_holds(edit, expected):
    before = copy.deepcopy(DOC)
    assert apply_patch(DOC, [edit]) == expected
    assert before == DOC


@pytest.mark.parametrize("edit", [row[1] for row in FAILS], ids=[row[0] for row in FAILS])
def test_fails_and_changes_nothing(edit):
    before = copy.deepcopy(DOC)
    with pytest.raises(PatchError):
        apply_patch(DOC, [{"op": "add", "path": "/first", "value": 1}, edit])
    assert before == DOC


def test_edits_follow_each_other():
    edits = [{"op": "add", "path": "/x", "value": {}}, {"op": "add", "path": "/x/y", "value": 1}]
    assert look_up(apply_patch(DOC, edits), "/x/y") == 1


def test_what_is_not_on_the_path_is_shared():
    assert apply_patch(DOC, [{"op": "add", "path": "/x", "value": 1}])["a"] is DOC["a"]
