"""The openai SDK's ``responses.create(stream=True)`` is a source like any other: same bytes, same result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.runtime import (
    HTTPStatusError,
    RuntimeStreamError,
    StreamErrorEvent,
    TransportFailed,
    TruncatedStream,
    UndecodableStream,
    consume,
    decode_events,
    run_stream,
)
from tests.unit.runtime.scripts import Listener, added, call, completed, created, delta, done, ended, message, sse

openai = pytest.importorskip("openai", reason="the openai SDK is an optional dependency")
http = pytest.importorskip("httpx2", reason="the openai SDK's HTTP library is an optional dependency")


def sdk(handle):
    """A function that opens one stream of the SDK, its requests answered by ``handle``."""
    transport = http.Client(transport=http.MockTransport(handle))
    client = openai.OpenAI(api_key="k", base_url="http://127.0.0.1/v1", http_client=transport, max_retries=0)
    return lambda: client.responses.create(model="m", input="hello", stream=True)


def serve(body, status=200, kind="text/event-stream"):
    return sdk(lambda _: http.Response(status, headers={"content-type": kind}, content=body))


def bare(item):
    """The item without its payload, to which the SDK's models add their defaults."""
    return replace(item, payload=None)


@pytest.mark.parametrize("output", [None, [], "text", {"a": 1}])
@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [*message(0, "m", "Hel", "lo", phase="final_answer"), *call(1, "f", "{", "}")], id="message, call"
        ),
        pytest.param(
            [
                added(0, "r", "reasoning", summary=[]),
                delta(0, "r", "hm", "reasoning_summary_text", summary_index=0),
                done(0, "r", "reasoning", summary=[{"type": "summary_text", "text": "hm"}], encrypted_content="x"),
            ],
            id="reasoning",
        ),
        pytest.param([done(0, "w", "shiny_new_call", field=[1]), *message(1, "m", "Hello")], id="unknown item"),
        pytest.param([{"type": "codex.rate_limits", "limits": {"a": 1}}, *message(0, "m", "Hello")], id="vendor event"),
    ],
)
def test_the_result_is_that_of_the_runtimes_own_decoder(events, output):
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3, "input_tokens_details": {"cached_tokens": 1}}
    body = sse([created(output=None), *events, completed(output=output, usage=usage)])
    mine, theirs = Listener(), Listener()
    own = consume(decode_events([body]), callbacks=mine.callbacks)
    other = run_stream(serve(body), callbacks=theirs.callbacks)
    assert list(map(bare, other.items)) == list(map(bare, own.items))
    assert (other.status, other.text, other.usage, other.id) == (own.status, own.text, own.usage, own.id)
    assert theirs.heard == mine.heard


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "error", "code": "c1", "message": "words"},
        {"type": "error", "error": {"code": "c1", "message": "words"}},
        {"error": {"code": "c1", "message": "words"}},
        ended("failed", error={"code": "c1", "message": "words"}),
    ],
)
def test_errors_in_the_stream_keep_the_providers_words(frame):
    with pytest.raises(RuntimeStreamError) as caught:
        run_stream(serve(sse([created(), frame], named=False)))
    assert (caught.value.message, caught.value.code, caught.value.requests) == ("words", "c1", 1)


def test_an_error_of_plain_words_keeps_them():
    with pytest.raises(StreamErrorEvent, match="words"):
        run_stream(serve(sse([{"type": "error", "error": "words"}])))


def test_an_error_status_keeps_the_providers_words():
    with pytest.raises(HTTPStatusError) as caught:
        run_stream(serve(b'{"error": {"code": "c1", "message": "words"}}', 403, "application/json"))
    assert (caught.value.status, caught.value.code, caught.value.requests) == (403, "c1", 1)
    assert caught.value.message == "words"


def test_transport_errors_are_retried_once():
    def fail(request):
        asked.append(request)
        raise http.ConnectError("refused")

    asked = []
    with pytest.raises(TransportFailed, match="refused") as caught:
        run_stream(sdk(fail))
    assert (len(asked), caught.value.requests) == (2, 2)


def test_the_sdks_other_troubles_are_typed():
    with pytest.raises(UndecodableStream):
        run_stream(serve(b"data: {\n\n"))
    with pytest.raises(TruncatedStream):
        run_stream(serve(b""))
