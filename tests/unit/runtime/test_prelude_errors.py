"""Before ``response.created``: an error surfaces at once and costs one request; vendor events pass."""

from __future__ import annotations

import pytest

from harness.runtime import StreamErrorEvent
from tests.unit.runtime.scripts import Breaking, answer, ask, client, completed, created, message, read, sse

ERROR = {"type": "error", "code": "c1", "message": "words"}
VENDOR = [
    {"type": "codex.rate_limits", "plan_type": "plus"},
    {"type": "keepalive", "sequence_number": 0},
    {"type": "response.metadata", "headers": {}},
    {"type": "response.queued", "response": None},
    {"type": "response.in_progress", "response": {"id": "resp_1"}},
]


@pytest.mark.parametrize("before", [[], VENDOR])
def test_an_error_as_the_first_frame_costs_one_request(before):
    with pytest.raises(StreamErrorEvent, match="words") as caught:
        ask(answer(sse([*before, ERROR])))
    assert caught.value.requests == 1


def test_an_error_is_not_held_back_by_a_connection_that_stays_open():
    body = Breaking([sse([ERROR]), sse([created()]), sse([completed()])])
    reply = answer(body)
    with pytest.raises(StreamErrorEvent):
        client(lambda _: reply).respond(input="hello")
    assert body.taken == 1
    assert body.closed


def test_vendor_events_pass():
    result = read(*VENDOR, created(), *message(0, "m", "Hello"), completed())
    assert (result.text, result.id) == ("Hello", "resp_1")


def test_a_stream_without_created_is_read_all_the_same():
    assert read(*message(0, "m", "Hello"), completed()).text == "Hello"
