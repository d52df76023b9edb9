"""What an HTTP endpoint may answer instead of a stream, and what the client makes of it."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest

from harness.clock import VirtualClock
from harness.runtime import (
    DeadlineExceeded,
    Deadlines,
    HTTPStatusError,
    NotAStream,
    Retry,
    TransportFailed,
    TruncatedStream,
    UndecodableStream,
    run_stream,
)
from tests.unit.runtime.scripts import Breaking, answer, ask, client, completed, created, message, sse

GOOD = [created(), *message(0, "m", "Hello"), completed()]
ERRORS = [
    ({"error": {"code": "c1", "message": "words", "type": "t"}}, "c1"),
    ({"error": {"type": "usage_limit_reached", "message": "words"}}, "usage_limit_reached"),
    ({"code": "c1", "error": "words"}, "c1"),
    ({"error": "words"}, None),
    ({"detail": "words"}, None),
    ({"message": "words", "code": 400}, "400"),
]


@pytest.mark.parametrize(("body", "code"), ERRORS)
@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
def test_an_error_body_is_a_status_error_with_its_words(status, body, code):
    with pytest.raises(HTTPStatusError) as caught:
        ask(answer(json.dumps(body).encode(), status, content_type="application/json"))
    error = caught.value
    assert (error.status, error.message, error.code, error.raw, error.requests) == (status, "words", code, body, 1)
    assert error.body["error"]["message"] == "words"


@pytest.mark.parametrize("body", [b"<html><h1>Bad gateway</h1></html>", b"Bad gateway", b'"Bad gateway"'])
def test_an_error_without_json_has_the_words_of_its_body(body):
    with pytest.raises(HTTPStatusError, match="Bad gateway") as caught:
        ask(answer(body, 502, content_type="text/html"))
    assert caught.value.status == 502


def test_an_error_without_a_body_has_its_status():
    with pytest.raises(HTTPStatusError, match="status 500"):
        ask(answer(b"", 500))


def test_an_error_that_is_framed_as_an_event_has_the_events_words():
    with pytest.raises(HTTPStatusError) as caught:
        ask(answer(sse([{"type": "error", "error": {"code": "c1", "message": "words"}}]), 500))
    assert (caught.value.message, caught.value.code, caught.value.status) == ("words", "c1", 500)


def test_a_framed_error_that_says_nothing_of_itself_is_told_as_it_came():
    with pytest.raises(HTTPStatusError) as caught:
        ask(answer(b'data: {"error":true}\n\ndata: [DONE]\n\n', 500))
    assert caught.value.message == 'data: {"error":true} data: [DONE]'


@pytest.mark.parametrize("broken", [httpx.ReadError("reset"), DeadlineExceeded("first_byte", 45.0, 0)])
def test_an_error_whose_body_breaks_off_keeps_its_status(broken):
    reply = answer(Breaking([b"oh no"], broken), 500)
    with pytest.raises(HTTPStatusError, match=r"oh no.*broke off") as caught:
        ask(lambda _: reply)
    assert caught.value.requests == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:30 GMT"}, 0.0),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry_after": "Wed, 99 Oct 2026 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read(header, seconds):
    with pytest.raises(HTTPStatusError) as caught:
        ask(answer(b"{}", 429, **header))
    assert caught.value.retry_after_s == seconds


def test_a_redirect_is_an_error():
    with pytest.raises(HTTPStatusError):
        ask(answer(b"", 307, location="http://127.0.0.1/other"))


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_a_response_object_is_an_answer(kind):
    output = [{"type": "message", "id": "m", "content": [{"type": "output_text", "text": "Hello"}]}]
    body = {"object": "response", "id": "resp_1", "status": "completed", "output": output}
    result = ask(answer(json.dumps(body).encode(), content_type=kind))
    assert (result.text, result.status, result.flags) == ("Hello", "completed", frozenset())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<!doctype html><p>Sign in</p>", "text/html"),
        (200, b"  <html>", "text/event-stream"),
        (200, b'{"answer": 42}', "application/json"),
        (200, b'{"object": "resp', "application/json"),
        (200, b"[1, 2]", "application/json"),
        (200, b"", "application/json"),
        (204, b"", ""),
    ],
)
def test_anything_else_under_a_good_status_is_no_stream(status, body, kind):
    with pytest.raises(NotAStream) as caught:
        ask(answer(body, status, content_type=kind))
    assert (caught.value.status, caught.value.requests) == (status, 1)
    assert body.strip().decode()[:10] in str(caught.value)


@pytest.mark.parametrize("body", [b"", b": ping\n\n", b"\n\n\n"])
def test_an_event_stream_of_nothing_is_truncated(body):
    with pytest.raises(TruncatedStream):
        ask(answer(body))


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "text/html", ""])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n\n", b": ping\n\n"])
def test_the_body_decides_not_the_content_type(kind, before):
    body = before + sse(GOOD)
    assert ask(answer(body, content_type=kind)).text == "Hello"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_chunks_do_not_matter(size):
    body = b"\xef\xbb\xbf" + sse(GOOD)
    reply = answer(Breaking([body[at : at + size] for at in range(0, len(body), size)]))
    assert ask(lambda _: reply).text == "Hello"


def test_the_request_is_what_the_caller_asked_for():
    seen = []

    def handle(request):
        seen.append(request)
        return answer(sse(GOOD))

    tools = [{"type": "function", "name": "look"}]
    client(handle, api_key="secret").respond(input="hi", model="m", instructions="be kind", tools=tools, store=False)
    assert str(seen[0].url) == "http://127.0.0.1/v1/responses"
    assert seen[0].headers["authorization"] == "Bearer secret"
    assert json.loads(seen[0].content) == {
        "input": "hi",
        "model": "m",
        "instructions": "be kind",
        "tools": tools,
        "store": False,
        "stream": True,
    }


class TestTheBodyAsItComes:
    def test_an_encoded_body_is_decoded(self):
        reply = answer(Breaking([gzip.compress(sse(GOOD))]), content_encoding="gzip")
        assert ask(lambda _: reply).text == "Hello"

    def test_a_broken_encoding_is_a_typed_error(self):
        reply = answer(Breaking([b"words"]), content_encoding="gzip")
        with pytest.raises(UndecodableStream):
            ask(lambda _: reply)

    def test_a_body_that_was_read_already_is_read(self):
        reply = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=sse(GOOD))
        reply.read()
        assert run_stream(lambda: reply).text == "Hello"

    def test_an_empty_chunk_is_no_life(self):
        clock = VirtualClock()

        class Body(httpx.SyncByteStream):
            def __iter__(self):
                for _ in range(9):
                    yield b""
                    clock.sleep(10)
                raise httpx.ReadError("closed")

        limits = Deadlines(first_byte_s=45, idle_s=45, life="bytes")
        with pytest.raises(DeadlineExceeded):
            ask(lambda _: answer(Body()), clock=clock, deadlines=limits, retry=Retry(retries=0))

    def test_the_cause_of_a_broken_body_knows_its_request(self):
        reply = answer(Breaking([sse(GOOD[:2])], httpx.ReadError("reset")))
        with pytest.raises(TransportFailed) as caught:
            ask(lambda _: reply, retry=Retry(retries=0))
        assert caught.value.__cause__.request.url.path == "/v1/responses"


@pytest.mark.parametrize("broken", [httpx.ReadError("reset"), DeadlineExceeded("first_byte", 45.0, 0)])
def test_a_response_object_that_came_in_full_is_taken_though_its_body_breaks_off(broken):
    document = json.dumps({"object": "response", "status": "completed", "output": []}).encode()
    reply = answer(Breaking([document], broken), content_type="application/json")
    assert ask(lambda _: reply).status == "completed"


def test_a_page_is_no_stream_though_its_end_is_missing():
    reply = answer(Breaking([b"<html><title>Sign in</title>"], httpx.ReadError("reset")), content_type="text/html")
    with pytest.raises(NotAStream, match="Sign in") as caught:
        ask(lambda _: reply)
    assert caught.value.requests == 1
