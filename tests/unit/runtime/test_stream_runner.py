"""The stream runner: one retry on the transport errors, everything closed, and deltas that stand or are taken back."""

from __future__ import annotations

import json
from http.client import IncompleteRead

import httpx
import pytest

from harness.clock import VirtualClock
from harness.runtime import (
    Callbacks,
    HTTPStatusError,
    NotAStream,
    Retry,
    RuntimeStreamError,
    StreamErrorEvent,
    StreamInterrupted,
    TransportFailed,
    TruncatedStream,
    UndecodableStream,
    run_stream,
)
from tests.unit.runtime.scripts import (
    Breaking,
    Listener,
    added,
    answer,
    ask,
    attributes,
    completed,
    created,
    delta,
    ended,
    message,
    sse,
)

GOOD = [created(), *message(0, "m", "Hel", "lo"), completed()]
BROKEN = [
    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    httpx.ReadTimeout("timed out"),
    httpx.ReadError("reset"),
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("timed out"),
    ConnectionResetError("reset"),
    IncompleteRead(b"data: {"),
]


class Source:
    """Events, then an error; closed or not."""

    def __init__(self, *events, error=None):
        self._events = events
        self._error = error
        self.closed = 0

    def __iter__(self):
        yield from self._events
        if self._error is not None:
            raise self._error

    def close(self):
        self.closed += 1


class Opening:
    """Opens one source after another; an error in their place is raised."""

    def __init__(self, *sources):
        self._sources = list(sources)
        self.opened = 0

    def __call__(self):
        self.opened += 1
        source = self._sources.pop(0)
        if isinstance(source, Exception):
            raise source
        return source


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
class TestTransportErrors:
    def test_while_opening_are_retried_once(self, error):
        opening = Opening(error, Source(*GOOD))
        result = run_stream(opening)
        assert (result.text, result.requests) == ("Hello", 2)

    def test_in_the_middle_are_retried_once_and_earlier_deltas_are_taken_back(self, error):
        first = Source(created(), added(0, "m"), delta(0, "m", "Bad"), error=error)
        listener = Listener()
        result = run_stream(Opening(first, Source(*GOOD)), callbacks=listener.callbacks)
        assert (result.text, result.requests, first.closed) == ("Hello", 2, 1)
        assert listener.names() == ["first", "text", "reset", "text", "text"]
        assert listener.standing() == "Hello"

    def test_twice_are_raised_with_what_the_last_attempt_had(self, error):
        opening = Opening(Source(error=error), Source(added(0, "m"), delta(0, "m", "Hel"), error=error))
        with pytest.raises(TransportFailed) as caught:
            run_stream(opening)
        assert (caught.value.requests, opening.opened) == (2, 2)
        assert caught.value.partial.text == "Hel"
        assert caught.value.__cause__ is error
        assert isinstance(caught.value, ConnectionError)


@pytest.mark.parametrize("error", [BROKEN[0], HTTPStatusError("busy", status=503)])
def test_an_opening_that_fails_in_its_turn_says_how_often_it_was_tried(error):
    with pytest.raises(RuntimeStreamError) as caught:
        run_stream(Opening(Source(added(0, "m"), delta(0, "m", "Hel"), error=BROKEN[0]), error))
    assert caught.value.requests == 2


def test_without_deltas_there_is_nothing_to_take_back():
    listener = Listener()
    run_stream(Opening(Source(error=BROKEN[0]), Source(*GOOD)), callbacks=listener.callbacks)
    assert listener.names() == ["first", "text", "text"]


def test_an_interruption_before_the_retry_is_no_retry():
    opening = Opening(Source(delta(0, "m", "Hel"), error=BROKEN[0]), Source(*GOOD))
    answers = iter([False, True])
    with pytest.raises(StreamInterrupted) as caught:
        run_stream(opening, callbacks=Callbacks(interrupted=lambda: next(answers)))
    assert (opening.opened, caught.value.requests) == (1, 1)
    assert caught.value.partial.text == "Hel"


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([], TruncatedStream),
        ([delta(0, "m", "Hel")], TruncatedStream),
        ([ended("failed")], Exception),
        ([{"type": "error", "message": "words"}], Exception),
    ],
)
def test_nothing_else_is_retried(events, error):
    source = Source(*events)
    opening = Opening(source)
    with pytest.raises(error) as caught:
        run_stream(opening)
    assert (opening.opened, source.closed, caught.value.requests) == (1, 1, 1)


@pytest.mark.parametrize("error", [KeyError("mine"), TimeoutError("mine"), KeyboardInterrupt()])
def test_an_error_of_the_callers_hook_is_not_retried_and_the_source_is_closed(error):
    def fail(_):
        raise error

    source = Source(*GOOD)
    opening = Opening(source)
    callbacks = Callbacks(on_event=fail)
    if isinstance(error, KeyError):
        assert run_stream(opening, callbacks=callbacks).text == "Hello"
    else:
        with pytest.raises(type(error)):
            run_stream(opening, callbacks=callbacks)
    assert (opening.opened, source.closed) == (1, 1)


def test_an_unknown_error_of_the_source_is_the_sources():
    with pytest.raises(LookupError, match="mine"):
        run_stream(Opening(Source(error=LookupError("mine"))))


@pytest.mark.parametrize("error", [ValueError("Expecting value"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")])
def test_a_foreign_decoder_that_gives_up_is_a_typed_error(error):
    with pytest.raises(UndecodableStream) as caught:
        run_stream(Opening(Source(delta(0, "m", "Hel"), error=error)))
    assert caught.value.partial.text == "Hel"
    assert caught.value.__cause__ is error


def test_the_source_is_closed_at_the_terminal_without_waiting_for_its_end():
    source = Source(*GOOD, error=AssertionError("read past the end"))
    assert run_stream(Opening(source)).text == "Hello"
    assert source.closed == 1


def test_a_close_that_fails_is_logged(caplog):
    source = Source(*GOOD)
    source.close = lambda: 1 / 0
    assert run_stream(Opening(source)).text == "Hello"
    assert "ZeroDivisionError" in caplog.text


def test_a_connection_that_breaks_behind_the_end_mark_has_lost_nothing():
    source = Source(*GOOD[:-1], "[DONE]", error=BROKEN[0])
    result = run_stream(Opening(source))
    assert (result.text, result.status, result.requests) == ("Hello", "completed", 1)


@pytest.mark.parametrize("shape", [dict, attributes])
def test_a_concrete_response_is_assembled(shape):
    output = [{"type": "message", "id": "m", "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}]
    response = shape({"object": "response", "id": "resp_1", "status": "completed", "output": output})
    result = run_stream(Opening(response))
    assert (result.text, result.status, result.flags, result.requests) == ("Hello", "completed", frozenset(), 1)
    assert result.response is response


def test_a_concrete_response_that_is_not_over_says_so():
    assert run_stream(Opening({"object": "response", "status": "queued", "output": []})).status == "queued"


@pytest.mark.parametrize("source", [None, 3, object()])
def test_a_source_that_is_none_is_a_typed_error(source):
    with pytest.raises(UndecodableStream):
        run_stream(Opening(source))


class TestRetryPolicy:
    def test_waits_grow_and_are_jittered(self):
        retry = Retry(retries=3, base_s=1.0, longest_s=3.0, jitter=lambda: 0.5)
        error = TransportFailed("x")
        assert [retry.wait_s(error, requests) for requests in (1, 2, 3)] == [0.75, 1.5, 2.25]
        assert [retry.allows(error, requests) for requests in (1, 3, 4)] == [True, True, False]

    def test_what_the_provider_asks_for_wins(self):
        retry = Retry(retries=1, base_s=1.0, statuses=frozenset({429}))
        error = HTTPStatusError("slow down", status=429, retry_after_s=7.0)
        assert (retry.allows(error, 1), retry.wait_s(error, 1)) == (True, 7.0)
        assert not Retry().allows(error, 1)

    def test_what_the_provider_says_in_its_words_is_asked_for_too(self):
        retry = Retry(kinds=frozenset({"rate_limit"}))
        for error in (
            HTTPStatusError("Please try again in 20s.", status=429),
            StreamErrorEvent("Please try again in 20s.", code="rate_limit_exceeded"),
        ):
            assert (retry.allows(error, 1), retry.wait_s(error, 1)) == (True, 20.0)

    @pytest.mark.parametrize(
        ("message", "headers"),
        [
            ("busy", {"retry_after": "61"}),
            ("Please try again in 2m.", {}),
            ("busy", {"retry_after": "Wed, 21 Oct 2026 07:30:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        ],
    )
    def test_who_asks_for_more_than_the_longest_wait_is_not_asked_again(self, message, headers):
        clock = VirtualClock()
        busy = answer(json.dumps({"error": {"message": message}}).encode(), 503, **headers)
        with pytest.raises(HTTPStatusError) as caught:
            ask(busy, answer(sse(GOOD)), clock=clock, retry=Retry(statuses=frozenset({503}), longest_s=60))
        assert (caught.value.requests, clock.now()) == (1, 0)

    def test_the_wait_is_on_the_clock(self):
        clock = VirtualClock()
        busy = answer(b'{"error": {"message": "busy"}}', 503, retry_after="900")
        retry = Retry(statuses=frozenset({503}), longest_s=1_000)
        result = ask(busy, answer(sse(GOOD)), clock=clock, retry=retry)
        assert (result.requests, clock.now()) == (2, 900.0)

    def test_no_retries_means_one_request(self):
        with pytest.raises(TransportFailed) as caught:
            run_stream(Opening(Source(error=BROKEN[0])), retry=Retry(retries=0))
        assert caught.value.requests == 1


class TestOverHTTP:
    def test_a_body_that_breaks_is_retried_and_its_response_closed(self):
        body = Breaking([sse(GOOD[:4])], httpx.RemoteProtocolError("cut"))
        first = answer(body)
        listener = Listener()
        result = ask(lambda _: first, answer(sse(GOOD)), callbacks=listener.callbacks)
        assert (result.text, result.requests, body.closed) == ("Hello", 2, True)
        assert listener.standing() == "Hello"

    def test_the_rest_of_the_body_is_not_read(self):
        body = Breaking([sse(GOOD), b": ping\n\n", b": ping\n\n"])
        reply = answer(body)
        assert ask(lambda _: reply).text == "Hello"
        assert (body.taken, body.closed) == (1, True)

    def test_a_response_that_is_no_stream_is_closed(self):
        body = Breaking([b"<html>", b"</html>"])
        reply = answer(body, content_type="text/html")
        with pytest.raises(NotAStream):
            ask(lambda _: reply)
        assert body.closed


def test_nothing_of_a_body_is_left_to_the_garbage_collector():
    ended = []

    class Body(httpx.SyncByteStream):
        def __iter__(self):
            try:
                yield sse([created(), {"type": "error", "code": "c1", "message": "words"}])
                yield b"never asked for"
            finally:
                ended.append("closed")

    with pytest.raises(StreamErrorEvent) as caught:
        ask(answer(Body()))
    assert caught.value.code == "c1"
    assert ended == ["closed"]
