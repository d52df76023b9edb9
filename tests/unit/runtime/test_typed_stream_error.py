"""The typed stream error: every shape of error frame surfaces at once, with the provider's own words."""

from __future__ import annotations

import pytest

from harness.runtime import (
    ProviderError,
    ResponseCancelled,
    ResponseFailed,
    RuntimeStreamError,
    StreamErrorEvent,
    consume,
    decode_events,
)
from tests.unit.runtime.scripts import added, attributes, call, completed, delta, ended, message, read

FRAMES = [
    pytest.param({"type": "error", "code": "c1", "message": "words", "param": "p"}, "c1", "p", id="flat"),
    pytest.param({"type": "error", "error": {"code": "c1", "message": "words", "param": "p"}}, "c1", "p", id="nested"),
    pytest.param({"type": "error", "error": {"type": "c1", "message": "words"}}, "c1", None, id="nested, typed"),
    pytest.param({"type": "error", "error": "words"}, None, None, id="a text"),
    pytest.param({"error": {"code": "c1", "message": "words"}}, "c1", None, id="bare"),
    pytest.param({"code": "c1", "error": "words"}, "c1", None, id="code and text"),
    pytest.param({"code": "c1", "message": "words"}, "c1", None, id="code and message"),
    pytest.param({"type": None, "error": {"code": "c1", "message": "words"}}, "c1", None, id="null type"),
    pytest.param({"type": "response.error", "error": {"code": "c1", "message": "words"}}, "c1", None, id="alias"),
    pytest.param({"type": "response.error", "response": {"error": {"message": "words"}}}, None, None, id="alias, deep"),
    pytest.param({"type": "error", "error": {"code": 429, "message": "words"}}, "429", None, id="a number for a code"),
    pytest.param({"type": "error", "error": {"detail": "words"}}, None, None, id="detail"),
    pytest.param({"type": "error", "error": {"code": "c1", "error": "words"}}, "c1", None, id="nested twice"),
]


@pytest.mark.parametrize("shape", [dict, attributes])
@pytest.mark.parametrize(("frame", "code", "param"), FRAMES)
def test_an_error_frame_is_raised_with_its_words(frame, code, param, shape):
    with pytest.raises(StreamErrorEvent) as caught:
        read(added(0, "m"), delta(0, "m", "Hel"), shape(frame), completed())
    error = caught.value
    assert (error.message, error.code, error.param) == ("words", code, param)
    assert error.body["error"]["message"] == "words"
    assert error.body["error"]["code"] == code
    assert "words" in str(error)
    assert (error.partial.status, error.partial.text) == ("error", "Hel")


@pytest.mark.parametrize(
    "data",
    [
        b'event: error\ndata: {"code": "c1", "message": "words"}\n\n',
        b'event: error\ndata: {"type": "server_error", "code": "c1", "message": "words"}\n\n',
        b'event: error\ndata: {"error": {"message": "words", "code": "c1"}}\n\n',
        b'event: error\ndata: {"type": null, "message": "words", "code": "c1"}\n\n',
    ],
)
def test_the_frames_name_is_enough(data):
    with pytest.raises(StreamErrorEvent) as caught:
        consume(decode_events([data]))
    assert (caught.value.message, caught.value.code) == ("words", "c1")


def test_an_error_frame_of_plain_words_is_an_error_with_those_words():
    with pytest.raises(StreamErrorEvent, match="upstream went away"):
        consume(decode_events([b"event: error\ndata: upstream went away\n\n"]))


def test_a_good_event_under_a_wrong_name_is_what_its_type_says():
    body = b'event: error\ndata: {"type": "response.completed", "response": {"status": "completed"}}\n\n'
    assert consume(decode_events([body])).status == "completed"


def test_an_error_without_words_still_has_some_and_keeps_the_frame():
    with pytest.raises(StreamErrorEvent) as caught:
        read({"type": "error", "error": {"hint": [1]}})
    assert caught.value.message
    assert caught.value.raw == {"type": "error", "error": {"hint": [1]}}


def test_a_status_in_the_frame_is_kept():
    with pytest.raises(StreamErrorEvent) as caught:
        read({"type": "error", "status": 403, "error": {"message": "words"}})
    assert caught.value.status == caught.value.status_code == 403


class TestFailedResponses:
    @pytest.mark.parametrize("event", ["failed", "completed", "incomplete", "done"])
    def test_a_failed_response_is_raised_with_the_providers_words(self, event):
        failed = {"status": "failed", "error": {"code": "server_error", "message": "words"}}
        with pytest.raises(ResponseFailed) as caught:
            read(*message(0, "m", "Hello"), {"type": f"response.{event}", "response": failed})
        assert (caught.value.code, caught.value.message) == ("server_error", "words")
        assert (caught.value.partial.status, caught.value.partial.text) == ("failed", "Hello")

    @pytest.mark.parametrize("response", [None, {}, {"error": None}, {"error": ""}, {"status": "completed"}, "x", []])
    def test_a_failed_response_without_a_reason_is_a_failure_all_the_same(self, response):
        with pytest.raises(ResponseFailed, match="no reason"):
            read(*message(0, "m", "Hello"), {"type": "response.failed", "response": response})

    @pytest.mark.parametrize(
        "event", [ended("cancelled"), {"type": "response.completed", "response": {"status": "cancelled"}}]
    )
    def test_a_cancelled_response_is_never_an_answer(self, event):
        with pytest.raises(ResponseCancelled) as caught:
            read(*message(0, "m", "Hello"), event)
        assert caught.value.partial.status == "cancelled"

    def test_the_realtime_dialect_says_why_in_its_status_details(self):
        details = {"error": {"code": "c1", "message": "words"}}
        with pytest.raises(ResponseFailed, match="words"):
            read({"type": "response.done", "response": {"status": "failed", "status_details": details}})

    def test_usage_of_a_failed_response_is_not_lost(self):
        with pytest.raises(ResponseFailed) as caught:
            read(ended("failed", usage={"input_tokens": 3}))
        assert caught.value.partial.usage.input == 3

    def test_a_call_finished_before_the_failure_may_be_made_and_an_unfinished_one_not(self):
        events = [*call(0, "a", "{}"), *call(1, "b", "{", "}")[:-2], ended("failed")]
        with pytest.raises(ResponseFailed) as caught:
            read(*events)
        assert [item.id for item in caught.value.partial.tool_calls] == ["a"]


def test_every_provider_error_is_of_the_one_base_class():
    assert issubclass(StreamErrorEvent, ProviderError)
    assert issubclass(ResponseFailed, ProviderError)
    assert issubclass(ProviderError, RuntimeStreamError)
