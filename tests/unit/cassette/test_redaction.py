"""No secret reaches the disk; what is none stays as it was."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cassette import Interaction, RecordedRequest, RedactionError, redact, save, unresolved
from harness.cassette.hits import is_placeholder, overwrite, placeholder, scan
from harness.cassette.redaction import NOT_ALLOWED, UNREADABLE
from harness.cassette.rules import ALLOWED_HEADERS, RULES
from tests.corpus import requires_corpus
from tests.corpus import streams as recorded
from tests.unit.cassette.making import RESPONSE, answered, asked, cassette

# Put together here, so that no scanner takes this file for a leak.
DIGITS = "0123456789"
KEY = "sk-" + "proj-a1B2c3D4e5F6g7H8"
JWT = ".".join(["eyJ" + "hbGciOiJub25lIn0", "eyJ" + "zdWIiOiIxIn0", "c2lnbmF0dXJl"])
MAIL = "jane.doe" + "@" + "corp.io"

SECRETS = [
    ("bearer-token", f"Authorization: Bearer {DIGITS}abcdef", f"{DIGITS}abcdef"),
    ("basic-auth", "basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA=="),
    ("url-password", "https://me:hunter2@host/x", "hunter2"),
    ("jwt", f"token {JWT} end", JWT),
    ("api-key", f"use {KEY}.", KEY),
    ("api-key", f"({'gsk_' + DIGITS * 2})", "gsk_" + DIGITS * 2),
    ("api-key", f"xai-{'k' * 20}9", f"xai-{'k' * 20}9"),
    ("github-token", f"ghp_{DIGITS}{DIGITS}abcd", f"ghp_{DIGITS}{DIGITS}abcd"),
    ("google-key", f"AIza{DIGITS * 3}abcde", f"AIza{DIGITS * 3}abcde"),
    ("aws-key", "AKIA" + "ABCDEFGHIJKLMNOP", "AKIA" + "ABCDEFGHIJKLMNOP"),
    ("slack-token", f"xoxb-{DIGITS}-abc", f"xoxb-{DIGITS}-abc"),
    ("private-key", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END", "PRIVATE KEY-----\nabc\n"),
    ("account-id", f'"user-{DIGITS}abcdefAB"', f"user-{DIGITS}abcdefAB"),
    ("account-id", f"org-{DIGITS}abcdefAB", f"org-{DIGITS}abcdefAB"),
    ("secret-field", '{"api_key": "hunter2"}', "hunter2"),
    ("secret-field", '{"refresh_token":"abc"}', "abc"),
    ("secret-field", '{"x": "{\\"password\\": \\"hunter2\\"}"}', "hunter2"),
    ("identity-field", '{"safety_identifier":"me","a":1}', "me"),
    ("identity-field", '{\\"chatgpt_account_id\\":\\"me\\"}', "me"),
    ("identity-field", '{"user":"jane","a":1}', "jane"),
    ("identity-field", '{"organization": "acme"}', "acme"),
    ("url-parameter", "/v1/x?model=a&api_key=hunter2&b=1", "hunter2"),
    ("url-parameter", "/v1/x?Authorization=hunter2", "hunter2"),
    ("api-key", f"https://host/of/{KEY}/x", KEY),
    ("api-key", f"/v1/x?q=use%20{KEY}", KEY),
    ("e-mail-in-url", f"/v1/x?q={MAIL.replace('@', '%40')}", MAIL.replace("@", "%40")),
    ("e-mail", f"write to {MAIL}, please", MAIL),
    ("e-mail", "jane" + "@" + "fürst-mail.de, please", "jane" + "@" + "fürst-mail.de"),
    ("e-mail", "请写信给 " + "josé.doe" + "@" + "corp.io。", "josé.doe" + "@" + "corp.io"),
    ("assignment", "export OPENAI_API_KEY=hunter2hunter2\nls", "hunter2hunter2"),
    ("assignment", "Client(api_key='hunter2hunter2')", "hunter2hunter2"),
]

HARMLESS = [
    '{"token":"One","logprob":-0.1}',
    '{"prompt_tokens": 12, "max_output_tokens": "16", "total_tokens":1}',
    "write to jane@example.com or bob@mail.example.org",
    "the sk-learn package, user-friendly and user_authentication_version_2",
    "a basic understanding of the bearer of news",
    '{"encrypted_content":"gAAAAABqaR3--246DyIVMWvEVGOZxZzu8KicoiWrsk-2aaaaaaaaaaaaaaaaaaaa"}',
    '{"id":"resp_07cf2d1ffcf02313016b024f821acd81fb2f4e88bfb7b02e24","call_id":"call_X4GAXMKYDfnh3ZpHjYZe7y4R"}',
    "https://example.com/a:b@c is no login",
    '{"cookie_policy": {"password": null}}',
    'API_KEY=os.environ["KEY_1"] and API_KEY=$KEY_12345 and API_KEY=your-key-here and api_key=api_key',
    '{"password":"", "api_key": [], "secrets": ["a1"]}',
    '{"role":"user","user":null,"organization":{"name":"acme"}}',
]


def found(text: str) -> list[str]:
    return [hit.rule for hit in scan(text.encode(), "here")]


@pytest.mark.parametrize(
    ("rule", "text", "secret"), SECRETS, ids=[f"{entry[0]}-{n}" for n, entry in enumerate(SECRETS)]
)
def test_every_rule_takes_its_secret_and_nothing_else(rule, text, secret):
    data = text.encode()
    hits = list(scan(data, "here"))
    assert rule in [hit.rule for hit in hits]
    assert overwrite(data, hits).decode() == text.replace(secret, placeholder(len(secret.encode())))


def test_every_rule_is_tried():
    assert {rule.name for rule in RULES} == {rule for rule, _, _ in SECRETS}


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_texts_are_left_alone(text):
    assert found(text) == []


@given(st.integers(0, 99))
def test_placeholders_keep_the_length_and_are_no_secret(length):
    made = placeholder(length)
    assert len(made) == length
    assert is_placeholder(made.encode()) == (length > 0)
    assert found(f'{{"api_key":"{made}"}} Bearer {made} ?token={made}') == []


@given(st.sampled_from(SECRETS), st.sampled_from(SECRETS), st.sampled_from(["", " ", "\n", '"', "é", "\\"]))
def test_what_was_overwritten_holds_no_secret_any_more(first, second, between):
    data = f"{first[1]}{between}{second[1]}".encode()
    mended = overwrite(data, scan(data, "here"))
    assert len(mended) == len(data)
    assert list(scan(mended, "here")) == []


def test_a_response_is_redacted_in_place():
    body = f'data: {{"delta":"mail {MAIL} now"}}\n\n'.encode()
    made = redact(answered(body=body, headers=(("Set-Cookie", "sid=1"), ("Date", "today"))))
    response = made.interactions[0].response
    assert len(response.body) == len(body)
    assert MAIL.encode() not in response.body
    assert response.headers == (("Set-Cookie", "xxxxx"), ("Date", "today"))
    assert response.chunks == RESPONSE.chunks
    assert response.redacted == ("header:set-cookie", "e-mail")


def test_a_secret_over_two_chunks_is_found():
    body = b"data: " + KEY.encode() + b"\n\n"
    made = redact(answered(body=body, chunks=((0, 1), (12, 2))))
    assert KEY[:6].encode() not in made.interactions[0].response.body


def test_a_request_is_redacted_in_path_headers_and_body():
    body = {"input": [{"text": f"I am {MAIL}"}], "api_key": "hunter2", "n": 1.0}
    made = redact(asked(path="/v1/responses?key=hunter2", headers=(("Authorization", "abc"),), body=body))
    request = made.interactions[0].request
    assert request.path == "/v1/responses?key=xxxxxxx"
    assert request.headers == (("Authorization", "xxx"),)
    assert request.body == {"input": [{"text": f"I am {placeholder(len(MAIL))}"}], "api_key": "xxxxxxx", "n": 1.0}
    assert request.redacted == ("header:authorization", "path", "/input/0/text", "/api_key")


def test_a_secret_that_is_a_key_marks_its_mapping():
    made = redact(asked(body={"who": {MAIL: 1}}))
    assert made.interactions[0].request.redacted == ("/who",)


def test_redaction_changes_nothing_twice():
    once = redact(answered(body=f"data: {KEY}\n\n".encode(), headers=(("x-odd", "1"),)))
    assert redact(once) == once
    assert unresolved(once) == ()


def planted(where: str):
    """A cassette with one secret in one place."""
    return {
        "notes": replace(cassette(), description=f"by {MAIL}"),
        "request.path": asked(path=f"/v1?token={DIGITS}"),
        "request.body": asked(body={"deep": [{"json": json.dumps({"password": "hunter2"})}]}),
        "request.header:cookie": asked(headers=(("Cookie", "a=b"),)),
        "request.header:user-agent": asked(headers=(("User-Agent", f"me {MAIL}"),)),
        "response.body": answered(body=f"data: {KEY}\n\n".encode()),
        "response.header:x-request-id": answered(headers=(("X-Request-Id", "req_1"),)),
    }[where]


@pytest.mark.parametrize(
    "where",
    [
        "notes",
        "request.path",
        "request.body",
        "request.header:cookie",
        "request.header:user-agent",
        "response.body",
        "response.header:x-request-id",
    ],
)
def test_a_cassette_with_a_secret_is_not_written(tmp_path, where):
    made = planted(where)
    with pytest.raises(RedactionError, match=where) as caught:
        save(made, tmp_path / "library")
    assert not (tmp_path / "library").exists()
    for secret in (MAIL, KEY, "hunter2"):
        assert secret not in str(caught.value)


def test_the_error_names_turn_and_rule():
    second = Interaction(RecordedRequest(headers=(("Odd", "1"),)), RESPONSE, turn=1)
    hits = unresolved(cassette(Interaction(RecordedRequest(), RESPONSE), second))
    assert [(hit.rule, hit.where) for hit in hits] == [(NOT_ALLOWED, "interaction 1.0 request.header:odd")]


@pytest.mark.parametrize(
    ("coding", "body", "rules"),
    [
        ("gzip", gzip.compress(KEY.encode(), mtime=0), ["api-key"]),
        ("gzip", gzip.compress(KEY.encode(), mtime=0)[:-9], ["api-key"]),
        ("deflate", zlib.compress(KEY.encode()), ["api-key"]),
        ("gzip", gzip.compress(b"harmless", mtime=0), []),
        ("gzip", b"", []),
        ("gzip", b"no gzip", [UNREADABLE]),
        ("br", b"x", [UNREADABLE]),
        ("gzip", gzip.compress(b"harmless ", mtime=0) + gzip.compress(KEY.encode(), mtime=0), ["api-key"]),
    ],
)
def test_an_encoded_body_is_read_before_it_passes(coding, body, rules):
    headers = (("Content-Encoding", coding),)
    made = redact(answered(headers=headers, body=body, chunks=((0, 1),) if body else ()))
    assert made.interactions[0].response.body == body
    assert [hit.rule for hit in unresolved(made)] == rules


def test_a_body_that_is_coded_as_itself_is_redacted():
    made = redact(answered(headers=(("Content-Encoding", "identity"),), body=KEY.encode(), chunks=((0, 1),)))
    assert made.interactions[0].response.body == placeholder(len(KEY)).encode()
    assert unresolved(made) == ()


def test_no_allowed_header_carries_credentials():
    assert not [name for name in ALLOWED_HEADERS if any(word in name for word in ("auth", "cookie", "key", "account"))]


@requires_corpus
def test_recorded_streams_are_not_mangled():
    hits = [(name, hit.rule) for name, _, body in recorded() for hit in scan(body, name)]
    # One program in the corpus greets its user by a real-looking address; that one is a right hit.
    assert {rule for _, rule in hits} <= {"e-mail"}
    assert len({name for name, _ in hits}) <= 1
