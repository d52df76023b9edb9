"""The app-server turn driver: what a turn comes to, on recorded lines and on lines made of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.delivery import Cut, Delivery, End, Send, Stall, Stdio, Wait
from harness.runtime import Callbacks, Usage
from harness.runtime.appserver import (
    RequestRefused,
    ServerGone,
    ServerSilent,
    SessionRetired,
    TurnDeadlines,
    TurnFailed,
)
from harness.runtime.transport import is_transport_error
from tests.unit.appserver.playing import NAMES, Played, deliveries, line

WHOLE = "All is well, said the model."


@pytest.mark.parametrize(
    ("name", "status", "text", "tools", "error"),
    [
        ("text", "completed", WHOLE, 0, None),
        ("reasoning", "completed", "Thought through.", 0, None),
        ("command", "completed", "The shell says hello.", 1, None),
        ("file-change", "completed", "Written.", 1, None),
        ("retried", "completed", "Whole at the second try.", 0, None),
        ("failed", "failed", "", 0, TurnFailed),
        ("failed-untold", "failed", "", 0, TurnFailed),
        ("turn-refused", "failed", "", 0, RequestRefused),
        ("crash-at-start", "failed", "", 0, ServerGone),
        ("crash-in-turn", "failed", "All is ", 0, ServerGone),
        ("crash-after-tool", "failed", "I will run it.", 1, ServerGone),
        ("killed-in-turn", "failed", "All is ", 0, ServerGone),
        ("exit-in-turn", "failed", WHOLE, 0, ServerGone),
        ("exit-in-line", "failed", "", 0, ServerGone),
        ("hang-at-start", "failed", "", 0, ServerSilent),
        ("hang-in-turn", "failed", "All is ", 0, ServerSilent),
        ("silent-after-tool", "failed", "I will run it.", 1, ServerSilent),
        ("garbage-line", "completed", WHOLE, 0, None),
        ("split-lines", "completed", WHOLE, 0, None),
        ("huge-line", "completed", "The shell says hello.", 1, None),
        ("unknown-notification", "completed", WHOLE, 0, None),
        ("unknown-request", "completed", WHOLE, 0, None),
        ("other-turn", "completed", WHOLE, 0, None),
        ("other-thread", "completed", WHOLE, 0, None),
        ("early-notifications", "completed", WHOLE, 0, None),
        ("message-only-listed", "completed", WHOLE, 0, None),
    ],
)
def test_what_a_turn_comes_to(name, status, text, tools, error):
    result = Played(name).result
    assert (result.status, result.text, result.tool_iterations) == (status, text, tools)
    assert type(result.error) is (error or type(None))
    assert (result.error is None) is (result.status == "completed")


def test_every_cassette_is_looked_at():
    # The three that are missing above need more than one turn, or a user who stops.
    assert len(NAMES) == 29


@pytest.mark.parametrize(
    ("name", "retired"),
    [
        ("text", False),
        ("failed", False),
        ("turn-refused", False),
        ("crash-in-turn", True),
        ("exit-in-turn", True),
        ("hang-in-turn", True),
        ("silent-after-tool", True),
    ],
)
def test_a_session_that_ended_badly_is_never_used_again(name, retired):
    played = Played(name)
    assert (played.result.retired, bool(played.session.retired)) == (retired, retired)
    assert played.pipes.ended is (True if retired else None)
    if retired:
        with pytest.raises(SessionRetired):
            played.session.run_turn("Once more.")


def test_closing_ends_the_process_once_and_for_all():
    played = Played("text")
    played.session.close()
    assert played.pipes.ended is False
    with pytest.raises(SessionRetired, match="closed"):
        played.session.run_turn("Once more.")


def test_the_thread_goes_on_from_turn_to_turn():
    played = Played("two-turns", says=["First.", "Second."])
    first, second = played.results
    assert (first.text, second.text) == ("The first answer.", "The second answer.")
    assert first.thread_id == second.thread_id == played.session.thread_id
    assert first.turn_id != second.turn_id
    assert [said.get("method") for said in played.pipes.written] == [
        "initialize",
        "initialized",
        "thread/start",
        "turn/start",
        "turn/start",
    ]


def test_a_process_that_died_between_turns_is_noticed_at_once():
    played = Played("crash-between-turns", says=["First.", "Second."])
    first, second = played.results
    assert (first.status, second.status, second.retired) == ("completed", "failed", True)
    assert isinstance(second.error, ServerGone)
    assert (second.text, second.thread_id, second.turn_id) == ("", first.thread_id, None)
    assert played.clock.now() == 0


def test_usage_is_the_turn_s_own_and_not_the_thread_s():
    first, second = Played("two-turns", says=["First.", "Second."]).results
    assert first.usage == second.usage == Usage(input=30, output=12, total=42, cached=10, reasoning=4)
    assert Played("command").result.usage == Usage(input=60, output=24, total=84, cached=20, reasoning=8)


def test_messages_are_the_turn_as_another_program_would_go_on_with_it():
    spoken, called, returned, answer = Played("command").result.messages
    assert spoken == {"role": "assistant", "content": "I will run it.", "reasoning": "**Looking** for a way to greet."}
    (call,) = called["tool_calls"]
    assert call["function"]["name"] == "commandExecution"
    assert json.loads(call["function"]["arguments"])["command"].endswith("'echo hello'")
    assert returned == {"role": "tool", "tool_call_id": call["id"], "content": "hello\n"}
    assert answer == {"role": "assistant", "content": "The shell says hello."}


def test_a_tool_without_a_result_is_no_message():
    (started,) = deliveries("command")
    cut = started.body.index(b"item/completed", started.body.index(b'"commandExecution"'))
    body = started.body[: started.body.rindex(b"\n", 0, cut) + 1]
    result = Played([_made(body, Cut())]).result
    assert [item.type for item in result.items] == ["reasoning", "agentMessage", "commandExecution"]
    assert [message["role"] for message in result.messages] == ["assistant"]
    assert result.tool_iterations == 0


def _made(body: bytes, ending: Cut | End) -> Delivery:
    """A body that comes at once, before most of what it answers was asked."""
    return Delivery((Stdio(), Send(body), ending))


@settings(max_examples=25)
@given(st.sampled_from(["text", "command", "retried", "other-turn", "garbage-line", "failed"]), st.integers(1, 200))
def test_how_the_bytes_were_cut_makes_no_difference(name, size):
    pieces = Played(name, cut=lambda data: [data[n : n + size] for n in range(0, len(data), size)])
    whole = Played(name).result
    assert replace(pieces.result, error=None) == replace(whole, error=None)
    assert str(pieces.result.error) == str(whole.error)
    assert pieces.pipes.written == Played(name).pipes.written


def test_errors_carry_the_words_of_who_failed():
    failed = Played("failed").result.error
    assert (failed.code, failed.message) == ("modelNotFound", "The model `gpt-5` is not available to you.")
    assert "not available" in str(Played("failed-untold").result.error)
    refused = Played("turn-refused").result.error
    assert (refused.method, refused.code) == ("turn/start", "-32600")
    gone = Played("crash-in-turn").result.error
    assert (gone.ending, "panicked" in gone.stderr) == ("exit code 101", True)
    assert "in the middle of the turn" in str(gone)
    assert "after a tool had finished" in str(Played("crash-after-tool").result.error)
    assert "before the turn had begun" in str(Played("crash-at-start").result.error)
    assert "and of a line" in str(Played("exit-in-line").result.error)


@pytest.mark.parametrize("name", ["crash-in-turn", "hang-in-turn"])
def test_a_lost_server_is_a_transport_error(name):
    assert is_transport_error(Played(name).result.error)


@pytest.mark.parametrize(
    ("name", "deadline", "after_s"),
    [("hang-at-start", "handshake", 30), ("hang-in-turn", "idle", 300), ("silent-after-tool", "after_tool", 90)],
)
def test_silence_ends_at_the_deadline_of_what_was_awaited(name, deadline, after_s):
    played = Played(name)
    assert isinstance(played.result.error, TimeoutError)
    assert (played.result.error.deadline, played.clock.now()) == (deadline, after_s)


def test_a_deadline_of_the_whole_turn_is_kept():
    played = Played("hang-in-turn", deadlines=TurnDeadlines(idle_s=None, total_s=7))
    assert (played.result.error.deadline, played.clock.now()) == ("total", 7)


def test_a_server_that_only_chats_about_other_things_is_as_silent_as_a_mute_one():
    (whole,) = deliveries("hang-in-turn")
    chat = [
        Send(line(method="turn/started", params={"threadId": "other", "turn": {"id": "other"}})),
        Send(line(method="account/rateLimits/updated", params={})),
        Wait(70_000),
    ]
    played = Played([Delivery((*whole.actions[:-1], *chat * 20, Stall()))])
    assert (played.result.error.deadline, played.clock.now()) == ("idle", 300)


def test_a_turn_that_goes_on_is_not_silent_however_long_it_takes():
    (whole,) = deliveries("text")
    slow = [
        step for action in whole.actions for step in (([Wait(25_000)] if isinstance(action, Send) else []) + [action])
    ]
    played = Played([Delivery(tuple(slow))], deadlines=TurnDeadlines(handshake_s=None, idle_s=80))
    assert (played.result.status, played.clock.now() > 150) == ("completed", True)


def test_an_approval_may_be_thought_over_for_longer_than_any_silence():
    class Slow(Played):
        def __init__(self) -> None:
            super().__init__("command", approve=self.think)

        def think(self, _):
            self.clock.sleep(900)
            return "accept"

    assert Slow().result.status == "completed"


def test_the_diff_of_a_turn_does_not_hide_that_the_model_is_silent():
    (whole,) = deliveries("silent-after-tool")
    params = json.loads(whole.body.splitlines()[-1])["params"]
    told = line(method="turn/diff/updated", params={"threadId": params["threadId"], "turnId": params["turnId"]})
    played = Played([Delivery((*whole.actions[:-1], Send(told), Stall()))])
    assert (played.result.error.deadline, played.clock.now()) == ("after_tool", 90)


def test_approvals_are_asked_of_the_caller_with_what_they_are_about():
    played = Played("command")
    (asked,) = played.asked
    assert (asked.kind, asked.reason) == ("command", "to greet")
    assert asked.command.endswith("'echo hello'")
    assert asked.item["type"] == "commandExecution"
    assert {"id": 0, "result": {"decision": "accept"}} in played.pipes.written
    (changed,) = Played("file-change").asked
    assert changed.kind == "file_change"
    assert changed.item["changes"][0]["path"].endswith("hello.txt")


def test_without_a_word_from_the_caller_nothing_is_approved():
    def broken(_):
        raise KeyError("bug of the caller")

    # The recorded server waits for another answer, so it falls silent here.
    played = Played("command", approve=broken)
    assert {"id": 0, "result": {"decision": "decline"}} in played.pipes.written
    assert played.result.error.deadline == "idle"


def test_what_is_not_known_is_refused_and_not_left_unanswered():
    written = Played("unknown-request").pipes.written
    (refusal,) = [said for said in written if "error" in said]
    assert (refusal["id"], refusal["error"]["code"]) == (0, -32601)


def test_an_approval_for_somebody_else_s_turn_is_refused():
    (whole,) = deliveries("command")
    params = json.loads(next(raw for raw in whole.body.splitlines() if b"requestApproval" in raw))["params"]
    other = {**params, "turnId": "another"}
    asked = line(method="item/commandExecution/requestApproval", id=5, params=other)
    sends = [n for n, action in enumerate(whole.actions) if isinstance(action, Send)]
    actions = list(whole.actions)
    actions.insert(sends[-3], Send(asked))
    played = Played([Delivery(tuple(actions))])
    assert played.result.status == "completed"
    assert [said["error"]["code"] for said in played.pipes.written if said.get("id") == 5] == [-32600]


def test_an_approval_that_overtakes_the_answer_to_turn_start_is_still_asked_of_the_caller():
    (whole,) = deliveries("command")
    lines = whole.body.splitlines(keepends=True)
    late = next(n for n, raw in enumerate(lines) if b'"result":{"turn"' in raw)
    asked = next(n for n, raw in enumerate(lines) if b"requestApproval" in raw)
    body = b"".join([*lines[:late], *lines[late + 1 : asked + 1], lines[late], *lines[asked + 1 :]])
    played = Played([_made(body, End())])
    assert (played.result.status, [approval.reason for approval in played.asked]) == ("completed", ["to greet"])


def test_the_user_s_own_words_in_the_list_at_the_end_are_no_news():
    (whole,) = deliveries("text")
    lines = whole.body.splitlines()
    last = json.loads(lines[-1])
    last["params"]["turn"]["items"].insert(0, {"type": "userMessage", "id": "u", "content": []})
    result = Played([_made(b"\n".join([*lines[:-1], json.dumps(last).encode(), b""]), End())]).result
    assert (result.text, [item.type for item in result.items], result.flags) == (WHOLE, ["agentMessage"], frozenset())


def test_deltas_are_told_as_they_come_and_taken_back_when_the_server_tries_again():
    told: list[tuple[str, str]] = []
    callbacks = Callbacks(
        on_text_delta=lambda text: told.append(("text", text)),
        on_reset=lambda reason: told.append(("reset", reason)),
    )
    Played("retried", callbacks=callbacks)
    reset = told.index(("reset", "Reconnecting... 1/1"))
    assert told[:reset]
    assert "".join(text for _, text in told[reset + 1 :]) == "Whole at the second try."


def test_reasoning_has_a_callback_of_its_own():
    thoughts: list[str] = []
    result = Played("reasoning", callbacks=Callbacks(on_reasoning_delta=thoughts.append)).result
    assert "".join(thoughts) == result.items[0].summary == "**Weighing** the words before they are said."


def test_a_message_without_deltas_is_streamed_at_once():
    heard: list[str] = []
    (whole,) = deliveries("text")
    body = b"".join(raw + b"\n" for raw in whole.body.splitlines() if b"/delta" not in raw)
    Played([_made(body, End())], callbacks=Callbacks(on_text_delta=heard.append))
    assert heard == [WHOLE]


class TestInterrupted:
    def test_the_server_is_asked_to_stop_and_the_session_lives_on(self):
        heard: list[str] = []
        callbacks = Callbacks(on_text_delta=heard.append, interrupted=lambda: len(heard) >= 2)
        played = Played("interrupted", callbacks=callbacks)
        assert (played.result.status, played.result.error, played.session.retired) == ("interrupted", None, "")
        assert played.result.interrupted
        assert len(heard) == 2
        assert played.pipes.written[-1]["method"] == "turn/interrupt"

    def test_one_that_does_not_stop_is_retired(self):
        heard: list[str] = []
        callbacks = Callbacks(on_text_delta=heard.append, interrupted=lambda: bool(heard))
        played = Played("hang-in-turn", callbacks=callbacks)
        assert (played.result.status, played.result.retired, played.clock.now()) == ("interrupted", True, 10)

    def test_before_the_turn_there_is_nothing_to_ask_the_server(self):
        played = Played("text", callbacks=Callbacks(interrupted=lambda: True))
        assert (played.result.status, played.result.retired, played.pipes.written) == ("interrupted", True, [])

    def test_a_silent_server_does_not_keep_the_caller_from_stopping(self):
        asked: list[float] = []
        played = Played(
            "hang-at-start", callbacks=Callbacks(interrupted=lambda: bool(asked.append(0) or len(asked) > 4))
        )
        assert played.result.status == "interrupted"
        assert played.clock.now() <= 2

    def test_a_turn_that_was_over_already_is_not_passed_on_as_completed(self):
        heard: list[str] = []
        (whole,) = deliveries("text")
        callbacks = Callbacks(on_text_delta=heard.append, interrupted=lambda: bool(heard))
        played = Played([_made(whole.body, End())], callbacks=callbacks)
        assert (played.result.status, len(heard)) == ("interrupted", 1)

    @pytest.mark.parametrize("cut", [bytes.splitlines, lambda data: [data]], ids=["line by line", "in one piece"])
    def test_who_stops_at_the_last_word_gets_no_completed_turn_however_the_lines_were_cut(self, cut):
        words: list[str] = []
        Played("text", callbacks=Callbacks(on_text_delta=words.append))
        heard: list[str] = []
        callbacks = Callbacks(on_text_delta=heard.append, interrupted=lambda: len(heard) == len(words))
        (whole,) = deliveries("text")
        played = Played(
            [_made(whole.body, End())], cut=lambda data: [piece + b"\n" for piece in cut(data)], callbacks=callbacks
        )
        assert (played.result.status, heard) == ("interrupted", words)
        assert [said.get("method") for said in played.pipes.written].count("turn/interrupt") == 1

    @pytest.mark.parametrize("cut", [bytes.splitlines, lambda data: [data]], ids=["line by line", "in one piece"])
    def test_who_stops_before_the_turn_began_gets_none_however_the_lines_were_cut(self, cut):
        asked: list[bool] = []
        (whole,) = deliveries("text")
        # Asked before each read and each message: the second message comes before the answer to turn/start.
        callbacks = Callbacks(interrupted=lambda: bool(asked.append(True) or len(asked) > 3))
        played = Played(
            [_made(whole.body, End())], cut=lambda data: [piece + b"\n" for piece in cut(data)], callbacks=callbacks
        )
        assert (played.result.status, played.result.retired, played.result.text) == ("interrupted", True, "")

    def test_what_came_before_the_answer_to_turn_start_is_asked_about_line_by_line_too(self):
        heard: list[str] = []
        callbacks = Callbacks(on_text_delta=heard.append, interrupted=lambda: bool(heard))
        played = Played("early-notifications", callbacks=callbacks)
        assert (played.result.status, len(heard)) == ("interrupted", 1)

    def test_an_error_that_a_callback_raises_on_purpose_ends_the_turn_and_the_session(self):
        def stop(_: str) -> None:
            raise InterruptedError("enough")

        with pytest.raises(InterruptedError, match="enough"):
            Played("text", callbacks=Callbacks(on_text_delta=stop))


def test_what_could_not_be_read_is_flagged():
    assert Played("garbage-line").result.flags == {"damaged"}
    assert Played("message-only-listed").result.flags == {"recovered"}
    assert Played("text").result.flags == frozenset()


def test_a_turn_called_complete_while_its_tool_runs_is_flagged():
    (whole,) = deliveries("command")
    lines = whole.body.splitlines(keepends=True)
    body = b"".join(raw for raw in lines if not (b"item/completed" in raw and b'"commandExecution"' in raw))
    result = Played([_made(body, End())]).result
    assert (result.status, result.flags, result.tool_iterations) == ("completed", {"unfinished"}, 0)


def test_a_turn_called_complete_with_an_error_has_failed():
    (whole,) = deliveries("text")
    *before, last = whole.body.splitlines(keepends=True)
    told = json.loads(last)
    told["params"]["turn"]["error"] = {"message": "the model is overloaded"}
    result = Played([_made(b"".join([*before, line(**told)]), End())]).result
    assert (result.status, str(result.error), result.text) == ("failed", "the model is overloaded", WHOLE)
