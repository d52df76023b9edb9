"""Cassettes of kind jsonl: what a process and its client told each other."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.cassette import CassetteError, Interaction, RecordedRequest, RecordedResponse, exchange_of, load, redact
from harness.cassette import unresolved as hits
from harness.cassette.stdio import inputs
from harness.delivery import Await, Cut, End, Framing, Send, Stall, Stdio, Wait
from tests.unit.cassette.making import cassette, cassettes, written
from tests.unit.cassette.planted import SECRETS

START = {"id": 3, "method": "turn/start", "params": {"input": [{"type": "text", "text": "Hi."}, {"type": "image"}]}}
BODY = b"one\ntwo\nthree\n"


def talk(*lines, **response) -> Interaction:
    request = RecordedRequest(
        method="STDIO", path="codex app-server", body=[{"after": after, "line": line} for after, line in lines]
    )
    plain = RecordedResponse(None, (), Framing.CLOSE, BODY, ((0, 5), (8, 20)), ended_ms=20)
    return Interaction(request, replace(plain, **response))


def actions(*lines, timed=False, **response):
    made = cassette(talk(*lines, **response), kind="jsonl")
    (delivery,) = exchange_of(made, timed=timed).deliveries.values()
    return list(delivery.actions)


def said(line) -> Await:
    return Await(json.dumps(line))


def test_the_process_waits_where_the_client_spoke():
    a, b, c = {"method": "a"}, {"method": "b"}, {"method": "c"}
    assert actions((0, a), (4, b), (8, c), (len(BODY), a)) == [
        Stdio(),
        said(a),
        Send(b"one\n"),
        said(b),
        Send(b"two\n"),
        said(c),
        Send(b"three\n"),
        said(a),
        End(),
    ]


def test_in_time_it_is_silent_where_it_was():
    assert actions(timed=True) == [Stdio(), Wait(5), Send(BODY[:8]), Wait(15), Send(BODY[8:]), End()]


@pytest.mark.parametrize(("ending", "action"), [("fin", End()), ("cut", Cut()), ("stall", Stall())])
def test_how_it_ended(ending, action):
    first, *_, last = actions(ending=ending, exit_code=-9, stderr="oh")
    assert (first, last) == (Stdio(-9, "oh"), action)


@settings(max_examples=30)
@given(cassettes().filter(lambda made: made.kind == "jsonl"))
def test_nothing_of_either_side_is_lost(made):
    for entry, delivery in zip(made.interactions, exchange_of(made).deliveries.values(), strict=True):
        assert delivery.body == entry.response.body
        awaited = [json.loads(action.line) for action in delivery.actions if isinstance(action, Await)]
        assert awaited == [asked["line"] for asked in entry.request.body]


def test_what_the_user_said():
    made = cassette(talk((0, {"method": "x"}), (4, START)), talk(), kind="jsonl")
    assert inputs(made) == ({"input": "Hi."}, {"input": "hello"})


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ("    ending: fin", "    ending: reset", "/interactions/0/response/ending"),
        ("    command: codex app-server", "    method: POST", "/interactions/0/request"),
        ("    exit_code: 0", "    status: 200", "/interactions/0/response"),
        ("kind: jsonl", "kind: sse", "/interactions/0/response"),
        ("after: 4", "after: -4", "/interactions/0/request/lines/0/after"),
    ],
)
def test_each_kind_has_its_own_members(tmp_path, old, new, pointer):
    folder = written(tmp_path, cassette(talk((4, START)), kind="jsonl"))
    index = folder / "cassette.yaml"
    assert len(re.findall(old, index.read_text())) == 1
    index.write_text(re.sub(old, new, index.read_text()))
    with pytest.raises(CassetteError) as caught:
        load(folder)
    assert caught.value.pointer.startswith(pointer)


@pytest.mark.parametrize("place", ["line", "body", "stderr"])
def test_no_secret_is_written_down(place):
    secret = next(iter(SECRETS.values()))
    words = secret if isinstance(secret, str) else secret.decode()
    made = {
        "line": talk((0, {"method": "x", "params": {"key": words}})),
        "body": talk(body=words.encode() + b"\n", chunks=((0, 0),)),
        "stderr": talk(stderr=f"used {words} in vain"),
    }[place]
    planted = cassette(made, kind="jsonl")
    assert hits(planted)
    assert not hits(redact(planted))
