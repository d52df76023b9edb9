"""Whose fault it is: hangs and deaths are the consumer's, everything else is a broken driver."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.consumers import probe
from harness.consumers.base import ConsumerError
from harness.consumers.process import ProcessConsumer
from harness.contract import Capabilities, Case, Outcome
from harness.delivery import Cut, Delivery, End, Ending, Exchange, Head, Send
from tests.unit.consumers import scripted

START = ["start"]
CASE = Case("case-1", "", deadline_ms=20_000)
SHORT = Case("case-1", "", deadline_ms=400)

Follow = Callable[..., ProcessConsumer]
BELOW_HTTP = Capabilities(opens=False)


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Follow]:
    """A consumer whose driver follows the steps given."""
    started = []

    def begin(*steps: list[Any], **options: Any) -> ProcessConsumer:
        started.append(ProcessConsumer(scripted.program(tmp_path, *steps, **options)))
        return started[-1]

    yield begin
    for consumer in started:
        consumer.close()


def run(consumer: ProcessConsumer, case: Case = CASE) -> Outcome:
    return consumer.run(case, probe.EXCHANGE).outcome


def test_a_driver_serves_many_cases_in_one_life(follow: Follow, tmp_path: Path) -> None:
    consumer = follow(START, ["fine"], ["fine"], ["wrong"])
    texts = [run(consumer).turns[0].text for _ in range(3)]
    assert texts == [probe.TEXT, probe.TEXT, "All is lost."]
    assert scripted.left(tmp_path) == []


@pytest.mark.realtime
def test_a_hang_is_an_outcome_and_the_next_case_gets_a_new_driver(follow: Follow) -> None:
    consumer = follow(START, ["hang"], START, ["fine"])
    hung, next_one = run(consumer, SHORT), run(consumer)
    assert [turn.ended for turn in hung.turns] == ["hung"]
    assert "400 ms" in hung.turns[0].notes
    assert next_one.turns[0].ended == "returned"


@pytest.mark.realtime
def test_turns_that_were_over_before_a_hang_are_kept(follow: Follow) -> None:
    outcome = run(follow(START, ["hang later"]), SHORT)
    assert [(turn.ended, turn.text) for turn in outcome.turns] == [("returned", "the first turn"), ("hung", None)]


@pytest.mark.realtime
def test_a_hang_takes_everything_the_driver_started_along(follow: Follow, tmp_path: Path) -> None:
    run(follow(START, ["spawn and hang", str(tmp_path / "child")]), Case("case-1", "", deadline_ms=3_000))
    pid = int((tmp_path / "child").read_text())
    assert _gone(pid)


@pytest.mark.parametrize(("step", "how"), [(["exit", 7], "exit code 7"), (["signal"], "SIGSEGV")])
def test_a_death_is_the_consumers_when_the_healthy_probe_passes(follow: Follow, step: list[Any], how: str) -> None:
    consumer = follow(START, step, START, ["fine"], ["fine"])
    crashed = run(consumer)
    assert [turn.ended for turn in crashed.turns] == ["crashed"]
    assert how in crashed.turns[0].notes
    assert run(consumer).turns[0].ended == "returned"


def test_the_last_words_of_the_dead_are_kept(follow: Follow) -> None:
    assert "my last words" in run(follow(START, ["exit", 1], START, ["fine"])).turns[0].notes


@pytest.mark.parametrize(
    "steps",
    [
        [START, ["exit", 7], START, ["exit", 8]],
        [START, ["exit", 7], START, ["wrong"]],
        [START, ["exit", 7], ["exit"]],
    ],
    ids=["dies again", "wrong text", "cannot start"],
)
def test_a_death_is_ours_when_the_healthy_probe_fails_too(follow: Follow, steps: list[Any]) -> None:
    with pytest.raises(ConsumerError, match=r"exit code|did not get ready"):
        run(follow(*steps))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Traceback: something", "no JSON: 'Traceback: something'"),
        ("[1, 2]", "no JSON object"),
        ('{"protocol": 1, "case": "CASE", "outcome": {"turns": []}}', "required property"),
        ('{"protocol": 2, "case": "CASE", "error": "x"}', "/protocol"),
        ('{"protocol": 1, "case": "another", "error": "x"}', "asked about case 'case-1', it answers about 'another'"),
        ('{"protocol": 1, "case": "CASE"}', "'outcome' is a required property"),
    ],
)
def test_rubbish_is_a_broken_driver_and_is_shown(follow: Follow, line: str, reason: str) -> None:
    consumer = follow(START, ["print", line], START, ["fine"])
    with pytest.raises(ConsumerError, match=r"the driver of scripted==1\.0 is broken") as broken:
        run(consumer)
    assert reason in str(broken.value)
    assert run(consumer).turns[0].ended == "returned"


def test_an_endless_line_is_a_broken_driver(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.consumers.pipe.MAX_LINE", 100_000)
    with pytest.raises(ConsumerError, match="a line longer than 100000 bytes: 'xxx"):
        run(follow(START, ["flood", 3_000_000]))


def test_a_drivers_own_error_is_no_finding(follow: Follow) -> None:
    with pytest.raises(ConsumerError, match="it failed itself:\nKeyError: 'turns'"):
        run(follow(START, ["fail itself"]))


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (["exit"], "exit code 1; its last words: cannot import the consumer"),
        (["print", "hello"], "no JSON: 'hello'"),
        (["print", '{"protocol": 2, "ready": {}}'], "it speaks protocol 2, the harness 1"),
        (["print", '{"protocol": 1, "ready": {}}'], "'consumer' is a required property"),
        (["start", "2.0"], "it drives release 2.0, not 1.0"),
    ],
)
def test_a_driver_that_does_not_get_ready_says_why(follow: Follow, start: list[Any], reason: str) -> None:
    with pytest.raises(ConsumerError, match=r"the driver of scripted==1\.0 did not get ready") as broken:
        run(follow(start))
    assert reason in str(broken.value)


@pytest.mark.realtime
def test_a_driver_that_is_never_ready_is_given_up(follow: Follow) -> None:
    with pytest.raises(ConsumerError, match="no answer before the deadline"):
        run(follow(["hang"], ready_ms=300))


def test_a_driver_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    program = scripted.program(tmp_path)
    missing = ProcessConsumer(type(program)(program.name, "1.0", [str(tmp_path / "nothing")], program.capabilities))
    with pytest.raises(ConsumerError, match=r"cannot be started.*No such file"):
        run(missing)


def test_nothing_of_the_users_environment_reaches_a_driver(
    follow: Follow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    consumer = follow(START, ["fine"])
    run(consumer)
    driver = consumer._driver
    assert driver is not None
    variables = Path(f"/proc/{driver._pipe.pid}/environ").read_bytes()
    assert b"secret" not in variables
    assert b"PROXY" not in variables
    assert str(Path.home()).encode() not in dict(entry.split(b"=", 1) for entry in variables[:-1].split(b"\0"))[b"HOME"]


def test_closing_leaves_no_process(follow: Follow) -> None:
    consumer = follow(START, ["fine"])
    run(consumer)
    driver = consumer._driver
    assert driver is not None
    consumer.close()
    consumer.close()
    assert _gone(driver._pipe.pid)


def _gone(pid: int) -> bool:
    """Whether the process has ended, waiting for the kernel to finish with it."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def test_a_lane_below_http_is_handed_the_pieces_and_all_of_them_count_as_taken(follow: Follow) -> None:
    exchange = Exchange.single(Delivery((Head(), Send(b"data: 1\n"), Send(b"\n"), End())))
    seen = follow(START, ["tell what was handed over"], capabilities=BELOW_HTTP).run(CASE, exchange)
    assert seen.outcome.turns[0].text == "data: 1\n|\n"
    (served,) = seen.transcript.served
    assert (served.body, served.ending) == (b"data: 1\n\n", Ending.COMPLETE)


def test_what_cannot_be_handed_over_is_refused(follow: Follow) -> None:
    with pytest.raises(ConsumerError, match="only an event stream that comes at once, and whole"):
        follow(START, ["fine"], capabilities=BELOW_HTTP).run(CASE, Exchange.single(Delivery((Cut(),))))


def test_a_lane_below_http_that_dies_is_probed_below_http_too(follow: Follow) -> None:
    outcome = run(follow(START, ["exit", 3], START, ["fine"], capabilities=BELOW_HTTP))
    assert [turn.ended for turn in outcome.turns] == ["crashed"]


TURN: dict[str, Any] = {
    "ended": "returned",
    "text": "hello",
    "trace": [{"kind": "text", "data": "hello", "attempt": 0}],
}


def test_a_turn_that_was_told_before_is_taken_as_it_is(follow: Follow) -> None:
    (turn,) = run(follow(START, ["turn", TURN, TURN])).turns
    assert (turn.text, [(entry.kind, entry.data, entry.attempt) for entry in turn.trace]) == (
        "hello",
        [("text", "hello", 0)],
    )


BROKEN = {
    "kind": {"kind": "song", "data": "hello", "attempt": 0},
    "kind of no name": {"kind": ["text"], "data": "hello", "attempt": 0},
    "data": {"kind": "text", "data": 7, "attempt": 0},
    "attempt": {"kind": "text", "data": "hello", "attempt": -1},
    "attempt that is a truth": {"kind": "text", "data": "hello", "attempt": True},
    "member": {"kind": "text", "data": "hello", "attempt": 0, "more": 1},
    "mapping": "text",
}


@pytest.mark.parametrize("callback", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("told", [TURN, {"ended": "returned"}], ids=["after a good turn", "after another"])
def test_a_callback_that_breaks_the_protocol_is_refused_wherever_it_stands(
    follow: Follow, told: dict[str, Any], callback: Any
) -> None:
    trace = [*TURN["trace"], callback]
    with pytest.raises(ConsumerError, match="/outcome/turns/0/trace/1"):
        run(follow(START, ["turn", told, {**TURN, "trace": trace}]))


def test_a_turn_that_breaks_the_protocol_is_refused_when_it_is_told(follow: Follow) -> None:
    with pytest.raises(ConsumerError, match="/turn/trace/1"):
        run(follow(START, ["turn", {**TURN, "trace": [*TURN["trace"], 7]}, TURN]))
