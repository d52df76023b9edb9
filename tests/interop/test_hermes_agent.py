"""The real hermes-agent, before and after its Responses runtime stopped rebuilding the answer from the terminal frame.

One row a fault: what release 0.14.0 makes of it, and what the newest does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.campaign.library import Library
from harness.campaign.run import run_case
from harness.consumers import environments, probe
from harness.consumers.base import Consumer
from harness.consumers.registry import open_consumer
from harness.contract import Case, Turn
from harness.delivery import Cut, Delivery, Exchange, Head, Stall
from harness.judge import Mark, failures
from tests.unit.consumers import served

pytestmark = [pytest.mark.interop, pytest.mark.slow]

CASE = Case("case-1", "", deadline_ms=60_000)
ASSEMBLED = "assembled"
FLAT: dict[str, Any] = {"type": "error", "code": "quota", "message": "no credits left", "param": None}
NESTED = {"type": "error", "error": {"type": "x", "code": "quota", "message": "no credits left"}}


@dataclass(frozen=True)
class Row:
    """What each release makes of one fault: ASSEMBLED, or the error's type and a part of its text; and the requests."""

    exchange: Exchange
    before: str
    after: str
    requests: tuple[int, int] = (1, 1)


def _created(**response: Any) -> Exchange:
    return served.once(
        served.changed("response.created", lambda event: {**event, "response": {**event["response"], **response}})
    )


ROWS = {
    "healthy": Row(probe.EXCHANGE, ASSEMBLED, ASSEMBLED),
    "output null": Row(
        served.once(served.terminal(output=None)), "TypeError: 'NoneType' object is not iterable", ASSEMBLED
    ),
    "output missing": Row(
        served.once(served.terminal(output=...)), "TypeError: 'NoneType' object is not iterable", ASSEMBLED
    ),
    "output a string": Row(
        served.once(served.terminal(output="oops")), "AttributeError: 'str' object has no attribute 'type'", ASSEMBLED
    ),
    "created.output null": Row(
        _created(output=None), "AttributeError: 'NoneType' object has no attribute 'append'", ASSEMBLED
    ),
    "flat error frame first": Row(
        served.once([FLAT]),
        "RuntimeError: Responses create(stream=True) fallback did not emit a terminal response",
        "run_agent._StreamErrorEvent: no credits left",
        (3, 1),
    ),
    "nested error frame first": Row(
        served.once([NESTED]), "openai.APIError: no credits left", "openai.APIError: no credits left"
    ),
    "nothing, then the end": Row(
        served.once([]),
        "RuntimeError: Responses create(stream=True) fallback did not emit a terminal response",
        "RuntimeError: Codex Responses stream did not emit a terminal response",
        (3, 1),
    ),
    "chunked body cut": Row(
        served.once(served.healthy()[:5], Cut()), "httpx.RemoteProtocolError: ", "httpx.RemoteProtocolError: ", (3, 2)
    ),
}


def _opened(spec: str, entry: str = "hermes-agent") -> Iterator[Consumer]:
    environment = environments.install(spec)
    consumer = open_consumer(f"{entry}=={environment.version}")
    yield consumer
    consumer.close()


@pytest.fixture(scope="module")
def before() -> Iterator[Consumer]:
    yield from _opened("hermes-agent==0.14.0")


@pytest.fixture(scope="module")
def after() -> Iterator[Consumer]:
    yield from _opened("hermes-agent")


def came_to(turn: Turn) -> str:
    """The turn in one line, to be compared with a row."""
    if turn.ended == "raised":
        assert turn.failure is not None
        return f"{turn.failure.chain[0].type}: {turn.failure.chain[0].message}"
    texts = [item.text for item in turn.items or ()]
    whole = (turn.ended, turn.status, texts) == ("returned", "completed", [probe.TEXT])
    return ASSEMBLED if whole else repr(turn)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_before(before: Consumer, row: Row) -> None:
    observation = before.run(CASE, row.exchange)
    assert came_to(observation.outcome.turns[0]).startswith(row.before)
    assert len(observation.transcript.served) == row.requests[0]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_after(after: Consumer, row: Row) -> None:
    observation = after.run(CASE, row.exchange)
    assert came_to(observation.outcome.turns[0]).startswith(row.after)
    assert len(observation.transcript.served) == row.requests[1]


def test_the_cure_keeps_the_providers_code(after: Consumer) -> None:
    (turn,) = after.run(CASE, served.once([FLAT])).outcome.turns
    assert turn.failure is not None
    assert '"code": "quota"' in turn.failure.chain[0].details


def test_before_it_had_streamed_all_the_text_it_then_threw_away(before: Consumer) -> None:
    (turn,) = before.run(CASE, served.once(served.terminal(output=None))).outcome.turns
    assert "".join(callback.data for callback in turn.trace if callback.kind == "text") == probe.TEXT


def test_nobody_is_told_of_a_retry(after: Consumer) -> None:
    broken = served.delivery(served.healthy()[:5], Cut())
    (turn,) = after.run(CASE, served.then_healthy(broken)).outcome.turns
    assert came_to(turn) == ASSEMBLED
    shown = [(callback.kind, callback.data, callback.attempt) for callback in turn.trace]
    assert shown == [("text", probe.TEXT[:4], 0), ("text", probe.TEXT[:4], 1), ("text", probe.TEXT[4:], 1)]


def test_two_turns_are_one_conversation(after: Consumer) -> None:
    case = Case("case-1", "", ({"input": "look"}, {"input": "and now?"}), deadline_ms=60_000)
    observation = after.run(case, served.call_then_healthy())
    assert [came_to(turn) for turn in observation.outcome.turns[1:]] == [ASSEMBLED]
    assert b"function_call_output" in observation.transcript.served[1].request.body


@pytest.mark.parametrize("entry", ["hermes-agent", "hermes-agent+consumer"])
def test_what_it_returns_of_a_cancelled_call_is_a_cancelled_call(entry: str) -> None:
    library = Library(Path("scenarios"), Path("cassettes"))
    for consumer in _opened("hermes-agent==0.19.0", entry):
        for planned in library.cases(library.scenarios(["cancel/in-one-chunk", "cancel/in-the-first-of-two-turns"])):
            result = run_case(consumer, planned)
            assert result.mark is Mark.PASS, (planned.id, result.verdicts, result.expectations)


SILENT = Exchange.single(Delivery((Head(), Stall())))


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("spec", "expected"),
    [("hermes-agent==0.14.0", "hung"), ("hermes-agent", "TimeoutError: Codex stream produced no bytes within")],
)
def test_a_stall_before_the_first_byte(spec: str, expected: str) -> None:
    for consumer in _opened(spec, "hermes-agent+call"):
        consumer.run(CASE, probe.EXCHANGE)
        silent = Case("case-2", "", timeouts={"first_byte_ms": 1_000}, deadline_ms=12_000)
        (turn,) = consumer.run(silent, SILENT).outcome.turns
        assert turn.ended == "hung" if expected == "hung" else came_to(turn).startswith(expected)


SESSION = {
    "app-server/text": set(),
    "app-server/two-turns": set(),
    "app-server/unknown-request": set(),
    "app-server/interrupted": set(),
    "app-server/impatient-after-tool": set(),
    "app-server/message-only-listed": {"content-kept"},
    "app-server/failed-untold": {"status-true", "error-surfaced"},
}
"""What its session with the app-server breaks, by scenario, in the pinned release."""


@pytest.fixture(scope="module")
def session() -> Iterator[Consumer]:
    yield from _opened("hermes-agent==0.19.0", "hermes-agent+app-server")


@pytest.mark.realtime
@pytest.mark.parametrize("scenario", SESSION)
def test_its_session_talks_to_the_played_process(session: Consumer, scenario: str) -> None:
    library = Library(Path("scenarios"), Path("cassettes"))
    (planned,) = library.cases(library.scenarios([scenario]))
    result = run_case(session, planned)
    assert result.mark is not Mark.ERROR, result.reason
    assert {verdict.invariant for verdict in failures(result.verdicts)} == SESSION[scenario]
