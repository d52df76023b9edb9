"""hermes-agent's app-server session: ``CodexAppServerSession.run_turn``, its client and its projection of what it
hears, over a process that plays the case in place of ``codex``.

Mapping to the outcome:
- ended, failure: what ``run_turn`` raised, else returned; its ``error`` is the attached failure. The user's
  cancellation is ``request_interrupt()``, as the agent's is; an interrupted result is then "cancelled".
- status: none. As for its own caller, who is neither told of an error nor of an interruption has a whole answer.
- text: ``final_text``. items: ``projected_messages``, each message of the assistant with its ``reasoning`` before it.
  Its calls, which the server has carried out under names and ids of the agent's own, and its notes on items that it
  does not know are items of kind "other"; what the user or a tool said is none.
- usage: ``token_usage_last``, which its caller books for the turn; releases before have none.
- flags: ``interrupted``, and ``retire`` for ``should_retire``: a new session then serves the next turn, as it does in
  the agent. An error that was raised ends the case.
- trace: text and reasoning, as the agent's own bridge of notifications hands them to its callbacks, where a release
  has that bridge.
- approvals: its caller's callback says "once" to everything.
- deadlines: a total one is ``turn_timeout``, an idle one ``post_tool_quiet_timeout``; the handshake's are its own.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import _driver  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import hermes_agent  # type: ignore[import-not-found]
from agent.transports.codex_app_server_session import CodexAppServerSession  # type: ignore[import-not-found]

try:
    from agent.codex_runtime import make_codex_app_server_event_bridge  # type: ignore[import-not-found]
except ImportError:
    make_codex_app_server_event_bridge = None

_ARGUMENTS = {"total_ms": "turn_timeout", "idle_ms": "post_tool_quiet_timeout"}


class Sessions:
    """The session of a case, made anew when it was retired."""

    def __init__(self, case: dict[str, Any], folder: str) -> None:
        self._folder, self._codex = folder, str(program_in(folder, case["command"]))
        given = case.get("timeouts", {})
        self._deadlines = {name: given[key] / 1000 for key, name in _ARGUMENTS.items() if key in given}
        self._agent = hermes_agent.agent_of(case["base_url"])
        self._session: Any = None

    def turn(self, said: str, cancel_after: int | None) -> dict[str, Any]:
        session = self._current()
        trace = _driver.Trace(cancel_after, session.request_interrupt)
        hermes_agent.watch(self._agent, trace)
        result, failure = _driver.attempt(lambda: session.run_turn(said, **self._deadlines))
        self._agent._reset_stream_delivery_tracking()
        if failure is not None:
            return {"ended": "raised", "failure": failure, "trace": trace.entries}
        if result.should_retire:
            self.close()
        return {**returned(result, trace), "trace": trace.entries}

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None

    def _current(self) -> Any:
        if self._session is None:
            bridge = make_codex_app_server_event_bridge
            self._session = CodexAppServerSession(
                cwd=self._folder,
                codex_bin=self._codex,
                approval_callback=lambda *_, **__: "once",
                on_event=None if bridge is None else bridge(self._agent),
            )
        return self._session


def program_in(folder: str, command: list[str]) -> Path:
    """A file that runs the command, whatever it is called with: a session is given a program, and adds arguments."""
    path = Path(folder, "codex")
    path.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def run_case(case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=os.environ["HOME"]) as folder:
        sessions = Sessions(case, folder)
        leftovers = _machine.Leftovers()
        with contextlib.closing(sessions):
            for number, asked in enumerate(case["turns"]):
                turns.append(sessions.turn(asked["input"], case.get("cancel_after") if number == 0 else None))
                tell_turn(turns[-1])
                if turns[-1]["ended"] != "returned":
                    break
        return turns, leftovers.count()


def returned(result: Any, trace: Any) -> dict[str, Any]:
    """A ``TurnResult`` as a turn."""
    flags = [name for name, given in (("interrupted", result.interrupted), ("retire", result.should_retire)) if given]
    turn = {
        "ended": "cancelled" if result.interrupted and trace.cancelled else "returned",
        "items": list(items_of(result.projected_messages)),
        "text": result.final_text,
        "usage": usage_of(getattr(result, "token_usage_last", None)),
        "flags": flags or None,
    }
    failure = _driver.attached({"error": {"message": result.error}}) if result.error else {}
    return {key: value for key, value in turn.items() if value is not None} | failure


def items_of(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for message in messages:
        if message.get("role") != "assistant":
            continue
        if message.get("reasoning"):
            yield {"kind": "reasoning", "type": "reasoning", "summary": message["reasoning"]}
        for call in message.get("tool_calls") or ():
            function = call["function"]
            yield {"kind": "other", "type": function["name"], "id": call["id"], "text": function["arguments"]}
        content = _driver.text_of(message.get("content"))
        if content is not None and content.startswith(_NOTE):
            yield {"kind": "other", "type": "note", "text": content}
        elif content is not None:
            yield {"kind": "message", "type": "agentMessage", "text": content}


_NOTE = "[codex "
"""How its notes on items that it does not know begin."""


def usage_of(counts: Any) -> dict[str, Any] | None:
    """Token counts verbatim, by the names of the app-server; None when the session holds none."""
    if not isinstance(counts, dict):
        return None
    names = {
        "input": "inputTokens",
        "output": "outputTokens",
        "total": "totalTokens",
        "cached": "cachedInputTokens",
        "reasoning": "reasoningOutputTokens",
    }
    return {name: counts[key] for name, key in names.items() if counts.get(key) is not None}


if __name__ == "__main__":
    hermes_agent.warm_up()
    _driver.serve("hermes-agent", importlib.metadata.version("hermes-agent"), "app-server", run_case)
