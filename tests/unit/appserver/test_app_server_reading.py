"""What a turn's lines mean, as the judge reads them: by another fold than the runtime's, with the same result."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.protocols.appserver import lines_of, read
from harness.protocols.responses.reading import ChannelKind, Reading, TerminalKind
from tests.unit.appserver.playing import NAMES, Played, deliveries, line

THREAD, TURN = "thread-1", "turn-1"
OURS = {"threadId": THREAD, "turnId": TURN}
ASKED = line(id=3, method="turn/start", params={"threadId": THREAD})
STARTED = line(id=3, result={"turn": {"id": TURN}})


def reading(*told: bytes, asked: bytes = ASKED) -> Reading:
    return read(lines_of(STARTED + b"".join(told)).lines, lines_of(asked).lines)


def item(method: str, **members: Any) -> bytes:
    return line(method=method, params={**OURS, "item": members})


def message(method: str, id: str, text: str) -> bytes:
    return item(method, type="agentMessage", id=id, text=text)


def delta(id: str, words: str, **place: Any) -> bytes:
    return line(method="item/agentMessage/delta", params={**OURS, **place, "itemId": id, "delta": words})


def completed(status: str = "completed", **turn: Any) -> bytes:
    return line(method="turn/completed", params={"threadId": THREAD, "turn": {"id": TURN, "status": status, **turn}})


def texts(told: Reading) -> list[tuple[str, ...]]:
    return [entry.channels[ChannelKind.TEXT].accepted for entry in told.evidenced if ChannelKind.TEXT in entry.channels]


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in {"crash-between-turns", "interrupted", "two-turns"}]
)
def test_two_folds_that_share_nothing_agree(name):
    played = Played(name)
    asked = b"".join(json.dumps(said).encode() + b"\n" for said in played.pipes.written)
    (whole,) = deliveries(name)
    told = read(lines_of(whole.body).lines, lines_of(asked).lines)
    result = played.result
    assert [entry.ids[0] for entry in told.items] == [entry.id for entry in result.items]
    assert [entry.finished or entry.in_snapshot for entry in told.items] == [entry.finished for entry in result.items]
    spoken = [entry.text for entry in result.items if entry.type == "agentMessage" and entry.text]
    assert all(text in accepted for text, accepted in zip(spoken, texts(told), strict=True))
    kinds = {"completed": TerminalKind.COMPLETED, "failed": TerminalKind.FAILED}
    if told.terminal is not None:
        assert told.terminal.kind is kinds[result.status]
    else:
        assert result.retired
    for field, value in told.usage.values.items():
        assert getattr(result.usage, field) == value


def test_all_witnesses_of_a_message_are_kept_apart():
    told = reading(
        message("item/started", "m", ""),
        delta("m", "Hel"),
        delta("m", "lo"),
        message("item/completed", "m", "Hello!"),
        completed(items=[{"type": "agentMessage", "id": "m", "text": "Hello!?"}]),
    )
    (entry,) = told.items
    assert (entry.type, entry.added, entry.finished, entry.in_snapshot) == ("message", True, True, True)
    assert entry.channels[ChannelKind.TEXT].accepted == ("Hello!?", "Hello!")


def test_what_another_turn_tells_is_no_evidence():
    told = reading(
        delta("x", "foreign", turnId="turn-2"),
        delta("y", "foreign", threadId="thread-2", turnId="turn-2"),
        line(method="turn/completed", params={"threadId": THREAD, "turn": {"id": "turn-2", "status": "failed"}}),
        completed(),
    )
    assert (told.items, told.terminal.kind) == ((), TerminalKind.COMPLETED)


def test_what_came_before_the_answer_to_turn_start_counts():
    told = read(lines_of(delta("m", "early") + STARTED + completed()).lines, lines_of(ASKED).lines)
    assert texts(told) == [("early",)]


def test_the_client_s_answers_are_not_taken_for_its_requests():
    told = reading(delta("m", "ours"), completed(), asked=ASKED + line(id=3, result={"decision": "accept"}))
    assert (texts(told), told.terminal.kind) == ([("ours",)], TerminalKind.COMPLETED)


def test_a_retry_takes_the_unfinished_words_back_and_leaves_what_is_done():
    told = reading(
        message("item/completed", "a", "whole"),
        delta("b", "half"),
        item("item/started", type="commandExecution", id="c", command="ls", cwd="/"),
        line(method="error", params={**OURS, "willRetry": True, "error": {"message": "again"}}),
        message("item/completed", "d", "anew"),
        completed(),
    )
    assert [entry.ids[0] for entry in told.items] == ["a", "c", "d"]


def test_an_error_without_retry_takes_nothing_back():
    told = reading(delta("b", "half"), line(method="error", params={**OURS, "willRetry": False, "error": {}}))
    assert texts(told) == [("half",)]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ({"message": "Used up.", "codexErrorInfo": "usageLimitExceeded"}, "usageLimitExceeded", "Used up."),
        (
            {"message": "No.", "codexErrorInfo": {"httpConnectionFailed": {"httpStatusCode": 500}}},
            "httpConnectionFailed",
            "No.",
        ),
        ({"message": "No.", "codexErrorInfo": None}, None, "No."),
    ],
)
def test_a_failed_turn_says_why(error, code, words):
    told = reading(completed("failed", error=error))
    assert (told.terminal.kind, told.terminal.error.code, told.terminal.error.message) == (
        TerminalKind.FAILED,
        code,
        words,
    )
    untold = reading(line(method="error", params={**OURS, "error": error}), completed("failed", error=None))
    assert untold.terminal.error == told.terminal.error


@pytest.mark.parametrize(
    ("status", "kind"),
    [("interrupted", TerminalKind.CANCELLED), ("inProgress", TerminalKind.INCOMPLETE), (None, TerminalKind.INCOMPLETE)],
)
def test_other_ends(status, kind):
    assert reading(completed(status)).terminal.kind is kind


@pytest.mark.parametrize("method", ["initialize", "thread/start", "turn/start"])
def test_a_refused_request_ends_the_turn(method):
    told = reading(line(id=7, error={"code": -1, "message": "no"}), asked=line(id=7, method=method))
    assert (told.terminal.kind, told.terminal.error.code) == (TerminalKind.FAILED, "-1")


def test_a_refused_request_to_stop_ends_nothing():
    assert reading(line(id=7, error={"code": -1}), asked=line(id=7, method="turn/interrupt")).terminal is None


def test_what_is_no_message_is_damage():
    told = reading(b"DEBUG\n", b"\n", b"[1]\n", completed())
    assert [number for number, _ in told.damage] == [1, 3]


def test_what_comes_after_the_end_is_kept_apart():
    told = reading(completed(), delta("m", "late"), delta("n", "foreign", turnId="turn-2"))
    assert told.items == ()
    assert texts(told.after) == [("late",)]
    assert reading(completed(), delta("n", "foreign", turnId="turn-2")).after is None


def test_usage_is_the_growth_of_the_thread_s_sum():
    def counts(total: int) -> dict[str, int]:
        names = ("totalTokens", "inputTokens", "outputTokens", "cachedInputTokens", "reasoningOutputTokens")
        return dict.fromkeys(names, total)

    def told(total: int, last: int) -> bytes:
        usage = {"total": counts(total), "last": counts(last)}
        return line(method="thread/tokenUsage/updated", params={**OURS, "tokenUsage": usage})

    assert set(reading(told(110, 10), told(130, 20), completed()).usage.values.values()) == {30}
    assert reading(completed()).usage.state == "absent"
