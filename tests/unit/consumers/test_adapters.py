"""Every adapter in this process: what it gives its user is in the outcome, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness.consumers import probe
from harness.consumers.base import Consumer, ConsumerError, Observation
from harness.consumers.registry import open_consumer
from harness.contract import Case, to_json
from harness.contract.validate import problem
from harness.delivery import Cut, Delivery, End, Ending, Exchange, Framing, Head, Send, Stall
from tests.unit.consumers import served

RUNTIMES = ("runtime", "runtime-async", "runtime-replay-gate", "runtime+openai")
NAMES = (*RUNTIMES, "openai-stream")
CHATS = ("runtime-auxiliary", "runtime-auxiliary-async")
CASE = Case("case-1", "")


@pytest.fixture(params=NAMES)
def consumer(request: pytest.FixtureRequest) -> Iterator[Consumer]:
    opened = open_consumer(request.param)
    yield opened
    opened.close()


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> Iterator[Consumer]:
    opened = open_consumer(request.param)
    yield opened
    opened.close()


@pytest.fixture(params=CHATS)
def chat(request: pytest.FixtureRequest) -> Iterator[Consumer]:
    opened = open_consumer(request.param)
    yield opened
    opened.close()


@pytest.fixture(params=["runtime", "runtime-async", *CHATS])
def stoppable(request: pytest.FixtureRequest) -> Iterator[Consumer]:
    opened = open_consumer(request.param)
    yield opened
    opened.close()


def kinds(observation: Observation, turn: int = 0) -> list[str]:
    """Kinds of callbacks, but for the plain events."""
    return [callback.kind for callback in observation.outcome.turns[turn].trace if callback.kind != "event"]


def test_a_lane_that_makes_an_object_of_the_text_can_make_one_of_the_healthy_stream_s() -> None:
    assert json.loads(probe.TEXT) == {"all": "is well"}


def test_a_healthy_stream_is_assembled(consumer: Consumer) -> None:
    observation = consumer.run(CASE, probe.EXCHANGE)
    outcome, turn = observation.outcome, observation.outcome.turns[0]
    assert (outcome.consumer, outcome.version) == (consumer.name, consumer.version)
    assert (turn.ended, turn.status, turn.text, turn.failure) == ("returned", "completed", probe.TEXT, None)
    assert turn.items is not None
    assert [(item.kind, item.type, item.id, item.text) for item in turn.items] == [
        ("message", "message", "msg_1", probe.TEXT)
    ]
    assert turn.usage is not None
    assert (turn.usage.input, turn.usage.output, turn.usage.total) == (3, 4, 7)
    assert (turn.usage.cached, turn.usage.reasoning) == (0, 0)
    assert "".join(callback.data for callback in turn.trace if callback.kind == "text") == probe.TEXT
    assert [entry.ending in {Ending.COMPLETE, Ending.LEFT} for entry in observation.transcript.served] == [True]
    assert problem("outcome", json.loads(json.dumps(to_json(outcome)))) is None
    assert probe.complaint(outcome, consumer.capabilities) is None


@pytest.mark.parametrize("output", [None, ..., []], ids=["null", "missing", "empty"])
def test_a_runtime_needs_no_output_in_the_terminal(runtime: Consumer, output: Any) -> None:
    turn = runtime.run(CASE, served.once(served.terminal(output=output))).outcome.turns[0]
    assert (turn.ended, turn.status, turn.text) == ("returned", "completed", probe.TEXT)


def test_what_escapes_is_reported_as_it_is() -> None:
    consumer = open_consumer("openai-stream")
    turn = consumer.run(CASE, served.once(served.terminal(output="oops"))).outcome.turns[0]
    assert turn.ended == "raised"
    assert turn.failure is not None
    assert (turn.failure.chain[0].type, turn.items, turn.status) == ("AttributeError", None, None)


def test_the_second_turn_carries_the_first_and_an_answer_to_its_call(consumer: Consumer) -> None:
    case = Case("case-1", "", ({"input": "look"}, {"input": "and now?"}), tools=({"type": "function", "name": "look"},))
    observation = consumer.run(case, served.call_then_healthy())
    first, second = observation.outcome.turns
    assert first.items is not None
    assert [(item.kind, item.call_id, item.name, item.arguments) for item in first.items] == [
        ("function_call", "call_1", "look", '{"at": 1}')
    ]
    assert (second.ended, second.text) == ("returned", probe.TEXT)
    asked = [json.loads(entry.request.body) for entry in observation.transcript.served]
    assert asked[0]["tools"] == asked[1]["tools"] == list(case.tools)
    # Some send back the item's own id, too.
    assert [{name: value for name, value in item.items() if name != "id"} for item in asked[1]["input"]] == [
        {"role": "user", "content": "look"},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"at": 1}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "ok"},
        {"role": "user", "content": "and now?"},
    ]
    assert [callback.attempt for callback in second.trace] == [0] * len(second.trace)


def test_turns_after_a_failed_one_are_not_called(consumer: Consumer) -> None:
    case = Case("case-1", "", ({"input": "a"}, {"input": "b"}))
    observation = consumer.run(case, served.once([{"type": "error", "code": "quota", "message": "no credits"}]))
    assert [turn.ended for turn in observation.outcome.turns] == ["raised"]


def test_a_retry_is_told_in_the_trace_with_its_attempts(runtime: Consumer) -> None:
    broken = served.delivery(served.healthy()[:5], Cut())
    observation = runtime.run(CASE, served.then_healthy(broken))
    turn = observation.outcome.turns[0]
    assert len(observation.transcript.served) == 2
    assert kinds(observation) == ["text", "reset", "text", "text"]
    texts = [(callback.data, callback.attempt) for callback in turn.trace if callback.kind == "text"]
    assert texts == [(probe.TEXT[:4], 0), (probe.TEXT[:4], 1), (probe.TEXT[4:], 1)]


def test_an_incomplete_response_carries_its_reason(runtime: Consumer) -> None:
    details = {"reason": "max_output_tokens"}
    events = served.terminal(status="incomplete", incomplete_details=details)
    events[-1]["type"] = "response.incomplete"
    turn = runtime.run(CASE, served.once(events)).outcome.turns[0]
    assert (turn.ended, turn.status, turn.text) == ("returned", "incomplete", probe.TEXT)
    assert turn.failure is not None
    assert (turn.failure.chain[0].message, json.loads(turn.failure.chain[0].details)) == ("max_output_tokens", details)


def test_an_error_carries_the_providers_words_and_the_part_that_had_arrived(runtime: Consumer) -> None:
    events = [*served.healthy()[:6], {"type": "error", "code": "quota", "message": "no credits", "param": None}]
    turn = runtime.run(CASE, served.once(events)).outcome.turns[0]
    assert turn.ended == "raised"
    assert turn.failure is not None
    assert turn.failure.chain[0].type == "harness.runtime.errors.StreamErrorEvent"
    assert {*runtime.capabilities.declared_errors} & {*turn.failure.chain[0].bases}
    assert turn.failure.partial_text == probe.TEXT
    assert "quota" in turn.failure.text
    assert "no credits" in turn.failure.text


def test_a_stall_costs_no_time_and_ends_by_the_deadline_of_the_case(consumer: Consumer) -> None:
    case = Case("case-1", "", timeouts={"first_byte_ms": 2_000, "idle_ms": 2_000})
    observation = consumer.run(case, served.once(served.healthy()[:5], Stall()))
    turn = observation.outcome.turns[0]
    assert turn.ended == "raised"
    assert observation.transcript.served[-1].ending is not Ending.OPEN
    assert observation.outcome.leftovers.tasks == 0


def test_a_call_that_never_ends_is_hung(consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
    # No consumer here lacks deadlines, so they are taken away.
    monkeypatch.setattr("harness.consumers.adapters.runtime_turn.DEFAULT", _no_deadlines())
    monkeypatch.setattr("openai.DEFAULT_TIMEOUT", None)
    observation = consumer.run(CASE, served.once(served.healthy()[:5], Stall()))
    assert [turn.ended for turn in observation.outcome.turns] == ["hung"]
    assert kinds(observation) == ["text"]


def _no_deadlines() -> Any:
    from harness.runtime import Deadlines

    return Deadlines()


@pytest.mark.parametrize("limit", [1, 4, 6])
def test_a_cancelled_call_stops(consumer: Consumer, limit: int) -> None:
    observation = consumer.run(Case("case-1", "", cancel_after=limit), probe.EXCHANGE)
    turn = observation.outcome.turns[0]
    assert turn.ended == "cancelled"
    assert limit <= len(turn.trace) <= limit + 1


def test_cases_do_not_touch_each_other(consumer: Consumer) -> None:
    before = consumer.run(CASE, probe.EXCHANGE)
    consumer.run(Case("stalls", "", timeouts={"idle_ms": 10.0}), served.once(served.healthy()[:5], Stall()))
    consumer.run(Case("stops", "", cancel_after=2), probe.EXCHANGE)
    after = consumer.run(CASE, probe.EXCHANGE)
    assert before.outcome == after.outcome
    assert len(after.transcript.served) == 1


def test_the_sdks_back_off_takes_no_time() -> None:
    busy = Delivery((Head(500, (("retry-after", "30"),), Framing.LENGTH), Send(b"{}"), End()))
    consumer = open_consumer("openai-stream")
    observation = consumer.run(CASE, Exchange({(0, 0): busy, (0, 2): served.delivery(served.healthy())}))
    opened = [entry.opened_ms for entry in observation.transcript.served]
    assert observation.outcome.turns[0].text == probe.TEXT
    assert opened == [0, 30_000, 60_000]
    assert {callback.attempt for callback in observation.outcome.turns[0].trace} == {2}


def test_without_its_library_an_adapter_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'httpx2'", name="httpx2")

    monkeypatch.setattr("harness.consumers.adapters.importlib.import_module", gone)
    with pytest.raises(ConsumerError, match=r"openai-stream needs httpx2.*pip install 'stream-harness\[openai\]'"):
        open_consumer("openai-stream")


# -- chat completions -----------------------------------------------------------------------------------------


def test_a_chat_has_one_text_and_three_counts(chat: Consumer) -> None:
    outcome = chat.run(CASE, probe.EXCHANGE).outcome
    turn = outcome.turns[0]
    assert (turn.ended, turn.status, turn.text, turn.flags) == ("returned", "completed", probe.TEXT, ("stop",))
    assert turn.items is not None
    assert [(item.kind, item.id, item.text) for item in turn.items] == [("message", None, probe.TEXT)]
    assert turn.usage is not None
    assert (turn.usage.input, turn.usage.output, turn.usage.total, turn.usage.cached) == (3, 4, 7, None)
    assert problem("outcome", json.loads(json.dumps(to_json(outcome)))) is None
    assert probe.complaint(outcome, chat.capabilities) is None


def test_a_chat_holds_its_conversation_in_messages(chat: Consumer) -> None:
    tool = {"type": "function", "name": "look", "parameters": {}}
    case = Case("case-1", "", ({"input": "look"}, {"input": [{"role": "user", "content": "and now?"}]}), tools=(tool,))
    observation = chat.run(case, served.call_then_healthy())
    first, second = observation.outcome.turns
    assert (first.flags, second.flags, second.text) == (("tool_calls",), ("stop",), probe.TEXT)
    asked = [json.loads(entry.request.body) for entry in observation.transcript.served]
    assert asked[0]["tools"] == [tool]
    assert asked[1]["input"] == [
        {"role": "user", "content": [{"type": "input_text", "text": "look"}]},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"at": 1}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "ok"},
        {"role": "user", "content": [{"type": "input_text", "text": "and now?"}]},
    ]


def test_a_chats_timeout_is_the_whole_calls(chat: Consumer) -> None:
    case = Case("case-1", "", timeouts={"total_ms": 60_000.0})
    observation = chat.run(case, served.once([], Stall()))
    assert observation.outcome.turns[0].ended == "raised"
    assert observation.transcript.served[-1].closed_ms == pytest.approx(60_000, abs=2)


def test_an_incomplete_chat_says_so(chat: Consumer) -> None:
    events = served.terminal(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    events[-1]["type"] = "response.incomplete"
    turn = chat.run(CASE, served.once(events)).outcome.turns[0]
    assert (turn.status, turn.flags) == ("incomplete", ("length",))


# -- cancelling by time, and what is left ---------------------------------------------------------------------


def test_a_call_can_be_cancelled_at_a_moment(stoppable: Consumer) -> None:
    case = Case("case-1", "", timeouts={"idle_ms": 60_000.0}, cancel_at_ms=20_000.0)
    observation = stoppable.run(case, served.once(served.healthy()[:5], Stall()))
    assert observation.outcome.turns[0].ended == "cancelled"
    assert len(observation.transcript.served) == 1
    at_once = stoppable.capabilities.cancels_waiting
    assert observation.transcript.served[0].closed_ms == pytest.approx(20_000 if at_once else 60_000, abs=2)


def test_a_moment_after_the_answer_cancels_nothing(stoppable: Consumer) -> None:
    case = Case("case-1", "", cancel_at_ms=20_000.0)
    assert stoppable.run(case, served.once(served.healthy(), Stall())).outcome.turns[0].ended == "returned"


@pytest.mark.parametrize("ending", [End(), Cut(), Stall()])
def test_leftovers_are_counted_and_there_are_none(stoppable: Consumer, ending: Any) -> None:
    left = stoppable.run(CASE, served.once(served.healthy()[:5], ending)).outcome.leftovers
    assert (left.threads, left.tasks, left.sockets) == (0, 0, 0)
    assert left.files in {0, None}


# -- the replay gate ------------------------------------------------------------------------------------------


def test_a_gate_is_a_session_of_one_case() -> None:
    gate = open_consumer("runtime-replay-gate")
    here, there = "https://api.openai.com/v1", "https://api.x.ai/v1"
    sent = []
    for second in (here, there, here):
        case = Case("case-1", "", ({"input": "a", "base_url": here}, {"input": "b", "base_url": second}))
        exchange = Exchange({(0, 0): served.delivery(served.reasoned()), (1, 0): served.delivery(served.healthy())})
        asked = [json.loads(entry.request.body)["input"] for entry in gate.run(case, exchange).transcript.served]
        sent.append([item.get("encrypted_content") for item in asked[1] if item.get("type") == "reasoning"])
        assert not [item for item in asked[1] if "issued_by" in item]
    assert sent == [["sealed"], [], ["sealed"]]
