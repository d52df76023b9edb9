"""The ways a stream falls silent for 900 s, and what a call makes of each: its end, and the virtual second of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import httpx

from harness.clock import VirtualClock
from harness.delivery import Action, Delivery, End, Exchange, Head, Send, Wait
from harness.replay import AsyncReplayTransport, Player, ReplayTransport
from harness.runtime import Callbacks, Client, DeadlineExceeded, Deadlines, Result, Retry
from harness.runtime.aio import AsyncClient
from tests.unit.runtime.scripts import completed, created, message, sse

URL = "http://127.0.0.1:9/v1"
LIMITS = Deadlines(first_byte_s=45, idle_s=300)
FIRST = sse([created()])
REST = sse([*message(0, "m", "Hel", "lo"), completed()])
BEGUN = sse([created(), *message(0, "m", "Hel", "lo")[:3]])
PING = Send(b": ping\n\n")
GOOD = (Head(), Send(FIRST + REST), End())
LONG = Wait(900_000)


class Stalled(NamedTuple):
    answers: tuple[tuple[Action, ...], ...]
    """What each attempt is answered."""
    end: str
    """The text, or the deadline, that comes of it ..."""
    ends_s: float
    """... and when."""


FAMILY = {
    "before the head": Stalled(((LONG, *GOOD),), "first_byte", 45),
    "before the first event": Stalled(((Head(), LONG, *GOOD[1:]),), "first_byte", 45),
    "mid-stream": Stalled(((Head(), Send(FIRST), LONG, Send(REST), End()),), "idle", 300),
    "after the terminal": Stalled(((Head(), Send(FIRST + REST), LONG, End()),), "Hello", 0),
    "keep-alives only": Stalled(((Head(), *[Wait(100_000), PING] * 9, End()),), "first_byte", 45),
    "keep-alives after an event": Stalled(((Head(), Send(FIRST), *[Wait(100_000), PING] * 9, End()),), "idle", 300),
    "a drip slower than the deadline": Stalled(((Head(), *[Send(FIRST), Wait(301_000)] * 3, End()),), "idle", 300),
    "a drip faster than the deadline": Stalled(
        ((Head(), *[Send(FIRST), Wait(299_000)] * 3, Send(REST), End()),), "Hello", 897
    ),
    "then success": Stalled(((Head(), Send(BEGUN), LONG, End()), GOOD), "Hello", 300),
}


@dataclass(frozen=True)
class Told:
    """What became of one call."""

    end: str
    """The text of the answer, or the deadline that passed."""
    took_s: float
    requests: int
    heard: tuple[tuple[float, str, object], ...]
    """What the callbacks were told, each with its virtual second."""


class Sync:
    """The sync client; each call has a virtual time of its own."""

    def __init__(self) -> None:
        self._transport = ReplayTransport(player(next(iter(FAMILY)), VirtualClock()))
        self._http = httpx.Client(transport=self._transport, timeout=None)

    def __call__(self, name: str) -> Told:
        clock = VirtualClock()
        self._transport.player = player(name, clock)
        client = Client(base_url=URL, http_client=self._http, clock=clock, deadlines=LIMITS, retry=patience(name))
        heard, callbacks = listening(clock)
        try:
            end = client.respond(input="hello", callbacks=callbacks)
        except DeadlineExceeded as error:
            end = error
        return told(end, clock.now(), heard)


class Async:
    """The async client; all calls of ``program`` run in one virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._transport = AsyncReplayTransport(player(next(iter(FAMILY)), clock))
        self._http = httpx.AsyncClient(transport=self._transport, timeout=None)
        self._client = AsyncClient(base_url=URL, http_client=self._http, deadlines=LIMITS)

    async def __call__(self, name: str) -> Told:
        began = self._clock.now()
        self._transport.player = player(name, self._clock)
        heard, callbacks = listening(self._clock)
        try:
            end = await self._client.respond(input="hello", callbacks=callbacks, retry=patience(name))
        except DeadlineExceeded as error:
            end = error
        return told(end, self._clock.now() - began, heard)


def player(name: str, clock: VirtualClock) -> Player:
    answers = FAMILY[name].answers
    return Player(Exchange({(0, number): Delivery(actions) for number, actions in enumerate(answers)}), clock)


def patience(name: str) -> Retry:
    return Retry(retries=len(FAMILY[name].answers) - 1)


def listening(clock: VirtualClock) -> tuple[list[tuple[float, str, object]], Callbacks]:
    heard: list[tuple[float, str, object]] = []
    return heard, Callbacks(
        on_event=lambda event: heard.append((clock.now(), "event", event["type"])),
        on_text_delta=lambda text: heard.append((clock.now(), "text", text)),
        on_reset=lambda reason: heard.append((clock.now(), "reset", reason)),
    )


def told(end: Result | DeadlineExceeded, took_s: float, heard: list[tuple[float, str, object]]) -> Told:
    return Told(end.text if isinstance(end, Result) else end.deadline, took_s, end.requests, tuple(heard))
