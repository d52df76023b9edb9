"""One bug, one name: whatever differs from case to case leaves the fingerprint alone, and what tells bugs apart does not."""

from __future__ import annotations

import pytest

from harness.judge import Mark, Verdict
from harness.judge.fingerprint import fingerprint, normal

ALIKE = [
    ("TypeError: 'NoneType' object is not iterable", "TypeError: 'list' object is not iterable"),
    ("KeyError: 'output'", 'KeyError: "it\'s"'),
    ("no item msg_07ab at index 3", "no item fc_9 at index 12"),
    ("APIError: {'code': 'x', 'a': {}}", "APIError: {}"),
    ("<Stream at 0x7f12ab34cd> was closed", "<Stream at 0xff> was closed"),
    ("123e4567-e89b-12d3-a456-426614174000 is gone", "00000000-0000-0000-0000-000000000001 is gone"),
    ("Expecting value: line 1 column 5 (char 4)", "Expecting value: line 17 column 1 (char 1,204)"),
    ("POST http://127.0.0.1:4123/v1/responses failed", "POST http://[::1]:80/v1 failed"),
    ('File "/home/me/x/client.py", line 3', 'File "/usr/lib/y/client.py", line 1033'),
    ("not a list [type=list_type, input_value=None]", "not a list [type=list_type, input_value=3]"),
]

APART = [
    ("TypeError: '_' object is not iterable", "ValueError: '_' object is not iterable"),
    ("it isn't so, or it didn't end", "it isn't so"),
    ("lost code of error-nested", "lost code of error-flat"),
    ("Http2Error: closed", "HttpError: closed"),
    ("completed told as in_progress", "completed told as queued"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_differs_from_case_to_case_is_no_part_of_it(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_tells_bugs_apart_stays(one: str, other: str) -> None:
    assert normal(one) != normal(other)


def test_only_rule_and_cause_make_a_fingerprint() -> None:
    verdict = Verdict("content-kept", Mark.FAIL, "a reason", 0, "this", "that", (3,), "text lost")
    assert fingerprint(verdict) == fingerprint(Verdict("content-kept", Mark.FAIL, cause="text lost"))
    assert fingerprint(verdict) != fingerprint(Verdict("nothing-invented", Mark.FAIL, cause="text lost"))
    assert fingerprint(verdict) == "38ad8ada41c8", "a changed fingerprint orphans every finding that is on a disk"
