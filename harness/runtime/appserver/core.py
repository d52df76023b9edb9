"""The client's side of one app-server process, sans-IO: bytes in, bytes out, and what a turn came to.

Theory of operation. A turn runs down a ladder, one rung an answer: initialize, thread/start, turn/start; the first two
only in a new session. From there the turn is told in notifications, until turn/completed names *our* turn: a thread may
have others. What overtakes the answer to turn/start is held back until that says which turn is ours.

The core never waits and knows no time. Who drives it feeds it bytes, has it take the messages one by one (between two
of them is the moment to ask whether anybody still wants the turn), sends what it leaves in ``outgoing``, and looks at
``over``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from harness.runtime.appserver.approvals import Approve, answer
from harness.runtime.appserver.deadlines import Phase
from harness.runtime.appserver.draft import DELTAS, TurnDraft
from harness.runtime.appserver.errors import RequestRefused, TurnFailed
from harness.runtime.appserver.lines import Garbage, LineReader, Message, Notification, Request, Response, encode
from harness.runtime.appserver.result import TurnResult, TurnStatus
from harness.runtime.appserver.tools import TOOLS
from harness.runtime.assembler import Signal
from harness.runtime.errors import RuntimeStreamError
from harness.runtime.view import mapping, text

_Answered = Callable[[Mapping[str, Any]], Iterator[Signal]]


class Core:
    """One session: a process that is new, and then its thread."""

    def __init__(self, client: Mapping[str, Any], thread: Mapping[str, Any], approve: Approve) -> None:
        """``client``: params of initialize; ``thread``: params of thread/start."""
        self._client = client
        self._thread = thread
        self._approve = approve
        self._reader = LineReader()
        self._asked: dict[int, tuple[str, _Answered]] = {}
        self._asks = 0
        self._input: Mapping[str, Any] = {}
        self._draft = TurnDraft()
        self._early: deque[Notification | Request] = deque()
        self.outgoing = bytearray()
        """Lines for the server; whoever sends them clears it."""
        self.thread_id: str | None = None
        self.turn_id: str | None = None
        self.over: TurnStatus | None = None
        """How the turn ended, in the server's words; None while it goes on."""
        self.error: RuntimeStreamError | None = None
        self.phase: Phase = "handshake"
        """What is awaited now."""
        self.life = 0
        """Messages about our turn, and answers to us, so far."""
        self._tell: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Signal]]] = {}

    def begin(self, turn: Mapping[str, Any]) -> None:
        """Start a turn; ``turn``: params of turn/start but for the thread's id."""
        self._input = turn
        self._draft = draft = TurnDraft()
        self._early.clear()
        self.turn_id = self.over = self.error = None
        self.phase = "handshake"
        self._tell = {
            "item/started": draft.started,
            "item/completed": draft.completed,
            "thread/tokenUsage/updated": draft.usage,
            "error": draft.error,
            "turn/completed": self._completed,
        }
        if self.thread_id is None:
            self._ask("initialize", self._client, self._initialized)
        else:
            self._start_turn()

    def messages(self, data: bytes) -> Iterator[Message]:
        """What these bytes say, to be taken one after another; each is found once the one before it was taken.

        Raises UndecodableStream for a line past the limit.
        """
        for message in self._reader.feed(data):
            yield message
            while self._early and self.turn_id is not None:
                yield self._early.popleft()

    def take(self, message: Message) -> Iterator[Signal]:
        """Go on by this message; yields what the caller may stream."""
        if isinstance(message, Response):
            yield from self._answered(message)
        elif isinstance(message, Garbage):
            self._draft.damaged()
        elif self.turn_id is None and self._may_be_ours(message.params):
            self._early.append(message)
        elif isinstance(message, Request):
            ours = self.over is None and self._ours(message.params)
            self.life += ours
            item = self._draft.payload_of(text(message.params.get("itemId"))) if ours else None
            self.outgoing += answer(message, self._approve, item, ours)
        else:
            yield from self._notified(message)

    @property
    def in_line(self) -> bool:
        """Whether the last line has begun and not ended."""
        return bool(self._reader.unfinished)

    def interrupt(self) -> bool:
        """Ask the server to stop the turn. Returns False when there is none yet that it could stop."""
        if self.turn_id is None:
            return False
        self._ask("turn/interrupt", {"threadId": self.thread_id, "turnId": self.turn_id}, _ignore)
        self.phase = "interrupt"
        return True

    def result(self, *, error: RuntimeStreamError | None = None, retired: bool = False) -> TurnResult:
        """The turn as it stands; an error that ended it from outside makes it failed."""
        status: TurnStatus = "failed" if error is not None else self.over or "failed"
        return self._draft.result(status, error or self.error, self.thread_id, self.turn_id, retired)

    def abandoned(self) -> TurnResult:
        """The turn, stopped by its caller without the server's word."""
        return self._draft.result("interrupted", None, self.thread_id, self.turn_id, retired=True)

    def _notified(self, told: Notification) -> Iterator[Signal]:
        if self.over is not None or not self._ours(told.params):
            return
        if told.method.startswith(("item/", "turn/")) or told.method == "error":
            self.life += 1
            self._settle(told)
        if told.method in DELTAS:
            yield from self._draft.delta(told.method, told.params)
        elif told.method in self._tell:
            yield from self._tell[told.method](told.params)

    def _settle(self, told: Notification) -> None:
        """Whether a tool has just finished, with no other at work and nothing told since."""
        item = mapping(told.params.get("item")) or {}
        ended_tool = told.method == "item/completed" and text(item.get("type")) in TOOLS
        # What is told of the turn as a whole, such as its diff, is no step of the model's.
        if self.phase != "interrupt" and not told.method.startswith("turn/"):
            busy = self._draft.tool_running_beside(text(item.get("id")))
            self.phase = "after_tool" if ended_tool and not busy else "idle"

    def _ours(self, params: Mapping[str, Any]) -> bool:
        turn = mapping(params.get("turn")) or {}
        id = params.get("turnId", turn.get("id"))
        return self.turn_id is not None and id == self.turn_id and params.get("threadId") == self.thread_id

    def _may_be_ours(self, params: Mapping[str, Any]) -> bool:
        """Whether a message that came before the answer to turn/start may be about the turn that it will name."""
        return self.over is None and self.thread_id is not None and params.get("threadId") == self.thread_id

    def _ask(self, method: str, params: Mapping[str, Any], then: _Answered) -> None:
        self._asks += 1
        self._asked[self._asks] = (method, then)
        self.outgoing += encode(id=self._asks, method=method, params=dict(params))

    def _answered(self, response: Response) -> Iterator[Signal]:
        method, then = self._asked.pop(response.id, ("", _ignore)) if isinstance(response.id, int) else ("", _ignore)
        self.life += bool(method)
        if response.error is None:
            yield from then(mapping(response.result) or {})
        elif method not in {"", "turn/interrupt"} and self.over is None:
            # A turn may end while we ask to stop it; that refusal is no news.
            self._fail(RequestRefused(method, response.error))

    def _initialized(self, _: Mapping[str, Any]) -> Iterator[Signal]:
        self.outgoing += encode(method="initialized")
        self._ask("thread/start", self._thread, self._thread_started)
        return iter(())

    def _thread_started(self, result: Mapping[str, Any]) -> Iterator[Signal]:
        self.thread_id = text((mapping(result.get("thread")) or {}).get("id")) or None
        if self.thread_id is None:
            self._fail(RequestRefused("thread/start", {"message": "the answer names no thread"}))
        else:
            self._start_turn()
        return iter(())

    def _start_turn(self) -> None:
        self._ask("turn/start", {"threadId": self.thread_id, **self._input}, self._turn_started)

    def _turn_started(self, result: Mapping[str, Any]) -> Iterator[Signal]:
        self.turn_id = text((mapping(result.get("turn")) or {}).get("id")) or None
        if self.turn_id is None:
            self._fail(RequestRefused("turn/start", {"message": "the answer names no turn"}))
        else:
            self.phase = "idle"
        return iter(())

    def _completed(self, params: Mapping[str, Any]) -> Iterator[Signal]:
        turn = mapping(params.get("turn")) or {}
        status, error = text(turn.get("status")), mapping(turn.get("error"))
        self._draft.adopt(turn.get("items"))
        if status == "interrupted":
            self.over = "interrupted"
        elif status == "completed" and not error:
            self.over = "completed"
            self._draft.completed_turn()
        else:
            # Of a status and an error that contradict each other, the worse is believed.
            told = error or self._draft.last_error
            self._fail(TurnFailed(told or {"message": f"the turn ended with status {status!r} and no error"}))
        return iter(())

    def _fail(self, error: RuntimeStreamError) -> None:
        self.over, self.error = "failed", error


def _ignore(_: Mapping[str, Any]) -> Iterator[Signal]:
    return iter(())
