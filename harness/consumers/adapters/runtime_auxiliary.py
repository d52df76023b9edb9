"""The runtime's auxiliary adapter, ``Completions.create`` and ``AsyncCompletions.create``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.clock import VirtualClock
from harness.consumers.adapters.chat_turn import history_of, messages_of, tidied, tools_of, turn_of_completion
from harness.consumers.adapters.conversation import BASE_URL, Trace
from harness.consumers.adapters.runtime import RuntimeAdapter
from harness.consumers.adapters.runtime_async import RuntimeAsync
from harness.consumers.adapters.runtime_turn import deadlines_of, turn_of_error
from harness.contract import Case, Turn
from harness.replay import Player
from harness.runtime import AsyncCompletions, Client, Completions
from harness.runtime.aio import AsyncClient


class RuntimeAuxiliary(RuntimeAdapter):
    """The total deadline of a case is the ``timeout`` of its calls, as a program of chat completions sets it."""

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        super().begin(player, clock, case)
        self._timeout_s = total_s(case)
        self._chat = Completions(
            lambda deadlines: (
                Client(base_url=BASE_URL, http_client=self._http, clock=clock, deadlines=deadlines).respond
            ),
            deadlines=replace(self._deadlines, total_s=None),
        )

    def asked(self, turn: dict[str, Any]) -> list[dict[str, Any]]:
        return messages_of(super().asked(turn))

    def answered(self, turn: Turn) -> list[dict[str, Any]]:
        return history_of(self._result)

    def call(self, request: dict[str, Any], trace: Trace) -> Turn:
        try:
            completion = self._chat.create(**chat(request, trace, self._timeout_s))
            self._result = completion.result
            return turn_of_completion(completion, trace)
        except Exception as error:  # noqa: BLE001 (whatever escapes is the outcome)
            return turn_of_error(error, trace)


class RuntimeAuxiliaryAsync(RuntimeAsync):
    """The same, awaited."""

    def begin(self, player: Player, clock: VirtualClock, case: Case) -> None:
        super().begin(player, clock, case)
        self._timeout_s = total_s(case)
        self._chat = AsyncCompletions(
            lambda deadlines: AsyncClient(base_url=BASE_URL, http_client=self._http, deadlines=deadlines).respond,
            deadlines=replace(deadlines_of(case), total_s=None),
        )

    def asked(self, turn: dict[str, Any]) -> list[dict[str, Any]]:
        return messages_of(super().asked(turn))

    def answered(self, turn: Turn) -> list[dict[str, Any]]:
        return history_of(self._result)

    def call(self, request: dict[str, Any], trace: Trace) -> Turn:
        asked = chat(request, trace, self._timeout_s)
        task = self.awaited(lambda: self._chat.create(**asked), trace)
        try:
            self._result = task.result().result
            return turn_of_completion(task.result(), trace)
        except BaseException as error:  # noqa: BLE001 (whatever escapes is the outcome, a cancellation too)
            return turn_of_error(error, trace)


def total_s(case: Case) -> float | None:
    """The case's deadline for a whole call."""
    return case.timeouts["total_ms"] / 1000 if "total_ms" in case.timeouts else None


def chat(request: dict[str, Any], trace: Trace, timeout_s: float | None) -> dict[str, Any]:
    """The arguments of ``create``."""
    tools = {"tools": tools_of(request["tools"])} if "tools" in request else {}
    arguments = {"model": request["model"], "messages": tidied(request["input"]), **tools}
    return {**arguments, "timeout": timeout_s, "interrupted": _asked_whether_to_stop(trace)}


def _asked_whether_to_stop(trace: Trace) -> Callable[[], bool]:
    def interrupted() -> bool:
        trace.add("event")
        return trace.cancelled

    return interrupted


make = RuntimeAuxiliary
make_async = RuntimeAuxiliaryAsync
