"""Which errors are asked again, what a shared budget lets through, and what a single call may have of its own."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from harness.clock import VirtualClock
from harness.runtime import (
    DeadlineExceeded,
    Deadlines,
    HTTPStatusError,
    Retry,
    RetryBudget,
    StreamErrorEvent,
    TransportFailed,
    TruncatedStream,
)
from harness.runtime.aio import AsyncClient
from tests.unit.runtime.scripts import answer, ask, client, completed, created, message, sse

GOOD = sse([created(), *message(0, "m", "Hel", "lo"), completed()])
REFUSED = httpx.ConnectError("refused")


def status(number: int, message: str = "", **fields) -> HTTPStatusError:
    return HTTPStatusError(message, status=number, **fields)


class TestWhichErrors:
    @pytest.mark.parametrize(
        ("error", "again"),
        [
            (TransportFailed("x"), True),
            (DeadlineExceeded("first_byte", 45, 0), True),
            (DeadlineExceeded("idle", 300, 4), True),
            (DeadlineExceeded("total", 60, 4), False),
            (TruncatedStream("x"), False),
            (status(503), False),
            (StreamErrorEvent("x", code="server_error"), False),
        ],
    )
    def test_by_default_those_of_the_transport(self, error, again):
        assert Retry().allows(error, 1) is again

    def test_a_listed_status_unless_asking_again_is_no_use(self):
        retry = Retry(statuses=frozenset({429, 503}))
        assert retry.allows(status(429, "slow down"), 1)
        assert retry.allows(status(503), 1)
        assert not retry.allows(status(429, "x", code="insufficient_quota"), 1)
        assert not retry.allows(status(429, "x", code="usage_not_included"), 1)

    def test_a_listed_kind_wherever_it_was_said(self):
        retry = Retry(kinds=frozenset({"server", "truncated"}))
        assert retry.allows(StreamErrorEvent("x", code="server_error"), 1)
        assert retry.allows(TruncatedStream("x"), 1)
        assert not retry.allows(TransportFailed("x"), 1)
        assert not Retry(kinds=frozenset({"billing"})).allows(status(402), 1)


class TestBudget:
    def test_so_many_in_a_window(self):
        budget = RetryBudget(2, window_s=10)
        assert [budget.take(now) for now in (0, 4, 5, 9.9, 10, 13.9, 14, 14)] == [
            *[True, True, False, False],
            *[True, False, True, False],
        ]

    @pytest.mark.parametrize(("retries", "window_s"), [(-1, 1), (1, 0), (1, -1), (1, float("nan"))])
    def test_a_budget_that_is_none_is_refused(self, retries, window_s):
        with pytest.raises(ValueError, match="budget"):
            RetryBudget(retries, window_s)

    def test_is_shared_by_calls_and_told_apart_from_their_own_limit(self):
        clock = VirtualClock()
        retry = Retry(retries=3, budget=RetryBudget(4, window_s=60))
        asked = []
        for _ in range(3):
            with pytest.raises(TransportFailed) as caught:
                ask(REFUSED, clock=clock, retry=retry)
            asked.append(caught.value.requests)
        assert asked == [4, 2, 1]
        clock.sleep(60)
        assert ask(REFUSED, answer(GOOD), clock=clock, retry=retry).requests == 2

    def test_is_not_touched_by_a_retry_that_is_not_made(self):
        budget = RetryBudget(1, window_s=60)
        retry = Retry(budget=budget)
        busy = answer(b"{}", 503)
        with pytest.raises(HTTPStatusError):
            ask(busy, clock=VirtualClock(), retry=retry)
        with pytest.raises(TransportFailed):
            ask(REFUSED, clock=VirtualClock(), retry=Retry(base_s=9, budget=budget), deadlines=Deadlines(total_s=1))
        assert budget.take(0)


class TestOneCallsOwn:
    def test_retry_and_deadlines_take_the_place_of_the_clients(self):
        seen: list[float | None] = []

        def refuse(request):
            seen.append(request.extensions["timeout"]["read"])
            raise REFUSED

        settings = {"retry": Retry(retries=0), "deadlines": Deadlines(first_byte_s=4)}
        ours = client(refuse, clock=VirtualClock(), **settings)
        own = {"retry": Retry(retries=2), "deadlines": Deadlines(first_byte_s=3)}
        asked = []
        for given in ({}, own, {}):
            with pytest.raises(TransportFailed) as caught:
                ours.respond(input="hello", **given)
            asked.append(caught.value.requests)
        assert asked == [1, 3, 1]
        assert [round(seconds, 1) for seconds in seen] == [4, 3, 3, 3, 4]

    def test_of_an_async_client_too(self):
        async def ask_twice() -> list[int]:
            def refuse(request):
                raise REFUSED

            requests = []
            async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as http:
                ours = AsyncClient(base_url="http://127.0.0.1/v1", http_client=http, retry=Retry(retries=0))
                for own in ({}, {"retry": Retry(retries=2)}):
                    with pytest.raises(TransportFailed) as caught:
                        await ours.respond(input="hello", **own)
                    requests.append(caught.value.requests)
            return requests

        assert asyncio.run(ask_twice()) == [1, 3]
