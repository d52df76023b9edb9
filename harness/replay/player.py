"""The heart shared by all ways of playing: which delivery answers a request, and what became of it.

It does no input or output. A transport or a server admits a request, walks the script of the delivery it is
given, and reports each thing the client got; the transcript can be taken at any moment, from any thread.
"""

from __future__ import annotations

import threading

import orjson

from harness.clock import Clock
from harness.delivery import Delivery, End, Ending, Exchange, Framing, Head, Request, Send, Served, Transcript
from harness.delivery.seating import Seating


class NeverEnds(BaseException):
    """The delivery stalls for ever and the consumer set no deadline: in real time it would hang.

    Not an Exception, lest the consumer takes it for an error of the stream and handles it.
    """


class _Watch:
    """The case's own time, and the lock of all its records.

    Players know their servings, servings know this, and nobody knows a player: it makes no cycle, so it is gone when
    it is dropped. Cases that wait for the garbage collector cost those that follow the processor's caches.
    """

    def __init__(self, clock: Clock) -> None:
        # The garbage collector may close an abandoned response of this case in the middle of anything, also in here.
        self.lock = threading.RLock()
        self._clock = clock
        self._start = clock.now()

    def elapsed_ms(self) -> float:
        return (self._clock.now() - self._start) * 1000


class Serving:
    """One request being answered: the growing record behind a ``Served``. The first ending reported stays."""

    def __init__(self, watch: _Watch, turn: int, attempt: int, request: Request, delivery: Delivery) -> None:
        self.turn = turn
        self.attempt = attempt
        self.request = request
        self.delivery = delivery
        self.taken = 0
        self.head_taken = False
        self.ending: Ending | None = None
        self._watch = watch
        self._opened_ms = watch.elapsed_ms()
        self._closed_ms = self._opened_ms

    def took_head(self) -> None:
        self.head_taken = True

    def took(self, count: int) -> None:
        """The client got ``count`` more body bytes."""
        self.taken += count

    def over(self, ending: Ending, *, taken: int | None = None) -> None:
        """It ended; ``taken`` is the true count of body bytes, where more were sent than arrived."""
        with self._watch.lock:
            if self.ending is None:
                self._closed_ms = self._watch.elapsed_ms()
                self.ending = ending
                self.taken = self.taken if taken is None else taken

    def served(self) -> Served:
        """The record as of now."""
        with self._watch.lock:
            running = self.ending is None
            return Served(
                self.turn,
                self.attempt,
                self.request,
                self.delivery,
                self.taken,
                self.head_taken,
                self.ending or Ending.OPEN,
                self._opened_ms,
                self._watch.elapsed_ms() if running else self._closed_ms,
            )


class Player:
    """Plays one exchange, once: make a new one for every case. Times run from its making, in ms of ``clock``."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self.exchange = exchange
        self.clock = clock
        self._watch = _Watch(clock)
        self._seating = Seating()
        self._servings: list[Serving] = []
        self._unanswered: list[Request] = []

    def admit(self, request: Request) -> Serving:
        """Decide what answers a request.

        A POST takes the turn and attempt that ``Seating`` gives it. One beyond the last turn gets HTTP 599, and any
        other method 404: neither is served.
        """
        if request.method != "POST":
            return self._refuse(404, request, "only POST requests are replayed")
        with self._watch.lock:
            turn, attempt = self._seating.seat(request.body)
            delivery = self.exchange.answer(turn, attempt)
            if delivery is None:
                self._unanswered.append(request)
                return self._refuse(599, request, f"the exchange has {self.exchange.turns} turn(s), this is one more")
            serving = Serving(self._watch, turn, attempt, request, delivery)
            self._servings.append(serving)
            return serving

    def transcript(self) -> Transcript:
        with self._watch.lock:
            servings, unanswered = tuple(self._servings), tuple(self._unanswered)
        return Transcript(tuple(serving.served() for serving in servings), unanswered)

    @property
    def open(self) -> int:
        """How many deliveries nobody has ended: neither they themselves nor the client."""
        with self._watch.lock:
            return sum(serving.ending in {None, Ending.OPEN} for serving in self._servings)

    def _refuse(self, status: int, request: Request, why: str) -> Serving:
        return Serving(
            self._watch, -1, 0, request, refusal(status, "not_replayed", f"{request.method} {request.target}: {why}")
        )


def refusal(status: int, code: str, message: str) -> Delivery:
    """The harness's own answer to a request that no delivery answers."""
    body = orjson.dumps({"error": {"type": "harness", "code": code, "message": message}})
    headers = (("content-type", "application/json"), ("connection", "close"))
    return Delivery((Head(status, headers, Framing.LENGTH), Send(body), End()))
