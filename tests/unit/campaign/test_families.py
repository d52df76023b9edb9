"""The families judge: each bug that a family is there for fails in it, and nothing fails without one."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign.library import Library
from harness.campaign.run import run_case
from harness.consumers.registry import open_consumer
from harness.judge import Mark
from harness.runtime import Client, Deadlines, ReplayGate, Retry
from harness.runtime.summary import RULES

ROOT = Path(__file__).parents[3]
LIBRARY = Library(ROOT / "scenarios", ROOT / "cassettes")
ADAPTERS = "harness.consumers.adapters"


def faults(case_id, consumer):
    """The names of the rules and expectations that a case breaks."""
    opened = open_consumer(consumer)
    try:
        result = run_case(opened, LIBRARY.case(case_id))
    finally:
        opened.close()
    assert result.mark in {Mark.PASS, Mark.FAIL}, result.reason
    verdicts = [verdict.invariant for verdict in result.verdicts if verdict.mark is Mark.FAIL]
    return {*verdicts, *(entry.name for entry in result.expectations if entry.mark is Mark.FAIL)}


def no_deadlines(patch):
    patch.setattr(f"{ADAPTERS}.runtime.deadlines_of", lambda case: Deadlines())


def bytes_are_life(patch):
    patch.setattr(f"{ADAPTERS}.runtime.deadlines_of", lambda case: Deadlines(first_byte_s=45, idle_s=300, life="bytes"))


def first_byte_for_ever(patch):
    patch.setattr(f"{ADAPTERS}.runtime.deadlines_of", lambda case: Deadlines(first_byte_s=45, idle_s=45))


def never_asks_again(patch):
    patch.setattr(f"{ADAPTERS}.runtime.Client", lambda **given: Client(**given, retry=Retry(retries=0)))


def total_for_each_attempt(patch):
    def each(case):
        return Deadlines(first_byte_s=45, idle_s=40)

    patch.setattr(f"{ADAPTERS}.runtime.deadlines_of", each)


def deaf_to_cancelling(patch):
    heard = __import__(f"{ADAPTERS}.runtime_turn", fromlist=["callbacks_of"]).callbacks_of
    patch.setattr(f"{ADAPTERS}.runtime_turn.callbacks_of", lambda trace: replace(heard(trace), interrupted=None))


def always_stop(patch):
    patch.setattr("harness.runtime.auxiliary._finish_reason", lambda result: "stop")


def no_timeout(patch):
    patch.setattr("harness.runtime.auxiliary.limited", lambda deadlines, timeout_s: deadlines)


def all_text(patch):
    patch.setattr("harness.runtime.result.Result.text", property(lambda result: result.all_text + result.refusal))


def sends_everything(patch):
    patch.setattr(ReplayGate, "admit", lambda gate, items, issuer: [dict(item) for item in items])


def sends_nothing(patch):
    patch.setattr(
        ReplayGate, "admit", lambda gate, items, issuer: [item for item in items if item.get("type") != "reasoning"]
    )


def never_learns(patch):
    patch.setattr(ReplayGate, "learn", lambda gate, error, sent, issuer: False)


def learns_from_anything(patch):
    patch.setattr("harness.runtime.replay_gate.cannot_read", lambda error: True)


def statuses_alone(patch):
    patch.setattr("harness.runtime.summary.RULES", tuple(rule for rule in RULES if rule.statuses))


def words_without_their_status(patch):
    patch.setattr("harness.runtime.summary.RULES", tuple(replace(rule, within=frozenset()) for rule in reversed(RULES)))


def ends_alike(patch):
    patch.setattr(
        "harness.runtime.replay_gate._under", lambda host, path, place: host.endswith(place.partition("/")[0])
    )


def always_whole(patch):
    patch.setattr("harness.runtime.auxiliary._is_whole", lambda result: result.status == "completed")


def takes_nothing_back(patch):
    patch.setattr("harness.runtime.asking.Asking.again", lambda asking, error: None)


def keeps_bad_arguments(patch):
    patch.setattr(f"{ADAPTERS}.chat_turn.sanitize_tool_call_arguments", list)


def keeps_bad_order(patch):
    patch.setattr(f"{ADAPTERS}.chat_turn.repair_message_sequence", list)


def no_hosts(patch):
    patch.setattr("harness.runtime.replay_gate._under", lambda host, path, place: host == place.partition("/")[0])


@pytest.mark.parametrize(
    ("case_id", "consumer", "bug", "broken"),
    [
        ("stall/head-never@codex/text", "runtime", no_deadlines, {"ends-in-time"}),
        ("stall/created-then-nothing@codex/text", "runtime", no_deadlines, {"ends-in-time"}),
        ("stall/keep-alives-only@codex/text", "runtime", bytes_are_life, {"ended", "within"}),
        ("stall/keep-alives-mid-stream-then-success@codex/text", "runtime", bytes_are_life, {"within", "requests"}),
        ("stall/first-byte-deadline-is-over-after-the-first@codex/text", "runtime", first_byte_for_ever, {"status"}),
        ("stall/long-generation@codex/text", "runtime", first_byte_for_ever, {"status"}),
        ("stall/head-never-then-success@codex/text", "runtime", never_asks_again, {"status", "requests"}),
        ("stall/drip-past-the-total@codex/text", "runtime", no_deadlines, {"ended", "within"}),
        ("stall/total-spans-the-attempts@codex/text", "runtime", total_for_each_attempt, {"ended", "within"}),
        ("cancel/in-the-text@codex/text", "runtime", deaf_to_cancelling, {"cancel-honoured", "ended"}),
        ("cancel/between-two-events@codex/text", "runtime", deaf_to_cancelling, {"ended", "within"}),
        ("cancel/before-a-retry@codex/text", "runtime", deaf_to_cancelling, {"ended", "requests"}),
        ("auxiliary/max-tokens@codex/incomplete", "runtime-auxiliary", always_stop, {"status-true", "finish_reason"}),
        ("auxiliary/two-calls@codex/parallel-calls", "runtime-auxiliary-async", always_stop, {"finish_reason"}),
        ("auxiliary/timeout-in-a-silence@codex/text", "runtime-auxiliary", no_timeout, {"within"}),
        ("auxiliary/refusal@codex/refusal", "runtime-auxiliary", all_text, {"text"}),
        ("replay-gate/another-issuer@codex/multi-turn", "runtime-replay-gate", sends_everything, {"reasoning_sent"}),
        ("replay-gate/same-issuer@codex/multi-turn", "runtime-replay-gate", sends_nothing, {"reasoning_sent"}),
        ("replay-gate/refused-then-stripped@codex/multi-turn", "runtime-replay-gate", never_learns, {"status", "requests"}),
        ("replay-gate/refused-for-something-else@codex/multi-turn", "runtime-replay-gate", learns_from_anything, {"requests"}),
        ("replay-gate/another-path-of-one-host@codex/multi-turn", "runtime-replay-gate", no_hosts, {"reasoning_sent"}),
        ("replay-gate/name-that-only-looks-alike@codex/multi-turn", "runtime-replay-gate", ends_alike, {"reasoning_sent"}),
        ("auxiliary/half-a-call-completed@codex/parallel-calls", "runtime-auxiliary", always_whole, {"finish_reason"}),
        ("auxiliary/limit-stated-under-completed@codex/text", "runtime-auxiliary", always_whole, {"finish_reason"}),
        ("auxiliary/message-said-incomplete@openai/text", "runtime-auxiliary", always_whole, {"finish_reason"}),
        ("replay-gate/refused-amid-the-text@codex/multi-turn", "runtime-replay-gate", takes_nothing_back, {"stream-equals-final"}),
        ("entitlement/403-expired-token@codex/text", "runtime", words_without_their_status, {"error_kind"}),
        ("entitlement/403-nested@openai/text", "runtime", statuses_alone, {"error_kind"}),
        ("entitlement/200-flat@codex/text", "runtime-auxiliary", statuses_alone, {"error_kind"}),
        ("http/502-empty@codex/text", "runtime-async", lambda patch: patch.setattr("harness.runtime.summary.RULES", ()), {"error_kind", "retryable"}),
        ("conversation/first-turn-arguments-not-json@codex/multi-turn", "runtime-auxiliary", keeps_bad_arguments, {"sendable"}),
        ("conversation/first-turn-arguments-a-list@openai/multi-turn", "runtime-auxiliary", keeps_bad_arguments, {"sendable"}),
        ("conversation/first-turn-call-id-missing@codex/multi-turn", "runtime-auxiliary", keeps_bad_order, {"sendable"}),
    ],
)  # fmt: skip
def test_a_bug_fails_where_it_should(case_id, consumer, bug, broken, monkeypatch):
    assert faults(case_id, consumer) == set()
    bug(monkeypatch)
    assert faults(case_id, consumer) >= broken


# -- leaks ----------------------------------------------------------------------------------------------------


class Leaks:
    """What a careless consumer leaves behind at every call, cleaned up by the test."""

    def __init__(self):
        self.enough = threading.Event()
        self.threads, self.files = [], []

    def thread(self):
        self.threads.append(threading.Thread(target=self.enough.wait, name="worker"))
        self.threads[-1].start()

    def file(self):
        self.files.append(os.open(os.devnull, os.O_RDONLY))

    def clean(self):
        self.enough.set()
        for thread in self.threads:
            thread.join()
        for number in self.files:
            os.close(number)


@pytest.fixture
def leaks():
    made = Leaks()
    yield made
    made.clean()


@pytest.mark.parametrize("what", ["thread", "file"])
@pytest.mark.parametrize("consumer", ["runtime", "runtime-async", "runtime-auxiliary"])
def test_a_thread_or_a_file_that_outlives_the_call_is_a_leak(what, consumer, leaks, monkeypatch):
    case_id = "stall/after-the-terminal@codex/text"
    assert faults(case_id, consumer) == set()
    adapter = type(open_consumer(consumer))
    call = adapter.call

    def leaking(self, request, trace):
        getattr(leaks, what)()
        return call(self, request, trace)

    monkeypatch.setattr(adapter, "call", leaking)
    assert faults(case_id, consumer) == {"released"}


def test_a_task_that_outlives_the_call_is_a_leak(monkeypatch):
    import asyncio

    from harness.runtime.aio import AsyncClient

    respond = AsyncClient.respond
    kept = []

    async def leaking(self, **request):
        kept.append(asyncio.ensure_future(asyncio.sleep(3_600)))
        return await respond(self, **request)

    monkeypatch.setattr(AsyncClient, "respond", leaking)
    assert faults("stall/after-the-terminal@codex/text", "runtime-async") == {"released"}


def test_a_cancellation_that_nobody_asked_for_is_no_declared_error(monkeypatch):
    import asyncio

    from harness.runtime import DeadlineExceeded
    from harness.runtime.aio import AsyncClient

    respond = AsyncClient.respond

    async def leaking(self, **request):
        try:
            return await respond(self, **request)
        except DeadlineExceeded:
            raise asyncio.CancelledError from None

    monkeypatch.setattr(AsyncClient, "respond", leaking)
    assert faults("stall/head-never@codex/text", "runtime-async") >= {"typed-errors"}


def test_a_connection_that_is_left_open_is_a_leak(monkeypatch):
    kept = []

    def forgetful(line):
        line._dog.release()
        kept.append(line)

    monkeypatch.setattr("harness.runtime.runner._Opened.close", forgetful)
    assert faults("stall/after-the-terminal@codex/text", "runtime") == {"released"}


@pytest.mark.parametrize("consumer", ["runtime-async", "runtime-auxiliary-async"])
def test_a_connection_that_an_async_call_leaves_to_the_garbage_collector_is_a_leak(consumer, monkeypatch):
    async def forgetful(line):
        pass

    case_id = "stall/after-the-terminal@codex/text"
    assert faults(case_id, consumer) == set()
    monkeypatch.setattr("harness.runtime.aio._Opened.close", forgetful)
    assert faults(case_id, consumer) == {"released"}


def test_a_timer_that_is_not_cancelled_is_a_leak(monkeypatch):
    monkeypatch.setattr("harness.runtime.watchdog.Watchdog.release", lambda dog: None)
    assert faults("stall/after-the-terminal@codex/text", "runtime") == {"released"}
