"""The respx router: for programs that build their own httpx client."""

from __future__ import annotations

import asyncio

import httpx
import httpx2
import pytest
import respx

from harness.clock import VirtualClock
from harness.delivery import Delivery, End, Ending, Exchange, Head, Send, Stall, Wait
from harness.replay import NeverEnds, Player
from harness.replay.router import respx_router
from tests.unit.replay.ways import QUESTION

BASE = "https://api.example.test/v1"
A, B = Send(b"data: a\n\n"), Send(b"data: b\n\n")


def new(*actions: object) -> Player:
    return Player(Exchange.single(Delivery(actions)), VirtualClock())


def test_any_client_and_any_path_below_the_base_is_answered() -> None:
    player = new(Head(), A, Wait(1_000), B, End())
    with respx_router(player, base_url=BASE), httpx.Client(verify=False) as one, httpx.Client(verify=False) as other:
        assert one.post(f"{BASE}/responses", json=QUESTION).content == A.data + B.data
        assert other.post(f"{BASE}/responses/deep/path?x=1", json=QUESTION).content == A.data + B.data
        assert one.get(f"{BASE}/models").status_code == 404
    transcript = player.transcript()
    assert [entry.attempt for entry in transcript.served] == [0, 1]
    assert transcript.served[1].request.target == "/v1/responses/deep/path?x=1"
    assert player.clock.now() == 2.0


@pytest.mark.parametrize("url", ["https://other.example.test/v1/responses", "http://api.example.test/v1/responses"])
def test_any_other_host_is_refused(url: str) -> None:
    player = new(Head(), End())
    with (
        respx_router(player, base_url=BASE),
        httpx.Client(verify=False) as client,
        pytest.raises(respx.models.AllMockedAssertionError),
    ):
        client.post(url, json=QUESTION)
    assert player.transcript().served == ()


def test_a_sync_client_inside_an_event_loop_is_still_a_sync_client() -> None:
    player = new(Head(), A, End())

    async def ask() -> bytes:
        with httpx.Client(verify=False) as client:
            return client.post(f"{BASE}/responses", json=QUESTION).content

    with respx_router(player, base_url=BASE):
        assert asyncio.run(ask()) == A.data


def test_leaving_early_and_never_ending_are_seen_through_it() -> None:
    player = new(Head(), A, Stall())
    with respx_router(player, base_url=BASE), httpx.Client(verify=False, timeout=None) as client:
        with client.stream("POST", f"{BASE}/responses", json=QUESTION) as response:
            next(response.iter_raw())
        with pytest.raises(NeverEnds):
            client.post(f"{BASE}/responses", json=QUESTION)
    assert [entry.ending for entry in player.transcript().served] == [Ending.LEFT, Ending.OPEN]


def test_httpx2_goes_past_it_and_into_the_guard() -> None:
    player = new(Head(), End())
    with (
        respx_router(player, base_url=BASE),
        httpx2.Client(verify=False) as client,
        pytest.raises(httpx2.ConnectError, match="only loopback"),
    ):
        client.post(f"{BASE}/responses", json=QUESTION)
    assert player.transcript().served == ()


def test_httpx_is_itself_again_afterwards() -> None:
    with respx_router(new(Head(), End()), base_url=BASE):
        pass
    with httpx.Client(verify=False) as client, pytest.raises(httpx.ConnectError, match="only loopback"):
        client.post(f"{BASE}/responses", json=QUESTION)
