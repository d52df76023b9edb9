"""The oracle on the app-server's lines: what a wrong driver does is found, what a right one does is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.campaign.case import Planned
from harness.campaign.run import run_case
from harness.campaign.scenario import Scenario
from harness.consumers import registry
from harness.consumers.base import Observation
from harness.contract import Callback, Case, Item, Leftovers, Turn, Usage
from harness.delivery import Delivery, Exchange, Send
from harness.judge import Mark, failures, judge
from harness.mutations import Plan
from harness.runtime.appserver import Process, core
from harness.runtime.appserver.draft import TurnDraft
from tests.unit.appserver.playing import cassette

CONSUMER = registry.open_consumer("runtime-app-server")


def planned(name: str, **scenario: Any) -> Planned:
    made = Scenario("app-server/test", "", "", (f"app-server/{name}",), Plan(()), **scenario)
    return Planned(made, cassette(name))


def observed(name: str, **scenario: Any) -> tuple[Case, Observation]:
    case, exchange = planned(name, **scenario).prepare()
    return case, CONSUMER.run(case, exchange)


def failing(case: Case, seen: Observation) -> set[str]:
    verdicts = judge(case, seen.outcome, seen.transcript, CONSUMER.capabilities)
    return {verdict.invariant for verdict in failures(verdicts)}


def told_otherwise(change: Callable[[Turn], Turn]) -> Callable[[Observation], Observation]:
    def changed(seen: Observation) -> Observation:
        turns = (*seen.outcome.turns[:-1], change(seen.outcome.turns[-1]))
        return replace(seen, outcome=replace(seen.outcome, turns=turns))

    return changed


COMPLETED = told_otherwise(lambda turn: replace(turn, status="completed", failure=None))


def spoken(*texts: str) -> Callable[[Observation], Observation]:
    items = tuple(Item("message", "agentMessage", text=text) for text in texts)
    return told_otherwise(lambda turn: replace(turn, items=items, text="".join(texts)))


def without_calls(turn: Turn) -> Turn:
    return replace(turn, items=tuple(item for item in turn.items or () if item.kind != "custom_tool_call"))


def with_call(**change: Any) -> Callable[[Observation], Observation]:
    def changed(turn: Turn) -> Turn:
        items = (replace(item, **change) if item.kind == "custom_tool_call" else item for item in turn.items or ())
        return replace(turn, items=tuple(items))

    return told_otherwise(changed)


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("failed", COMPLETED, {"status-true", "error-surfaced"}),
        ("turn-refused", COMPLETED, {"status-true", "error-surfaced"}),
        ("crash-in-turn", COMPLETED, {"no-silent-truncation"}),
        ("crash-after-tool", COMPLETED, {"no-silent-truncation"}),
        ("exit-in-turn", COMPLETED, {"no-silent-truncation"}),
        ("crash-at-start", COMPLETED, {"no-silent-truncation"}),
        ("hang-in-turn", COMPLETED, {"no-silent-truncation"}),
        ("silent-after-tool", COMPLETED, {"no-silent-truncation"}),
        ("text", spoken("All is well, said"), {"content-kept"}),
        ("text", spoken("All is well, said the model.", "All is well, said the model."), {"nothing-invented"}),
        ("other-turn", spoken("This answers somebody else."), {"content-kept", "nothing-invented"}),
        ("retried", spoken("This message breaks off", "Whole at the second try."), {"nothing-invented"}),
        ("command", told_otherwise(without_calls), {"tool-calls-whole"}),
        ("command", with_call(arguments="{}"), {"tool-calls-whole"}),
        ("command", with_call(call_id="call_2"), {"tool-calls-whole"}),
        ("hang-in-turn", told_otherwise(lambda _: Turn("hung")), {"ends-in-time"}),
        ("crash-in-turn", told_otherwise(lambda _: Turn("crashed", notes="KeyError")), {"typed-errors"}),
        ("command", told_otherwise(lambda turn: replace(turn, usage=Usage(120, 48, 168, 40, 16))), {"usage-true"}),
        ("two-turns", told_otherwise(lambda turn: replace(turn, usage=Usage(60, 24, 84, 20, 8))), {"usage-true"}),
        ("reasoning", told_otherwise(lambda turn: replace(turn, items=(turn.items or ())[1:])), {"reasoning-kept"}),
        (
            "text",
            told_otherwise(lambda turn: replace(turn, trace=(*turn.trace, Callback("text", "!")))),
            {"stream-equals-final"},
        ),
    ],
)  # fmt: skip
def test_a_wrong_account_is_found(name, change, found):
    case, seen = observed(name)
    assert failing(case, seen) == set()
    assert found <= failing(case, change(seen))


def test_a_turn_leaves_nothing_and_the_count_is_real(monkeypatch):
    _, seen = observed("command")
    assert seen.outcome.leftovers == Leftovers(threads=0, tasks=0, sockets=0, files=0, processes=0)
    spared: list[Process] = []

    def spare(process: Process, *, at_fault: bool) -> None:
        spared.append(process)

    monkeypatch.setattr(Process, "end", spare)
    case, seen = observed("hang-in-turn")
    monkeypatch.undo()
    for process in spared[:1]:
        process.end(at_fault=True)
    assert (seen.outcome.leftovers.processes, seen.outcome.leftovers.files) == (1, 4)
    assert "released" in failing(case, seen)


class Deaf(core.Core):
    """Does not answer what it does not know."""

    def take(self, message: Any) -> Any:
        return () if isinstance(message, core.Request) else super().take(message)


class Greedy(core.Core):
    """Takes any turn for its own."""

    def _ours(self, params: Any) -> bool:
        return self.turn_id is not None and ("turn" in params or "turnId" in params)


class Forgetful(core.Core):
    """Throws away what comes before the answer to turn/start."""

    def _turn_started(self, result: Any) -> Any:
        self._early.clear()
        return super()._turn_started(result)


class Stubborn(core.Core):
    """Takes an error that will be retried for the end."""

    def _notified(self, told: Any) -> Any:
        if told.method == "error":
            self._fail(core.TurnFailed(told.params["error"]))
        return super()._notified(told)


class Brittle(core.Core):
    """Dies of what it does not know."""

    def _notified(self, told: Any) -> Any:
        if told.method not in {*self._tell, *core.DELTAS, "turn/started", "item/reasoning/summaryPartAdded"} and (
            self._ours(told.params)
        ):
            self._fail(core.TurnFailed({"message": f"unknown {told.method}"}))
        return super()._notified(told)


@pytest.mark.parametrize(
    ("wrong", "name", "found"),
    [
        (Deaf, "command", {"status-true"}),
        (Deaf, "unknown-request", {"status-true"}),
        (Greedy, "other-turn", {"content-kept", "nothing-invented"}),
        (Greedy, "other-thread", {"status-true"}),
        (Stubborn, "retried", {"status-true"}),
        (Brittle, "unknown-notification", {"status-true"}),
    ],
)
def test_a_wrong_driver_is_found(wrong, name, found, monkeypatch):
    monkeypatch.setattr("harness.runtime.appserver.session.Core", wrong)
    case, seen = observed(name)
    assert found <= failing(case, seen)


def test_what_was_only_told_early_is_owed_too(monkeypatch):
    monkeypatch.setattr("harness.runtime.appserver.session.Core", Forgetful)
    monkeypatch.setattr(TurnDraft, "adopt", lambda *_: None)
    monkeypatch.setattr(TurnDraft, "completed", lambda *_: iter(()))
    case, seen = observed("early-notifications")
    assert "content-kept" in failing(case, seen)


def test_a_user_who_stops_gets_no_completed_turn():
    case, seen = observed("interrupted", cancel_after=2)
    assert failing(case, seen) == set()
    assert seen.outcome.turns[0].ended == "cancelled"
    completed = told_otherwise(lambda turn: replace(turn, ended="returned", status="completed"))(seen)
    assert {"status-true", "cancel-honoured"} & failing(case, completed)


def without_the_end_of_a_tool(raw: bytes) -> bytes:
    return b"" if b"item/completed" in raw and b'"commandExecution"' in raw else raw


def with_an_error_at_the_end(raw: bytes) -> bytes:
    error = b'"error":{"message":"the model is overloaded"}'
    return raw.replace(b'"error":null', error) if b"turn/completed" in raw else raw


@pytest.mark.parametrize(
    ("change", "status", "flags"),
    [(without_the_end_of_a_tool, "completed", ("unfinished",)), (with_an_error_at_the_end, "failed", ())],
)
def test_a_complete_turn_that_contradicts_itself_may_be_doubted(change, status, flags):
    case, exchange = planned("command").prepare()
    actions = [
        Send(b"".join(map(change, action.data.splitlines(keepends=True)))) if isinstance(action, Send) else action
        for action in exchange.deliveries[0, 0].actions
    ]
    told = [action for action in actions if not isinstance(action, Send) or action.data]
    seen = CONSUMER.run(case, Exchange.single(Delivery(tuple(told))))
    assert (seen.outcome.turns[0].status, seen.outcome.turns[0].flags) == (status, flags)
    assert failing(case, seen) == set()


def test_a_reader_of_streams_is_not_asked():
    runtime = registry.open_consumer("runtime")
    result = run_case(runtime, planned("text"))
    runtime.close()
    assert (result.mark, "kind jsonl" in result.reason) == (Mark.SKIPPED, True)


def test_a_plan_is_refused_because_there_is_nothing_yet_that_it_could_edit():
    made = planned("text")
    edit = Plan.from_yaml("- drop: {at: {nth: 0}}\n")
    result = run_case(CONSUMER, replace(made, scenario=replace(made.scenario, plan=edit)))
    assert (result.mark, "talk in lines" in result.reason) == (Mark.ERROR, True)
