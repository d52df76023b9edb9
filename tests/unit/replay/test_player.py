"""Which delivery answers a request, and what the transcript says of it."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from typing import Any

import pytest

from harness.clock import VirtualClock
from harness.delivery import Cut, Delivery, End, Ending, Exchange, Head, Request, Send
from harness.delivery.seating import Seating
from harness.replay import Player

FIRST, RETRIED, SECOND = (
    Delivery((Head(), Send(b"first"), Cut())),
    Delivery((Head(), Send(b"retried"), End())),
    Delivery((Head(), Send(b"second"), End())),
)
EXCHANGE = Exchange({(0, 0): FIRST, (0, 1): RETRIED, (1, 0): SECOND})
HELLO = {"role": "user", "content": "hello"}
CALL = {"type": "function_call_output", "call_id": "c", "output": "42"}


def post(document: Any) -> Request:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Request("POST", "/v1/responses", (), body)


def player() -> Player:
    return Player(EXCHANGE, VirtualClock())


@pytest.mark.parametrize(
    ("requests", "places"),
    [
        ([{"input": "a"}], [(0, 0)]),
        ([{"input": "a"}, {"input": "a"}], [(0, 0), (0, 1)]),
        ([{"input": [HELLO]}, {"input": [HELLO, CALL]}], [(0, 0), (1, 0)]),
        ([{"input": [HELLO]}, {"input": [CALL]}], [(0, 0), (1, 0)]),
        (
            [{"input": [HELLO]}, {"input": [HELLO]}, {"input": [CALL]}, {"input": [CALL]}],
            [(0, 0), (0, 1), (1, 0), (1, 1)],
        ),
        ([{"input": "a", "model": "x"}, {"input": "a", "model": "y", "stream": True}], [(0, 0), (0, 1)]),
        ([{"input": "a"}, {"input": "a", "previous_response_id": "r1"}], [(0, 0), (1, 0)]),
        ([{"messages": [HELLO]}, {"messages": [HELLO]}, {"messages": [HELLO, CALL]}], [(0, 0), (0, 1), (1, 0)]),
        # Leaving out what was refused asks again; anything that is new, or another order, goes on.
        ([{"input": [HELLO, CALL]}, {"input": [HELLO]}], [(0, 0), (0, 1)]),
        ([{"input": [{**CALL, "id": "x"}]}, {"input": [CALL]}], [(0, 0), (0, 1)]),
        ([{"input": [CALL]}, {"input": [{**CALL, "id": "x"}]}], [(0, 0), (1, 0)]),
        ([{"input": [HELLO, CALL]}, {"input": [CALL, HELLO]}], [(0, 0), (1, 0)]),
        ([{"input": [HELLO]}, {"input": []}], [(0, 0), (1, 0)]),
        ([{"input": [HELLO, CALL]}, {"input": [HELLO], "previous_response_id": "r1"}], [(0, 0), (1, 0)]),
        ([{"input": "hello there"}, {"input": "hello"}], [(0, 0), (1, 0)]),
        ([b"not json", b"not json", b"other"], [(0, 0), (0, 1), (1, 0)]),
        ([b"", b""], [(0, 0), (0, 1)]),
        ([b'{"input": "a"}', b'{ "input":"a" }'], [(0, 0), (0, 1)]),
        ([{"model": "x"}, {"model": "y"}], [(0, 0), (1, 0)]),
        ([[1], [1]], [(0, 0), (0, 1)]),
    ],
    ids=str,
)
def test_new_conversation_opens_a_turn_and_the_same_is_another_attempt(requests: list, places: list) -> None:
    one = player()
    assert [(serving.turn, serving.attempt) for serving in map(one.admit, map(post, requests))] == places


def test_attempts_and_turns_get_their_own_deliveries() -> None:
    one = player()
    asked = ["a", "a", "a", "b"]
    assert [one.admit(post({"input": text})).delivery for text in asked] == [FIRST, RETRIED, RETRIED, SECOND]


def test_a_request_beyond_the_last_turn_is_answered_599_and_told_apart() -> None:
    one = player()
    for text in ("a", "b"):
        one.admit(post({"input": text}))
    beyond = one.admit(post({"input": "c"}))
    assert beyond.delivery.head is not None
    assert beyond.delivery.head.status == 599
    assert "2 turn(s)" in json.loads(beyond.delivery.body)["error"]["message"]
    again = one.admit(post({"input": "c"}))
    assert again.delivery.head == beyond.delivery.head
    transcript = one.transcript()
    assert [entry.turn for entry in transcript.served] == [0, 1]
    assert transcript.unanswered == (beyond.request, again.request)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_other_methods_are_not_part_of_the_conversation(method: str) -> None:
    one = player()
    serving = one.admit(Request(method, "/v1/models", (), b""))
    assert serving.delivery.head is not None
    assert serving.delivery.head.status == 404
    assert one.admit(post({"input": "a"})).turn == 0
    transcript = one.transcript()
    assert [entry.request.method for entry in transcript.served] == ["POST"]
    assert transcript.unanswered == ()


def test_a_transcript_can_be_taken_at_any_moment() -> None:
    clock = VirtualClock(start=1000.0)
    one = Player(EXCHANGE, clock)
    clock.sleep(0.25)
    serving = one.admit(post({"input": "a"}))
    before = one.transcript().served[0]
    clock.sleep(0.5)
    serving.took_head()
    serving.took(3)
    during = one.transcript().served[0]
    serving.over(Ending.CUT)
    clock.sleep(0.5)
    serving.over(Ending.LEFT)
    after = one.transcript().served[0]
    assert (before.ending, before.taken, before.head_taken, before.opened_ms) == (Ending.OPEN, 0, False, 250.0)
    assert (during.ending, during.body, during.head_taken, during.closed_ms) == (Ending.OPEN, b"fir", True, 750.0)
    assert (after.ending, after.body, after.closed_ms) == (Ending.CUT, b"fir", 750.0)


def test_requests_from_many_threads_are_each_counted_once() -> None:
    one = Player(Exchange.single(FIRST), VirtualClock())
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        for _ in range(50):
            one.admit(post({"input": "a"}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.attempt for entry in one.transcript().served) == list(range(400))


def test_a_response_that_is_collected_while_the_next_is_admitted_holds_nobody_up() -> None:
    one = player()
    first = one.admit(post({"input": "a"}))
    done = threading.Event()

    def collected_in_the_middle() -> None:
        # The garbage collector runs finalizers in whatever thread allocates, whatever that thread holds.
        with first._watch.lock:
            first.over(Ending.LEFT)
        done.set()

    threading.Thread(target=collected_in_the_middle, daemon=True).start()
    assert done.wait(10)
    assert one.transcript().served[0].ending is Ending.LEFT


def test_a_player_that_is_dropped_is_gone_with_all_it_served() -> None:
    one = player()
    serving = one.admit(post({"input": "a"}))
    serving.over(Ending.LEFT)
    kept = weakref.ref(one), weakref.ref(serving)
    gc.disable()
    try:
        del one, serving
        assert [known() for known in kept] == [None, None]
    finally:
        gc.enable()


def test_conversations_of_different_shapes_are_different_turns() -> None:
    seating = Seating()
    assert [seating.seat(body) for body in ([1], [1, 2], {"input": "a"}, [1])] == [(0, 0), (1, 0), (2, 0), (3, 0)]
