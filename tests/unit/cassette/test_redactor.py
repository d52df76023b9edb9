"""Streaming redaction: what comes out is safe at any moment, the same for any chunking, and as long as what went in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cassette.anchors import KNOWN, anchors
from harness.cassette.hits import overwrite, scan
from harness.cassette.masking import masked
from harness.cassette.redactor import StreamRedactor, WholeRedactor, redactor_for
from harness.cassette.rules import RULES
from harness.wire import decode
from tests.corpus import requires_corpus, streams
from tests.unit.cassette.planted import KEY, PLACES, SECRETS, delta, done, frame, meaning

TEXT = b"".join(delta(f'word{number} and\n"more" ') for number in range(12)) + done("word and\n")


def redacted(chunks: list[bytes]) -> tuple[bytes, list[bytes]]:
    """The whole output, and all its states after each chunk."""
    redactor, out, states = StreamRedactor(), b"", []
    for chunk in chunks:
        out += redactor.feed(chunk)
        states.append(out)
    return out + redactor.close(), states


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
@pytest.mark.parametrize("size", [11, 100_000])
def test_no_secret_survives_in_any_place(secret: str, place: str, size: int) -> None:
    body = TEXT + PLACES[place](secret) + TEXT
    assert secret in meaning(body), "the secret has to be there before it can be missed"
    out, states = redacted(cut(body, size))
    assert secret not in meaning(out)
    assert len(out) == len(body)
    assert all(secret not in meaning(state) for state in states[:: max(1, len(states) // 5)])


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_secret_keeps_its_bytes(place: str) -> None:
    body = PLACES[place]("plain-and-harmless text")
    assert redacted([TEXT, body, TEXT])[0] == TEXT + body + TEXT


@pytest.mark.parametrize("place", PLACES)
def test_json_stays_json_and_frames_stay_frames(place: str) -> None:
    body = PLACES[place](KEY)
    frames, tail = decode(body)
    after, after_tail = decode(redacted([body])[0])
    assert [entry.start for entry in after] == [entry.start for entry in frames]
    assert (tail is None) == (after_tail is None)
    for old, new in zip(frames, after, strict=True):
        if old.data and old.data.startswith("{"):
            assert json.loads(new.data or "").keys() is not None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_chunking_gives_the_same_bytes(data: st.DataObject) -> None:
    parts = st.sampled_from([TEXT, b": keepalive\n\n", *(place(KEY) for place in PLACES.values())])
    body = b"".join(data.draw(st.lists(parts, max_size=6)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=30)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert redacted(chunks)[0] == redacted([body])[0]


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_agrees_with_the_redaction_of_whole_bodies(secret: str) -> None:
    body = TEXT + delta(f"take {secret} please") + TEXT
    assert redacted([body])[0] == overwrite(body, scan(body, ""))


def test_redaction_is_idempotent() -> None:
    body = b"".join(place(secret) for secret in SECRETS.values() for place in PLACES.values())
    once = redacted([body])[0]
    assert redacted([once])[0] == once


def test_harmless_text_is_not_held_back_for_long() -> None:
    redactor, out = StreamRedactor(window=64), b""
    for number in range(2_000):
        out += redactor.feed(delta(f"word{number} "))
        assert number * len(delta("word ")) - len(out) < 20_000
    assert redactor.rules == {}


def test_a_finished_channel_holds_nothing_back() -> None:
    redactor = StreamRedactor(patience=1_000)
    redactor.feed(delta("the end of the first item"))
    for _ in range(100):
        redactor.feed(frame({"type": "x", "note": "nothing of that item any more"}))
    assert sum(map(len, (redactor.feed(b""), redactor.close()))) < 2_000


def test_a_body_without_frames_waits_for_its_end() -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided:\n{KEY}"}}).encode()
    redactor = redactor_for("application/json")
    assert isinstance(redactor, WholeRedactor)
    assert b"".join(redactor.feed(chunk) for chunk in cut(body, 3)) == b""
    out = redactor.close()
    assert KEY.encode() not in out
    assert len(out) == len(body)
    assert json.loads(out)["error"]["message"].startswith("Incorrect API key provided:\nredacted-")


def test_a_secret_field_is_found_by_its_name_over_frames() -> None:
    body = frame({"type": "x.delta", "delta": '{"api_key": "hun'}) + frame({"type": "x.delta", "delta": 'ter2"}'})
    out = redacted([body])[0]
    assert b"hun" not in out
    assert b"ter2" not in out
    assert json.loads("".join(json.loads(entry.data or "")["delta"] for entry in decode(out)[0])) == {
        "api_key": "xxxxxxx"
    }


def test_only_the_whole_escape_is_overwritten() -> None:
    assert masked(b'"a\\u0020\\u0073k-proj-Ab3dEf6hIj9kLm2nOp5q"')[0].startswith(b'"a\\u0020redacted-')


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_match_of_a_rule_holds_one_of_its_literals(rule, data: st.DataObject) -> None:
    assert anchors(rule.pattern), "a rule without a literal is looked for everywhere, and slow"
    text = data.draw(st.from_regex(rule.pattern))
    assert rule in KNOWN.possible(text)


@requires_corpus
def test_recorded_streams_pass_unmangled() -> None:
    changed = {}
    for name, _, body in streams():
        redactor = StreamRedactor()
        if redactor.feed(body) + redactor.close() != body:
            changed[name] = tuple(redactor.rules)
    surface = {name for name, _, body in streams() if any(True for _ in scan(body, ""))}
    assert set(changed) <= surface, f"below the surface something was taken for a secret: {changed}"
