"""Turns of a real app-server: the core, a process, and a clock that says when silence has lasted too long.

A session that ended badly is retired: its process is ended and it is never used again, because whatever it says next
belongs to a turn that nobody waits for any more. A turn that failed in the server's own good order retires nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from harness.clock import Clock, RealClock
from harness.runtime.appserver.approvals import Approve, decline
from harness.runtime.appserver.core import Core
from harness.runtime.appserver.deadlines import TurnDeadlines, TurnWatch
from harness.runtime.appserver.errors import AppServerError, ServerGone, ServerSilent, SessionRetired
from harness.runtime.appserver.process import Pipes, Process
from harness.runtime.appserver.result import TurnResult
from harness.runtime.callbacks import Callbacks, Teller
from harness.runtime.errors import RuntimeStreamError, UndecodableStream

INTERRUPT_POLL_S = 0.25
"""How often a caller that may interrupt is asked while the server is silent."""

CLIENT = {"clientInfo": {"name": "stream-harness", "title": "stream-harness", "version": "1"}}
"""Params of initialize."""


@dataclass(slots=True)
class _Stop:
    """Whether the caller wants the turn to stop: asked until that is so, and not again."""

    asked: Callable[[], bool] | None
    wanted: bool = False


class AppServerSession:
    """One process and one thread on it. Not for two threads of the program at once; close it, or use ``with``."""

    def __init__(
        self,
        spawn: Callable[[], Pipes],
        *,
        client: Mapping[str, Any] | None = None,
        thread: Mapping[str, Any] | None = None,
        deadlines: TurnDeadlines | None = None,
        approve: Approve = decline,
        clock: Clock | None = None,
    ) -> None:
        """``spawn``: starts the server, e.g. ``lambda: Process(["codex", "app-server"])``; called with the first turn.
        ``client`` and ``thread``: params of initialize and of thread/start (``cwd``, ``model``, ``sandbox`` ...)."""
        self._spawn = spawn
        self._deadlines = deadlines or TurnDeadlines()
        self._clock = clock or RealClock()
        self._core = Core(client or CLIENT, thread or {}, approve)
        self._pipes: Pipes | None = None
        self.retired: str = ""
        """Why the session is over; empty while it can be used."""

    @property
    def thread_id(self) -> str | None:
        return self._core.thread_id

    def run_turn(
        self, input: str | Sequence[Mapping[str, Any]], *, callbacks: Callbacks | None = None, **options: Any
    ) -> TurnResult:
        """Run one turn to its end, good or bad; what went wrong is in the result.

        Args:
            input: a text, or the UserInput objects of turn/start.
            options: more params of turn/start (``model``, ``effort``, ``outputSchema`` ...).

        Raises SessionRetired when the session is over, and whatever a callback raises on purpose (TimeoutError,
        InterruptedError); that retires the session too.
        """
        if self.retired:
            raise SessionRetired(f"the session is over: {self.retired}")
        said = [{"type": "text", "text": input}] if isinstance(input, str) else [dict(part) for part in input]
        try:
            return self._run({"input": said, **options}, callbacks or Callbacks())
        except UndecodableStream as error:
            return self._lost(error)
        except BaseException:
            self._retire("a turn was broken off", at_fault=True)
            raise

    def close(self) -> None:
        """End the server. Harmless when repeated."""
        self._retire("it was closed", at_fault=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, turn: Mapping[str, Any], callbacks: Callbacks) -> TurnResult:
        core, clock, teller = self._core, self._clock, Teller(callbacks)
        try:
            self._pipes = pipes = self._pipes or self._spawn()
        except AppServerError as error:
            return self._lost(error)
        core.begin(turn)
        watch, stop = TurnWatch(self._deadlines, clock.now()), _Stop(callbacks.interrupted)
        while core.over is None:
            if not self._goes_on(stop, watch):
                return core.abandoned()
            pipes.send(bytes(core.outgoing))
            core.outgoing.clear()
            data = pipes.read(self._patience(watch, polls=stop.asked is not None and not stop.wanted))
            if data == b"":
                return self._lost(ServerGone(self._where(), pipes.ending, pipes.stderr))
            life = core.life
            for message in core.messages(data or b""):
                # As if each had come alone: how the lines were cut on their way must not decide what became of a turn.
                if core.over is None and not self._goes_on(stop, watch):
                    return core.abandoned()
                for signal in core.take(message):
                    # A caller who wants to stop hears no more.
                    if self._goes_on(stop, watch) and not stop.wanted:
                        teller.tell([signal])
            if core.life > life:
                watch.alive(core.phase, clock.now())
            # Also after bytes: a server that chats about other things is never silent.
            if core.over is None and (missed := watch.exceeded(clock.now())):
                return self._missed(*missed, watch.messages)
        pipes.send(bytes(core.outgoing))
        core.outgoing.clear()
        if core.thread_id is None:
            assert core.error is not None
            return self._lost(core.error)
        result = core.result()
        # It was over before it could be stopped; its caller has not heard the rest all the same.
        return replace(result, status="interrupted") if stop.wanted and result.status == "completed" else result

    def _goes_on(self, stop: _Stop, watch: TurnWatch) -> bool:
        """Ask the caller, and the server to stop if the caller says so; False when there is no turn yet to stop."""
        if stop.wanted or stop.asked is None or not stop.asked():
            return True
        stop.wanted = True
        if self._core.interrupt():
            watch.asked_to_stop(self._clock.now())
            return True
        self._retire("the turn was interrupted before it had begun", at_fault=True)
        return False

    def _patience(self, watch: TurnWatch, polls: bool) -> float | None:
        due = watch.due
        left = None if due is None else max(0.0, due - self._clock.now())
        if not polls:
            return left
        return INTERRUPT_POLL_S if left is None else min(left, INTERRUPT_POLL_S)

    def _missed(self, deadline: str, limit_s: float, messages: int) -> TurnResult:
        if deadline == "interrupt":
            self._retire("it did not stop when it was asked to", at_fault=True)
            return self._core.abandoned()
        assert self._pipes is not None
        return self._lost(ServerSilent(deadline, limit_s, messages, self._pipes.stderr))

    def _lost(self, error: RuntimeStreamError) -> TurnResult:
        self._retire(error.message, at_fault=True)
        return self._core.result(error=error, retired=True)

    def _retire(self, reason: str, *, at_fault: bool) -> None:
        self.retired = self.retired or reason
        if self._pipes is not None:
            self._pipes.end(at_fault=at_fault)
            self._pipes = None

    def _where(self) -> str:
        if self._core.turn_id is None:
            where = "before the turn had begun"
        else:
            where = "after a tool had finished" if self._core.phase == "after_tool" else "in the middle of the turn"
        return f"{where} and of a line" if self._core.in_line else where


def run_codex_app_server_turn(
    command: Sequence[str],
    input: str | Sequence[Mapping[str, Any]],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    callbacks: Callbacks | None = None,
    **options: Any,
) -> TurnResult:
    """One turn in a process of its own, which is gone when this returns. ``options``: of AppServerSession."""
    with AppServerSession(lambda: Process(command, cwd=cwd, environment=environment), **options) as session:
        return replace(session.run_turn(input, callbacks=callbacks), retired=True)
