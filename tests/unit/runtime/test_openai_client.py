"""The openai SDK as a source: nothing in it decides what the runtime decides."""

from __future__ import annotations

import sys

import pytest

from harness.clock import VirtualClock
from harness.delivery import Delivery, End, Exchange, Framing, Head, Send
from harness.replay import Player
from harness.runtime import HTTPStatusError, run_stream
from harness.runtime.sdk import create_openai_client
from tests.unit.runtime.scripts import completed, created, message, sse

httpx2 = pytest.importorskip("httpx2", reason="the SDK is an extra")
BUSY = Delivery((Head(500, (), Framing.LENGTH), Send(b"{}"), End()))
GOOD = Delivery((Head(), Send(sse([created(), *message(0, "m", "Hello"), completed()])), End()))


def client_of(*deliveries):
    from harness.replay.over_httpx2 import ReplayTransport

    player = Player(Exchange({(0, number): each for number, each in enumerate(deliveries)}), VirtualClock())
    http = httpx2.Client(transport=ReplayTransport(player))
    return player, create_openai_client(
        base_url="http://replayed.invalid/v1", api_key="k", headers={"x-team": "t"}, http_client=http
    )


def test_it_is_a_source_and_sends_what_it_is_told():
    player, client = client_of(GOOD)
    result = run_stream(lambda: client.responses.create(model="m", input="hello", stream=True))
    assert result.text == "Hello"
    headers = dict(player.transcript().served[0].request.headers)
    assert (headers["x-team"], headers["authorization"]) == ("t", "Bearer k")


def test_it_never_asks_again_by_itself():
    player, client = client_of(BUSY, GOOD)
    with pytest.raises(HTTPStatusError):
        run_stream(lambda: client.responses.create(model="m", input="hello", stream=True))
    assert len(player.transcript().served) == 1


def test_it_never_gives_up_a_silent_stream_by_itself():
    _, client = client_of(GOOD)
    assert client.timeout.read is None
    assert client.timeout.connect == 15


def test_without_the_sdk_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ImportError, match=r"pip install 'stream-harness\[openai\]'"):
        create_openai_client(base_url="http://replayed.invalid/v1", api_key="k")
