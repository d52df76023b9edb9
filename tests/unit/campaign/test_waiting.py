"""Which silences a program outside of simulated time is given, and when a run says nothing about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.campaign.fuzz.trying import REAL_TIME_MS
from harness.campaign.waiting import observe, unfit
from harness.consumers import probe
from harness.consumers.base import NoVerdict, Observation
from harness.contract import Capabilities, Case, Outcome
from harness.contract.capabilities import Deadlines
from harness.delivery import Delivery, End, Exchange, Head, Send, Stall, Transcript, Wait

REAL = Capabilities(requests_per_turn=2, deadlines=Deadlines(first_byte_ms=120_000, idle_ms=12_000))
HURRIED = replace(REAL, time_scale=50)
SIMULATED = replace(REAL, simulated_time=True)
EVENTS = list(probe.sends(probe.events()))
BUDGET_MS = 20_000


def waiting(*waits_ms: float, ending: End | Stall | None = None) -> Exchange:
    """A silence before each of the first events."""
    silences = [(Wait(ms), event) for ms, event in zip(waits_ms, EVENTS, strict=False)]
    actions = [action for pair in silences for action in pair]
    return Exchange.single(Delivery((Head(), *actions, ending or End())))


def keeping_alive(every_ms: float, times: int) -> Exchange:
    pauses = [action for _ in range(times) for action in (Wait(every_ms), Send(b": ping\n\n"))]
    return Exchange.single(Delivery((Head(), EVENTS[0], *pauses, *EVENTS[1:], End())))


STALLED = waiting(0, ending=Stall())


@pytest.mark.parametrize(
    ("capabilities", "exchange", "timeouts", "reason"),
    [
        (SIMULATED, waiting(900_000, 12_000), {}, ""),
        (REAL, waiting(900_000), {}, "it takes 900 s, and the consumer cannot simulate time"),
        (HURRIED, waiting(900_000), {}, ""),
        (HURRIED, waiting(1_200_000), {}, "it takes 1200 s, and the consumer is hurried 50 times at most"),
        (REAL, STALLED, {}, "it takes 120 s, and the consumer cannot simulate time"),
        (REAL, STALLED, {"first_byte_ms": 4_000, "idle_ms": 3_000}, ""),
        (REAL, STALLED, {"idle_ms": 3_000}, "it takes 120 s, and the consumer cannot simulate time"),
        (HURRIED, STALLED, {}, ""),
        (HURRIED, waiting(118_001), {}, "a silence is within 1.999 s of a deadline: how busy the machine is would decide"),
        (HURRIED, waiting(118_000), {}, ""),
        (HURRIED, waiting(13_500), {}, "a silence is within 1.5 s of a deadline: how busy the machine is would decide"),
        (HURRIED, waiting(0, 44_000), {"idle_ms": 45_000}, "a silence is within 1 s of a deadline"),
        (HURRIED, keeping_alive(11_000, 30), {}, "a silence is within 1 s of a deadline"),
        (HURRIED, keeping_alive(10_000, 12), {}, "a silence is within 0 s of a deadline"),
        (HURRIED, keeping_alive(10_000, 30), {}, ""),
        (HURRIED, waiting(30_000, 30_000), {"total_ms": 61_000}, "a silence is within 1 s of a deadline"),
        (HURRIED, waiting(30_000, 30_000), {"total_ms": 63_000}, ""),
        (replace(HURRIED, deadlines=Deadlines()), STALLED, {}, ""),
    ],
)  # fmt: skip
def test_what_a_program_is_not_asked(capabilities, exchange, timeouts, reason):
    found = unfit(Case("case-1", "", timeouts=timeouts), exchange, capabilities, BUDGET_MS)
    assert found.startswith(reason) if reason else found == ""


def test_a_campaign_gives_no_endless_silence_to_who_has_no_deadline():
    patient = replace(REAL, deadlines=Deadlines())
    assert unfit(Case("case-1", ""), STALLED, patient, REAL_TIME_MS)
    assert unfit(Case("case-1", ""), waiting(2_000), REAL, REAL_TIME_MS)
    assert not unfit(Case("case-1", ""), waiting(40_000), HURRIED, REAL_TIME_MS)


class Disturbed:
    """Has so much undue time in each run."""

    name, version = "disturbed", "1"

    def __init__(self, *undue_ms: float, capabilities: Capabilities = HURRIED) -> None:
        self.capabilities = capabilities
        self._undue_ms = list(undue_ms)
        self.deadlines_ms: list[float] = []

    def run(self, case, exchange):
        self.deadlines_ms.append(case.deadline_ms)
        return Observation(Outcome(self.name, self.version, ()), Transcript(()), self._undue_ms.pop(0))

    def close(self) -> None: ...


def test_a_run_in_which_more_passed_than_a_deadline_is_away_is_run_again():
    consumer = Disturbed(48_000, 47_999)
    # Of the deadlines, 12 s and 120 s, the nearer is 48 s away from this silence.
    assert observe(consumer, Case("case-1", ""), waiting(60_000)).undue_ms == 47_999


def test_a_machine_that_is_always_in_the_way_leaves_no_verdict():
    with pytest.raises(NoVerdict, match=r"50\.0 s passed .* 48 s would reach a deadline; 3 runs"):
        observe(Disturbed(90_000, 90_000, 50_000), Case("case-1", ""), waiting(60_000))


@pytest.mark.parametrize(
    ("capabilities", "exchange", "timeouts", "deadline_ms"),
    [
        (SIMULATED, STALLED, {}, 20_000),
        (REAL, waiting(1_000), {}, 24_000),
        (REAL, STALLED, {"first_byte_ms": 4_000, "idle_ms": 3_000}, 36_000),
        (HURRIED, STALLED, {"first_byte_ms": 4_000, "idle_ms": 3_000}, 500_000),
    ],
)
def test_nobody_hangs_before_all_deadlines_have_passed_twice_in_every_request(
    capabilities, exchange, timeouts, deadline_ms
):
    consumer = Disturbed(0, capabilities=capabilities)
    observe(consumer, Case("case-1", "", timeouts=timeouts), exchange)
    assert consumer.deadlines_ms == [deadline_ms]
