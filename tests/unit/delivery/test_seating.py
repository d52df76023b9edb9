"""What is said anew opens a turn; what was said before is another attempt, whole or in part."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.delivery.seating import Seating

HELLO, ANSWER, MORE = (
    {"role": "user", "content": "hi"},
    {"type": "message", "id": "m"},
    {"role": "user", "content": "on"},
)
SEALED = {"type": "reasoning", "id": "rs", "encrypted_content": "gAAA"}

ROWS: dict[str, tuple[list[Any], list[tuple[int, int]]]] = {
    "the same again": ([{"input": "hi"}, {"input": "hi", "store": False}], [(0, 0), (0, 1)]),
    "more was said": ([{"input": [HELLO]}, {"input": [HELLO, ANSWER, MORE]}], [(0, 0), (1, 0)]),
    "something else was said": ([{"input": "hi"}, {"input": "on"}], [(0, 0), (1, 0)]),
    "an item is left out": ([{"input": [HELLO, SEALED, MORE]}, {"input": [HELLO, MORE]}], [(0, 0), (0, 1)]),
    "a member is left out": (
        [{"input": [HELLO, SEALED]}, {"input": [HELLO, {"type": "reasoning", "id": "rs"}]}],
        [(0, 0), (0, 1)],
    ),
    "what was left out comes back": (
        [{"input": [HELLO, SEALED]}, {"input": [HELLO]}, {"input": [HELLO, SEALED]}],
        [(0, 0), (0, 1), (0, 2)],
    ),
    "in another order": ([{"input": [HELLO, MORE]}, {"input": [MORE, HELLO]}], [(0, 0), (1, 0)]),
    "everything is left out": ([{"input": [HELLO]}, {"input": []}], [(0, 0), (1, 0)]),
    "a member changed": ([{"input": [HELLO]}, {"input": [{**HELLO, "content": "ho"}]}], [(0, 0), (1, 0)]),
    "only the answer before is new": (
        [{"input": "on"}, {"input": "on", "previous_response_id": "resp_1"}],
        [(0, 0), (1, 0)],
    ),
    "chat completions": ([{"messages": [HELLO]}, {"messages": [HELLO, MORE]}], [(0, 0), (1, 0)]),
    "no conversation at all": ([{"a": 1}, {"a": 1}, {"a": 2}], [(0, 0), (0, 1), (1, 0)]),
    "no object": ([["hi"], ["hi"], "hi"], [(0, 0), (0, 1), (1, 0)]),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("written", [False, True], ids=["decoded", "bytes"])
def test_a_request_takes_its_place(name: str, written: bool) -> None:
    bodies, places = ROWS[name]
    seating = Seating()
    assert [seating.seat(json.dumps(body).encode() if written else body) for body in bodies] == places


def test_bytes_that_are_no_json_are_compared_as_they_are() -> None:
    seating = Seating()
    assert [seating.seat(body) for body in (b"{", b"{", b"}", b"")] == [(0, 0), (0, 1), (1, 0), (2, 0)]
