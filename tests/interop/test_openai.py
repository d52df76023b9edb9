"""The openai SDK in environments of its own: the release that null output broke, and the newest.

CI runs 2.24.0 alone; the newest is looked up on the index, so it is slow.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.consumers import environments, probe
from harness.consumers.base import Consumer
from harness.consumers.registry import open_consumer
from harness.contract import Case, Turn
from harness.delivery import Cut
from tests.unit.consumers import served

pytestmark = pytest.mark.interop

CASE = Case("case-1", "", deadline_ms=60_000)


def opened(entry: str, version: str) -> Consumer:
    environment = environments.install(f"openai=={version}" if version != environments.NEWEST else "openai")
    return open_consumer(f"{entry}=={environment.version}")


@pytest.fixture(scope="module")
def old() -> Iterator[Consumer]:
    consumer = opened("openai-stream", "2.24.0")
    yield consumer
    consumer.close()


@pytest.fixture(scope="module")
def newest() -> Iterator[Consumer]:
    consumer = opened("openai-stream", environments.NEWEST)
    yield consumer
    consumer.close()


def outcome_of(consumer: Consumer, *arguments: object) -> Turn:
    (turn,) = consumer.run(CASE, served.once(*arguments)).outcome.turns  # type: ignore[arg-type]
    return turn


def raised(turn: Turn) -> tuple[str, str]:
    assert turn.ended == "raised"
    assert turn.failure is not None
    return turn.failure.chain[0].type, turn.failure.chain[0].message


def test_the_old_helper_assembles_a_healthy_stream(old: Consumer) -> None:
    observation = old.run(CASE, probe.EXCHANGE)
    assert probe.complaint(observation.outcome, old.capabilities) is None
    left = observation.outcome.leftovers
    assert (left.threads, left.sockets, left.processes) == (0, 0, 0)


@pytest.mark.parametrize("output", [None, ...], ids=["null", "missing"])
def test_the_old_helper_dies_of_null_output(old: Consumer, output: object) -> None:
    turn = outcome_of(old, served.terminal(output=output))
    assert raised(turn) == ("TypeError", "'NoneType' object is not iterable")
    assert "".join(callback.data for callback in turn.trace if callback.kind == "text") == probe.TEXT


def test_the_old_helper_lets_the_http_librarys_errors_through(old: Consumer) -> None:
    assert raised(outcome_of(old, served.healthy()[:5], Cut()))[0] == "httpx.RemoteProtocolError"


def test_the_raw_loop_hands_the_error_frame_out() -> None:
    consumer = opened("openai-raw", "2.24.0")
    turn = outcome_of(consumer, [{"type": "error", "code": "quota", "message": "no credits", "param": None}])
    consumer.close()
    assert (turn.ended, turn.items, turn.text, turn.status) == ("returned", None, None, None)
    assert [callback.kind for callback in turn.trace] == ["event"]
    assert "no credits" in turn.trace[0].data


def test_two_turns_are_one_conversation(old: Consumer) -> None:
    case = Case("case-1", "", ({"input": "look"}, {"input": "and now?"}), deadline_ms=60_000)
    observation = old.run(case, served.call_then_healthy())
    assert [turn.ended for turn in observation.outcome.turns] == ["returned", "returned"]
    assert observation.outcome.turns[1].text == probe.TEXT
    assert b"function_call_output" in observation.transcript.served[1].request.body


@pytest.mark.slow
@pytest.mark.parametrize("output", [None, ...], ids=["null", "missing"])
def test_the_newest_helper_survives_null_output(newest: Consumer, output: object) -> None:
    turn = outcome_of(newest, served.terminal(output=output))
    assert (turn.ended, turn.status, turn.text) == ("returned", "completed", probe.TEXT)


@pytest.mark.slow
def test_the_newest_helper_wraps_the_http_librarys_errors(newest: Consumer) -> None:
    assert raised(outcome_of(newest, served.healthy()[:5], Cut()))[0] == "openai.APIConnectionError"
