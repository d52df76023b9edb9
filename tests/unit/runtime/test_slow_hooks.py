"""A caller that takes its time over an event is no sender that has fallen silent. Time is virtual."""

from __future__ import annotations

import httpx
import pytest

from harness.clock import VirtualClock
from harness.delivery import Delivery, End, Exchange, Head, Send, Wait
from harness.replay import AsyncReplayTransport, Player, ReplayTransport
from harness.runtime import Callbacks, Client, Deadlines, Retry, RuntimeStreamError
from harness.runtime.aio import AsyncClient
from harness.runtime.deadlines import Watch
from harness.virtual_loop import run
from tests.unit.runtime.scripts import completed, created, message, sse

URL = "http://127.0.0.1/v1"
EVENTS = [created(), *message(0, "m", "Hel", "lo"), completed()]
BEGUN, REST = sse(EVENTS[:4]), sse(EVENTS[4:])
PING = Send(b": ping\n\n")


def sync_call(player, clock, **settings):
    with httpx.Client(transport=ReplayTransport(player), timeout=None) as http:
        return Client(base_url=URL, http_client=http, clock=clock, retry=Retry(retries=0)).respond(
            input="hello", **settings
        )


def async_call(player, clock, **settings):
    async def program():
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as http:
            client = AsyncClient(base_url=URL, http_client=http, retry=Retry(retries=0))
            return await client.respond(input="hello", **settings)

    return run(program, clock)


@pytest.fixture(params=[sync_call, async_call], ids=["sync", "async"])
def play(request):
    def play(*actions, hook_s, **limits):
        """What becomes of a call whose first delta keeps a hook busy, and the seconds it took."""
        clock = VirtualClock()
        player = Player(Exchange.single(Delivery(actions)), clock)
        waits = [hook_s]
        hooks = Callbacks(on_text_delta=lambda text: clock.sleep(waits.pop() if waits else 0))
        try:
            outcome = request.param(player, clock, callbacks=hooks, deadlines=Deadlines(**limits))
        except RuntimeStreamError as error:
            outcome = error
        assert clock.pending == 0
        return outcome, clock.now()

    return play


@pytest.mark.parametrize("silence_ms", [0, 299_000, 300_000])
def test_the_time_in_a_hook_is_no_silence(play, silence_ms):
    outcome, took_s = play(Head(), Send(BEGUN), Wait(silence_ms), Send(REST), End(), hook_s=1_000, idle_s=300)
    assert not isinstance(outcome, Exception), outcome
    assert (outcome.text, outcome.requests, took_s) == ("Hello", 1, 1_000 + silence_ms / 1_000)


@pytest.mark.parametrize("pings", [0, 9])
def test_a_silence_begins_when_the_hook_is_done(play, pings):
    silence = [Wait(901_000), *[PING, Wait(100_000)] * pings]
    error, took_s = play(Head(), Send(BEGUN), *silence, Send(REST), End(), hook_s=1_000, idle_s=300)
    assert error.deadline == "idle"
    assert took_s == pytest.approx(1_300, abs=0.01)


def test_the_whole_call_is_over_all_the_same(play):
    error, took_s = play(Head(), Send(BEGUN), Wait(1_000), Send(REST), End(), hook_s=1_000, idle_s=300, total_s=900)
    assert error.deadline == "total"
    assert took_s == pytest.approx(1_000, abs=0.01)


def test_a_whole_answer_in_hand_is_not_thrown_away(play):
    outcome, _ = play(Head(), Send(BEGUN + REST), End(), hook_s=1_000, total_s=900)
    assert outcome.text == "Hello"


def test_while_a_hook_runs_only_the_whole_call_can_end():
    watch = Watch(Deadlines(first_byte_s=45, idle_s=300, total_s=3_600), called=0, opened=0)
    watch.last, watch.taking = 10, True
    assert (watch.exceeded(3_599), watch.look_at(1_000), watch.look_at(3_500)) == (None, 1_300, 3_600)
    assert watch.exceeded(3_600).deadline == "total"
    watch.taking = False
    assert (watch.exceeded(310).deadline, watch.look_at(20)) == ("idle", 310)
