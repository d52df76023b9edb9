"""Errors told apart: what may be asked again, and above all what a new token does and does not cure."""

from __future__ import annotations

import json

import httpx
import httpx2
import openai
import pytest

from harness.runtime import consume
from harness.runtime.errors import DeadlineExceeded, RuntimeStreamError, StreamInterrupted, TransportFailed
from harness.runtime.summary import summarize
from tests.unit.runtime.scripts import answer, ask, created, delta, ended


def summary_of(status, body, **headers):
    """What a client's error comes to when it is answered so."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(RuntimeStreamError) as caught:
        ask(answer(body, status, **{"content_type": "application/json", **headers}))
    return summarize(caught.value)


def streamed(*events):
    with pytest.raises(RuntimeStreamError) as caught:
        consume(events)
    return summarize(caught.value)


XAI_CODE = "The caller does not have permission to execute the specified operation"
XAI_TEXT = "You have either run out of available resources or do not have an active Grok subscription."
ENTITLEMENTS = [
    pytest.param({"code": XAI_CODE, "error": XAI_TEXT}, id="flat"),
    pytest.param({"code": "permission-denied", "error": "The team has not been granted access."}, id="a short code"),
    pytest.param({"error": {"code": XAI_CODE, "message": XAI_TEXT}}, id="nested"),
    pytest.param({"error": {"code": XAI_CODE, "error": XAI_TEXT}}, id="nested under its own name"),
    pytest.param({"error": {"message": json.dumps({"code": XAI_CODE, "error": XAI_TEXT})}}, id="as text in a message"),
    pytest.param({"detail": {"error": {"error": XAI_TEXT}}}, id="deep"),
    pytest.param({"error": {"message": "Your plan does not include this model."}}, id="a plan"),
]


@pytest.mark.parametrize("body", ENTITLEMENTS)
def test_a_missing_entitlement_has_a_hint_and_is_not_asked_again(body):
    summary = summary_of(403, body)
    assert (summary.kind, summary.retryable, summary.status) == ("entitlement", False, 403)
    assert "entitlement" in summary.hint
    assert summary.hint in summary.text
    assert any(words in summary.text for words in (XAI_TEXT, "granted access", "plan does not include"))


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "body",
    [
        {"code": XAI_CODE, "error": "The OAuth2 access token could not be validated. [WKE=unauthenticated:bad-credentials]"},
        {"error": {"code": "token_expired", "message": "Provided authentication token is expired."}},
        {"error": {"message": "Your session has expired. Please sign in again."}},
        {"error": "invalid token"},
        {"error": {"code": "invalid_api_key", "message": "Incorrect API key provided: sk-***."}},
    ],
)  # fmt: skip
def test_an_expired_token_is_no_missing_entitlement(status, body):
    summary = summary_of(status, body)
    assert (summary.kind, summary.retryable) == ("auth", False)
    assert "entitlement" not in summary.text


def test_a_refusal_without_a_reason_claims_none():
    assert summary_of(401, b"").kind == "auth"
    assert summary_of(403, b"<html>Blocked</html>", content_type="text/html").kind == "forbidden"


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, {"error": {"code": "context_length_exceeded", "message": "too long"}}, "context_length", False),
        (400, {"error": {"message": "This model's maximum context length is 8192 tokens."}}, "context_length", False),
        (
            429,
            {"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}},
            "billing",
            False,
        ),
        (402, {"error": {"message": "More please"}}, "billing", False),
        (400, {"error": {"message": "Your credit balance is too low."}}, "billing", False),
        (400, {"error": {"code": "content_policy_violation", "message": "no"}}, "policy", False),
        (400, {"error": {"code": "invalid_encrypted_content", "message": "no"}}, "stale_reasoning", False),
        (404, {"error": {"code": "model_not_found", "message": "no"}}, "model", False),
        (400, {"detail": "The model is not supported when using Codex."}, "model", False),
        (429, {"error": {"message": "slow"}}, "rate_limit", True),
        (429, {"error": {"type": "usage_limit_reached", "message": "x"}}, "usage_limit", False),
        (429, {"error": {"type": "usage_not_included", "message": "x"}}, "entitlement", False),
        (200, {"code": "resource_exhausted", "error": "Some resource has been exhausted."}, "rate_limit", True),
        (500, b"", "server", True),
        (503, {"error": {"message": "Overloaded"}}, "server", True),
        (529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}, "server", True),
        (408, b"", "server", True),
        (400, {"error": {"message": "Unknown parameter, try again later."}}, "request", False),
        (422, b"", "request", False),
    ],
)
def test_kinds_by_code_words_and_status(status, body, kind, retryable):
    summary = summary_of(status, body)
    assert (summary.kind, summary.retryable) == (kind, retryable)


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        ({"code": "rate_limit_exceeded", "message": "Please try again in 1.5s."}, "rate_limit", True),
        ({"code": "server_error", "message": "Sorry."}, "server", True),
        ({"code": "context_length_exceeded", "message": "Too long."}, "context_length", False),
        ({"code": "insufficient_quota", "message": "Pay."}, "billing", False),
        ({"code": "invalid_prompt", "message": "No."}, "policy", False),
        ({"code": "something_new", "message": "Who knows."}, "unknown", False),
        (None, "unknown", False),
    ],
)
def test_failures_in_the_stream_have_no_status_and_are_told_apart_all_the_same(error, kind, retryable):
    summary = streamed(created(), ended("failed", error=error))
    assert (summary.kind, summary.retryable) == (kind, retryable)


def test_an_entitlement_in_an_error_frame():
    assert streamed({"type": "error", "code": XAI_CODE, "error": XAI_TEXT}).kind == "entitlement"


@pytest.mark.parametrize(
    "message",
    [
        "Your team has either used all available credits or reached its monthly spending limit.",
        "You are out of credits.",
        "Your prepaid credits have been exhausted.",
        "This key has reached its spend cap.",
    ],
)
def test_a_429_about_credits_that_are_used_up_is_no_rate_limit(message):
    summary = summary_of(429, {"error": {"message": message}})
    assert (summary.kind, summary.retryable) == ("billing", False)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"type": "invalid_request_error", "message": "unknown field in 'too many requests'"}, "request"),
        (400, {"message": "the text 'rate limit' is no JSON"}, "request"),
        (422, {"message": "too many requests"}, "request"),
        (400, {"type": "invalid_request_error", "message": "no field is named 'spending limit'"}, "request"),
        (400, {"code": "rate_limit_exceeded", "message": "x"}, "rate_limit"),
        (429, {"type": "invalid_request_error", "message": "x"}, "rate_limit"),
        (403, {"message": "Too many requests"}, "rate_limit"),
        (503, {"message": "Too many requests"}, "rate_limit"),
    ],
)
def test_the_words_of_a_rate_limit_count_where_the_status_does_not_speak_against_it(status, error, kind):
    assert summary_of(status, {"error": error}).kind == kind


@pytest.mark.parametrize(("type", "kind"), [(None, "rate_limit"), ("invalid_request_error", "request")])
def test_and_in_an_error_frame_where_its_type_does_not(type, kind):
    assert streamed({"type": "error", "error": {"type": type, "message": "Too many requests"}}).kind == kind


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry_after": "7"}, "slow down", 7),
        ({"retry_after_ms": "250", "retry_after": "7"}, "slow down", 0.25),
        ({}, "Rate limit reached. Please try again in 20ms.", 0.02),
        ({}, "Rate limit reached. Please try again in 6m0.5s.", 360.5),
        ({}, "Please retry after 12 seconds", 12),
        ({}, "Please try again in 500 milliseconds", 0.5),
        ({"retry_after": "7"}, "Please try again in 20s.", 7),
        ({"retry_after": "soon"}, "slow down", None),
    ],
)
def test_how_long_to_wait(headers, message, seconds):
    assert summary_of(429, {"error": {"message": message}}, **headers).retry_after_s == (
        None if seconds is None else pytest.approx(seconds)
    )


def test_a_usage_limit_says_when_it_is_reset():
    body = {"error": {"type": "usage_limit_reached", "message": "x", "resets_in_seconds": 5_400}}
    assert summary_of(429, body).retry_after_s == 5_400


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (TransportFailed("broken"), "transport", True),
        (httpx.ReadError("reset"), "transport", True),
        (ConnectionResetError("reset"), "transport", True),
        (DeadlineExceeded("idle", 300, 4), "deadline", True),
        (DeadlineExceeded("total", 300, 4), "deadline", False),
        (StreamInterrupted("stop"), "interrupted", False),
        (KeyError("a bug"), "unknown", False),
        (ValueError("not JSON"), "truncated", True),
    ],
)
def test_errors_that_no_provider_said(error, kind, retryable):
    summary = summarize(error)
    assert (summary.kind, summary.retryable) == (kind, retryable)
    assert summary.text


def test_a_truncated_stream_may_be_asked_again_and_a_cancelled_one_not():
    assert streamed(created(), delta(0, "m", "x")).kind == "truncated"
    assert streamed(created(), ended("cancelled")).kind == "interrupted"


def test_markup_under_a_good_status_is_no_answer():
    summary = summary_of(200, b"<html>login</html>", content_type="text/html")
    assert (summary.kind, summary.retryable, summary.status) == ("unknown", False, 200)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, {"code": XAI_CODE, "error": XAI_TEXT}, "entitlement"),
        (403, {"error": {"code": "token_expired", "message": "Token expired."}}, "auth"),
        (429, {"error": {"message": "slow", "type": "requests"}}, "rate_limit"),
    ],
)
def test_an_sdks_error_comes_to_the_same(status, body, kind):
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, json=body))
    http = httpx2.Client(transport=transport)
    client = openai.OpenAI(base_url="http://127.0.0.1/v1", api_key="k", max_retries=0, http_client=http)
    with pytest.raises(openai.APIStatusError) as caught:
        client.responses.create(model="m", input="x")
    assert summarize(caught.value).kind == kind


def test_a_page_of_markup_is_not_the_message():
    page = b"<html>\n" + b"<p>down</p>\n" * 100_000
    summary = summary_of(502, page, content_type="text/html")
    assert summary.kind == "server"
    assert len(summary.message) <= 500


def test_words_at_no_known_place_are_found():
    assert summary_of(403, {"error": {"code": "x", "reasons": [{"sentence": "You are not entitled."}]}}).message == (
        "You are not entitled."
    )
