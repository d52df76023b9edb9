"""The runtime's app-server session, against a process that plays the case's lines, in simulated time.

The caller that this adapter stands for accepts whatever the server asks to do. Mapping: a ``TurnResult`` field by
field. Messages and reasoning are items of their kinds; a tool that the server ran is a custom tool call whose input is
what the tool was called with; ``error`` is the attached failure, because a turn never raises.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import __version__
from harness.clock import VirtualClock
from harness.consumers.adapters.conversation import Trace, failure_of, trace_of
from harness.consumers.base import ConsumerError, Observation
from harness.consumers.leftovers import Standing
from harness.contract import Capabilities, Case, Item, Outcome, Turn, Usage
from harness.delivery import Exchange
from harness.replay import NeverEnds
from harness.replay.stdio import NeverAnswers, ScriptedServer
from harness.runtime import Callbacks
from harness.runtime.appserver import AppServerSession, Pipes, Process, TurnDeadlines, TurnItem, TurnResult
from harness.runtime.appserver.tools import TOOLS


class RuntimeAppServer:
    """A session of its own for every case."""

    def __init__(self, name: str, capabilities: Capabilities) -> None:
        self._name, self._capabilities = name, capabilities

    @property
    def name(self) -> str:
        return self._name

    @property
    def version(self) -> str:
        return __version__

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def run(self, case: Case, exchange: Exchange) -> Observation:
        if any(delivery.stdio is None for delivery in exchange.deliveries.values()):
            raise ConsumerError("it reads talks in lines, and this exchange is one of streams over HTTP")
        clock, before, started = VirtualClock(), Standing.now(), list[int]()
        try:
            with ScriptedServer(exchange, clock) as server:
                turns = _turns(case, server, clock, started)
                transcript = server.transcript()
        except NeverAnswers as error:
            raise ConsumerError(str(error)) from error
        left = before.left_since(tasks=clock.pending, sockets=0)
        left = replace(left, processes=_alive(started))
        return Observation(Outcome(self._name, __version__, turns, left), transcript)

    def close(self) -> None:
        """Nothing outlives a case."""


def _turns(case: Case, server: ScriptedServer, clock: VirtualClock, started: list[int]) -> tuple[Turn, ...]:
    def spawn() -> Pipes:
        process = Process(server.command())
        started.append(process.pid)
        return server.attach(process)

    turns: list[Turn] = []
    with AppServerSession(spawn, deadlines=deadlines_of(case), approve=lambda _: "accept", clock=clock) as session:
        for number, asked in enumerate(case.turns):
            trace = Trace(clock, *((case.cancel_after, case.cancel_at_ms) if number == 0 else ()))
            turns.append(_turn(session, asked["input"], trace))
            if session.retired or turns[-1].ended != "returned":
                break
    return tuple(turns)


def _turn(session: AppServerSession, said: Any, trace: Trace) -> Turn:
    callbacks = Callbacks(
        on_text_delta=lambda text: trace.add("text", text),
        on_reasoning_delta=lambda text: trace.add("reasoning", text),
        on_reset=lambda reason: trace.add("reset", reason),
        interrupted=(lambda: trace.cancelled) if trace.cancellable else None,
    )
    try:
        result = session.run_turn(said if isinstance(said, str) else json.dumps(said), callbacks=callbacks)
    except NeverEnds as stall:
        return Turn("hung", trace=trace_of(trace), notes=str(stall))
    return turn_of(result, trace)


def turn_of(result: TurnResult, trace: Trace) -> Turn:
    """The result in the contract's form."""
    usage = result.usage
    return Turn(
        "cancelled" if result.interrupted and trace.cancelled else "returned",
        status=result.status,
        items=tuple(_item(item) for item in result.items),
        text=result.text,
        usage=None if usage is None else Usage(usage.input, usage.output, usage.total, usage.cached, usage.reasoning),
        failure=None if result.error is None else failure_of(result.error),
        flags=tuple(sorted(result.flags)),
        trace=trace_of(trace),
    )


def deadlines_of(case: Case) -> TurnDeadlines:
    """The session's own deadlines, but for those the case sets."""
    own = TurnDeadlines()
    names = {"first_byte_ms": "handshake_s", "idle_ms": "idle_s", "total_ms": "total_s"}
    stated = {field: case.timeouts[name] / 1000 for name, field in names.items() if name in case.timeouts}
    return replace(own, **stated)


def _item(item: TurnItem) -> Item:
    if item.type == "agentMessage":
        return Item("message", item.type, id=item.id, text=item.text, phase=item.phase, finished=item.finished)
    if item.type == "reasoning":
        return Item(
            "reasoning",
            item.type,
            id=item.id,
            text=item.text or None,
            summary=item.summary or None,
            finished=item.finished,
        )
    if item.type not in TOOLS:
        return Item("other", item.type, id=item.id, text=item.text or None, finished=item.finished)
    told = item.payload or {}
    called = {name: told[name] for name in TOOLS[item.type].arguments if told.get(name) is not None}
    arguments = json.dumps(called, sort_keys=True, ensure_ascii=False)
    return Item(
        "custom_tool_call",
        item.type,
        id=item.id,
        call_id=item.id,
        name=item.type,
        arguments=arguments,
        finished=item.finished,
    )


def _alive(started: Collection[int]) -> int | None:
    """Processes of the sessions that were started here, dead ones that nobody waited for too; None: nobody can tell."""
    try:
        running = os.listdir("/proc")
    except OSError:
        return None
    return sum(_session_of(entry) in started for entry in running if entry.isdecimal())


def _session_of(pid: str) -> int | None:
    try:
        stat = Path("/proc", pid, "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything; the session is the fourth field after it.
    return int(stat.rpartition(")")[2].split()[3])


make = RuntimeAppServer
