"""A connection that is held open after the terminal is tried in real time too; one that stalls before it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.campaign.fuzz.drawing import Trial
from harness.campaign.fuzz.ground import grounds
from harness.campaign.fuzz.trying import attempt
from harness.contract import Capabilities, Case
from harness.delivery import Exchange
from harness.mutations import Plan
from tests.unit.campaign.fuzz.planted import cassettes, opened

DEADLINE_MS = Case("", "").deadline_ms


class RealTime:
    """Notes the deadline of the one case it is asked, and answers as the runtime does."""

    name, version = "in-real-time", "1"

    def __init__(self) -> None:
        self.capabilities: Capabilities = replace(opened("runtime").capabilities, simulated_time=False)
        self.deadline_ms: float | None = None

    def run(self, case: Case, exchange: Exchange) -> Any:
        self.deadline_ms = case.deadline_ms
        return opened("runtime").run(case, exchange)

    def close(self) -> None:
        pass


def given(*plan: dict[str, Any]) -> float | None:
    """The deadline of a case with this plan; None when the consumer is not asked."""
    consumer = RealTime()
    ground = min(grounds(cassettes()), key=lambda ground: ground.size)
    tried = attempt(consumer, Trial(ground, Plan.from_json(list(plan))))
    assert not tried.trouble
    assert tried.skipped == (consumer.deadline_ms is None)
    return consumer.deadline_ms


HELD_OPEN: dict[str, Any] = {"finish": {"by": "stall"}}


def test_a_connection_held_open_after_the_terminal_is_nothing_to_wait_for() -> None:
    assert given(HELD_OPEN) == DEADLINE_MS
    assert given({"gzip": {}}, HELD_OPEN) == DEADLINE_MS


@pytest.mark.parametrize("plan", [[{"drop": {"at": "terminal"}}, HELD_OPEN], [{"unanswered": {"by": "stall"}}]])
def test_one_that_stalls_before_it_is_waited_for_by_nobody(plan: list[dict[str, Any]]) -> None:
    assert given(*plan) is None
