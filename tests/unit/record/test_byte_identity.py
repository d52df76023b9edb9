"""The recorded cassette plays the very delivery that was served, for any framing, ending, chunking and size."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cassette import delivery_of, load
from harness.delivery import Cut, Delivery, End, Exchange, Framing, Head, Reset, Send
from harness.replay import LoopbackServer
from tests.unit.cassette.planted import delta
from tests.unit.record.taping import ask, taping

EVENT_STREAM = ("content-type", "text/event-stream; charset=utf-8")
CLOSE = ("connection", "close")
PIECES = st.one_of(
    st.binary(min_size=1, max_size=300),
    st.text('data: \r\n{}"\\é', min_size=1, max_size=80).map(str.encode),
    st.integers(0, 99).map(lambda number: delta(f"word{number} ")),
)


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    """What a server can do to a body that a client can tell: anything else looks like one of these."""
    framing = draw(st.sampled_from(Framing))
    sends = [Send(data) for data in draw(st.lists(PIECES, max_size=12))]
    size = sum(len(send.data) for send in sends)
    ending = draw(st.sampled_from([End(), Cut(), Reset()]))
    if framing is Framing.CLOSE and isinstance(ending, Cut):
        ending = End()
    promised = size + draw(st.integers(1, 999)) if framing is Framing.LENGTH and not isinstance(ending, End) else None
    headers = (EVENT_STREAM, *([CLOSE] if framing is Framing.CLOSE or draw(st.booleans()) else []))
    status = draw(st.sampled_from([200, 200, 400, 500, 529]))
    before_head = isinstance(ending, Cut | Reset) and draw(st.integers(0, 9)) == 0
    return Delivery((ending,) if before_head else (Head(status, headers, framing, promised), *sends, ending))


def recorded(served: list[Delivery], out: Path) -> list[Delivery]:
    with LoopbackServer(Exchange({(turn, 0): delivery for turn, delivery in enumerate(served)})) as server:
        with taping(server.base_url, out) as tape:
            for turn in range(len(served)):
                ask(tape.port, f"question {turn}")
            outcome = tape.finish()
        assert not server.transcript().unanswered
    assert outcome.saved == str(out), outcome
    return [delivery_of(entry.response) for entry in load(out).interactions]


def visible(delivery: Delivery) -> Delivery:
    """Without boundaries that the framing does not show."""
    if delivery.head is None or delivery.head.framing is Framing.CHUNKED:
        return delivery
    body = [Send(delivery.body)] if delivery.body else []
    return Delivery((delivery.head, *body, delivery.ending))


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(served=st.lists(deliveries(), min_size=25, max_size=25))
def test_a_recording_plays_what_was_served(served: list[Delivery], tmp_path_factory: pytest.TempPathFactory) -> None:
    again = recorded(served, tmp_path_factory.mktemp("r") / "provider" / "name")
    assert [visible(delivery) for delivery in again] == [visible(delivery) for delivery in served]


def test_a_large_body(tmp_path: Path) -> None:
    piece = delta("x" * 1_000 + " ") * 900
    served = Delivery((Head(200, (EVENT_STREAM,)), Send(piece), Send(piece), End()))
    assert recorded([served], tmp_path / "p" / "n") == [served]


def test_a_body_longer_than_promised_is_kept_in_full(tmp_path: Path) -> None:
    served = Delivery((Head(200, (EVENT_STREAM,), Framing.LENGTH, 3), Send(b"abcdef"), End()))
    assert recorded([served], tmp_path / "p" / "n") == [served]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body(status: int, tmp_path: Path) -> None:
    served = Delivery((Head(status, (("server", "x"),)), End()))
    assert recorded([served], tmp_path / "p" / "n") == [served]
