"""The value of a member that is named as a secret goes from its opening quote to its closing one, whatever is in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cassette import redact, save, unresolved
from harness.cassette.hits import is_placeholder, scan
from harness.cassette.importing import Labels, import_file
from harness.cassette.masking import masked, secrets
from harness.cassette.redactor import StreamRedactor
from harness.wire import decode
from tests.unit.cassette.making import answered, asked
from tests.unit.cassette.planted import ESCAPED, MEMBERS, TAIL, frame

VALUES = pytest.mark.parametrize("value", ESCAPED.values(), ids=ESCAPED)
NAMES = st.sampled_from(["api_key", "password", "x-odd-token", "user", "account_id"])
PLAIN = st.text(st.sampled_from('ab"\\/\n\té\U0001f600{}[]:, '), min_size=1, max_size=12)


def streamed(body: bytes, size: int = 7) -> bytes:
    redactor = StreamRedactor()
    out = b"".join(redactor.feed(body[start : start + size]) for start in range(0, len(body), size))
    return out + redactor.close()


@VALUES
def test_an_imported_stream_keeps_nothing_of_it(tmp_path, value):
    raw = tmp_path / "answer.sse"
    raw.write_bytes(b'event: x\ndata: {"type":"x","api_key":"%b","b":1}\n\n' % value)
    made = import_file(raw, Labels(provider="acme"))
    folder = save(made, tmp_path / "library")
    assert not [path for path in folder.iterdir() if TAIL in path.read_bytes()]
    assert json.loads(decode(made.interactions[0].response.body)[0][0].data)["api_key"].strip("x") in ("", "redacted-")


@VALUES
@pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS)
@pytest.mark.parametrize("size", [1, 100_000])
def test_no_end_of_a_value_survives_in_a_stream(value, member, size):
    body = member(value) + frame({"type": "x"})
    out = streamed(body, size)
    assert (len(out), TAIL in out) == (len(body), False)
    assert streamed(out, size) == out
    assert unresolved(answered(body=out, chunks=((0, 1),))) == ()
    assert [entry.start for entry in decode(out)[0]] == [entry.start for entry in decode(body)[0]]


def test_a_value_is_a_placeholder_only_when_all_of_it_is():
    left = b'{"api_key":"xxxx\\/%b"}' % TAIL
    assert [hit.rule for hit in scan(left, "")] == ["secret-field"]
    assert list(scan(b'{"api_key":"redacted-xxxx","b":"c"}', "")) == []


@pytest.mark.parametrize("depth", range(4))
@settings(max_examples=50, deadline=None)
@given(name=NAMES, value=PLAIN, plain=st.booleans(), after=PLAIN)
def test_at_any_depth_the_value_goes_and_the_rest_stays_what_it_was(depth, name, value, plain, after):
    text = json.dumps({"a": "b", name: value, "after": after}, ensure_ascii=plain)
    for _ in range(depth):
        text = json.dumps(text, ensure_ascii=plain)
    mended = masked(text.encode())[0]
    assert len(mended) == len(text.encode())
    assert list(secrets(mended)) == []
    for _ in range(depth + 1):
        mended = json.loads(mended)
    assert is_placeholder(mended.pop(name).encode())
    assert mended == {"a": "b", "after": after}


@settings(max_examples=60, deadline=None)
@given(value=PLAIN, nested=st.booleans(), data=st.data())
def test_told_in_pieces_it_goes_as_well(value, nested, data):
    text = json.dumps({"api_key": value, "after": 1})
    text = json.dumps({"a": text}) if nested else text
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    body = b"".join(frame({"type": "x.delta", "delta": piece}) for piece in pieces)
    told = json.loads("".join(json.loads(entry.data or "")["delta"] for entry in decode(streamed(body))[0]))
    told = json.loads(told["a"]) if nested else told
    assert is_placeholder(told["api_key"].encode())
    assert told["after"] == 1


def test_a_long_value_in_pieces_is_held_to_its_end():
    text = json.dumps({"password": 'a"b\\' * 800 + TAIL.decode(), "after": 1})
    body = b"".join(frame({"type": "x.delta", "delta": text[at : at + 50]}) for at in range(0, len(text), 50))
    told = json.loads("".join(json.loads(entry.data or "")["delta"] for entry in decode(streamed(body))[0]))
    assert (is_placeholder(told["password"].encode()), told["after"]) == (True, 1)


def test_a_long_list_in_pieces_is_held_to_its_end():
    text = json.dumps({"password": [f"word {number}" for number in range(300)], "after": 1})
    body = b"".join(frame({"type": "x.delta", "delta": text[at : at + 50]}) for at in range(0, len(text), 50))
    told = json.loads("".join(json.loads(entry.data or "")["delta"] for entry in decode(streamed(body))[0]))
    assert (len(told["password"]), is_placeholder(told["password"][0].encode()), told["after"]) == (1, True, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"password": 'pa"ss' + TAIL.decode()},
        {"api_key": "abc/" + TAIL.decode()},
        {"api_key": "a\\" + TAIL.decode()},
        {"client_secret": ["a", "", TAIL.decode(), "b"]},
        {"client_secret": ["", TAIL.decode()]},
        {"headers": {"X-Api-Token": TAIL.decode()}},
        {"user": {"name": "me", "id": TAIL.decode()}},
        {"input": json.dumps({"api_key": "abc/" + TAIL.decode()}).replace("/", "\\/")},
    ],
)
def test_a_request_keeps_nothing_of_it(body):
    made = redact(asked(body=body))
    assert TAIL.decode() not in json.dumps(made.interactions[0].request.body)
    assert made.interactions[0].request.redacted
    assert unresolved(made) == ()
