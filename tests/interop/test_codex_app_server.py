"""The real ``codex app-server``, with our loopback server as its provider, driven turn by turn.

It needs the program, which is large: see codex_app_server for how to install it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.runtime import Callbacks
from harness.runtime.appserver import TurnFailed
from tests.interop.app_server_cassettes import PATCH, RECORDED
from tests.interop.codex_app_server import PROGRAM, answer, codex, command, conversation, message, refusal

pytestmark = [
    pytest.mark.interop,
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM.is_file(), reason=f"needs the npm package @openai/codex; there is no {PROGRAM}"),
]


def accept(_):
    return "accept"


def test_a_turn_of_one_message(tmp_path):
    with codex(RECORDED["text"].exchange, tmp_path) as running:
        heard: list[str] = []
        result = running.session.run_turn("Say something.", callbacks=Callbacks(on_text_delta=heard.append))
        assert (result.status, result.text, result.error) == ("completed", "All is well, said the model.", None)
        assert "".join(heard) == result.text
        assert (result.usage.input, result.usage.output, result.usage.total) == (30, 12, 42)
        assert (result.thread_id is not None, result.turn_id is not None, result.retired) == (True, True, False)
        assert [entry.request.target for entry in running.server.transcript().served] == ["/v1/responses"]


def test_a_command_runs_when_it_is_approved_and_does_not_when_it_is_not(tmp_path):
    asked = []
    decisions = iter(["accept", "decline"])

    def approve(approval):
        asked.append(approval)
        return next(decisions)

    answers = conversation(
        answer(command("touch ../ran-1", "to leave a mark", 1)),
        answer(message("Marked.")),
        answer(command("touch ../ran-2", "to leave another", 2)),
        answer(message("Not marked.", 2)),
    )
    with codex(answers, tmp_path, approve=approve) as running:
        first, second = running.session.run_turn("Mark it."), running.session.run_turn("Once more.")
    assert [(approval.kind, approval.reason) for approval in asked] == [
        ("command", "to leave a mark"),
        ("command", "to leave another"),
    ]
    assert (first.text, first.tool_iterations, second.text) == ("Marked.", 1, "Not marked.")
    assert [item.payload["status"] for item in (first.items[0], second.items[0])] == ["completed", "declined"]
    assert ((tmp_path / "ran-1").exists(), (tmp_path / "ran-2").exists()) == (True, False)
    assert first.thread_id == second.thread_id


def test_a_file_is_changed_when_it_is_approved(tmp_path):
    recipe = RECORDED["file-change"]
    assert "hello.txt" in PATCH
    with codex(recipe.exchange, tmp_path, approve=accept) as running:
        result = running.session.run_turn("Write hello.txt.")
    assert (result.status, [item.type for item in result.items]) == ("completed", ["fileChange", "agentMessage"])
    assert Path(tmp_path, "project", "hello.txt").read_text() == "hello\n"


def test_a_turn_that_the_provider_refuses_fails_in_its_words_and_the_session_lives_on(tmp_path):
    answers = conversation(
        refusal(400, "The model is not available to you.", "model_not_found"), answer(message("Better now."))
    )
    with codex(answers, tmp_path) as running:
        failed, better = running.session.run_turn("Try."), running.session.run_turn("Try again.")
    assert (failed.status, type(failed.error), better.status) == ("failed", TurnFailed, "completed")
    assert "not available to you" in str(failed.error)
    assert better.text == "Better now."


def test_a_stream_that_breaks_is_asked_for_again_and_what_was_heard_is_taken_back(tmp_path):
    resets: list[str] = []
    with codex(RECORDED["retried"].exchange, tmp_path, retries=1) as running:
        result = running.session.run_turn("Try.", callbacks=Callbacks(on_reset=resets.append))
    assert (result.status, result.text, len(result.items), len(resets)) == (
        "completed",
        "Whole at the second try.",
        1,
        1,
    )


def test_a_turn_is_stopped_at_the_server(tmp_path):
    heard: list[str] = []
    stop = Callbacks(on_text_delta=heard.append, interrupted=lambda: len(heard) >= 2)
    with codex(RECORDED["interrupted"].exchange, tmp_path) as running:
        result = running.session.run_turn("Talk.", callbacks=stop)
        assert (result.status, result.error, running.session.retired) == ("interrupted", None, "")
