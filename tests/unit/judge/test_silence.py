"""Who may leave a delivery before its end."""

from math import inf

import pytest

from harness.contract import Capabilities, Case, Deadlines
from harness.delivery import Cut, Delivery, End, Head, Send, Stall, Wait
from harness.judge.silence import Patience, Silences

EVENT, PING, EMPTY = Send(b'data: {"type": "x"}\n\n'), Send(b": ping\n\n"), Send(b"event: x\ndata:\n\n")
HALVES = Send(b"data: {}"), Send(b"\n\n")
OWN = Deadlines(first_byte_ms=45_000, idle_ms=300_000)


@pytest.mark.parametrize(
    ("actions", "silences"),
    [
        ((Head(), EVENT, End()), (0, 0, 0)),
        ((Wait(5), Head(), Wait(6), EVENT, Wait(7), EVENT, Wait(2), Cut()), (11, 7, 20)),
        ((Head(), Wait(5), PING, Wait(5), PING, Wait(5), EVENT, End()), (15, 0, 15)),
        ((Head(), EVENT, Wait(4), PING, Wait(4), EVENT, Wait(3), EVENT, End()), (0, 8, 11)),
        ((Head(), EMPTY, Wait(9), EVENT, Wait(4), EMPTY, Wait(4), EVENT, End()), (9, 8, 17)),
        ((Head(), EVENT, Wait(4), HALVES[0], Wait(4), HALVES[1], End()), (0, 8, 8)),
        ((Head(), EVENT, Wait(3), End()), (0, 3, 3)),
        ((Stall(),), (inf, 0, inf)),
        ((Head(), Wait(5), EVENT, Stall()), (5, inf, inf)),
    ],
)
def test_silences_last_from_event_to_event(actions, silences):
    found = Silences.of(Delivery(actions))
    assert (found.first_ms, found.later_ms, found.total_ms) == silences


@pytest.mark.parametrize(
    ("capabilities", "timeouts", "patience"),
    [
        (Capabilities(), {}, (inf, inf, inf)),
        (Capabilities(deadlines=OWN), {}, (45_000, 45_000, inf)),
        (Capabilities(deadlines=OWN), {"idle_ms": 9, "total_ms": 50}, (9, 9, 50)),
        (Capabilities(deadlines=OWN, watchdog=True), {}, (45_000, 300_000, inf)),
        (Capabilities(deadlines=OWN, watchdog=True), {"first_byte_ms": 90_000}, (90_000, 300_000, inf)),
        (Capabilities(deadlines=OWN, watchdog=True), {"read_ms": 30_000}, (30_000, 30_000, inf)),
        (Capabilities(deadlines=Deadlines(total_ms=60)), {}, (inf, inf, 60)),
    ],
)
def test_patience_is_what_the_deadlines_leave(capabilities, timeouts, patience):
    found = Patience.of(capabilities, Case("c", "", timeouts=timeouts))
    assert (found.first_ms, found.later_ms, found.total_ms) == patience
    assert found.silence_ms == min(patience[:2])


@pytest.mark.parametrize(
    ("patience", "ends"),
    [
        (Patience(), False),
        (Patience(first_ms=11), True),
        (Patience(first_ms=12, later_ms=7), True),
        (Patience(first_ms=12, later_ms=8, total_ms=21), False),
        (Patience(total_ms=20), True),
        (Patience(total_ms=30).after(10), True),
    ],
)
def test_a_deadline_that_passes_ends_it(patience, ends):
    delivery = Delivery((Wait(11), Head(), EVENT, Wait(7), EVENT, Wait(2), End()))
    assert patience.ends_in(delivery) is ends
