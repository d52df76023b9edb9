"""What the lines of one turn mean: its items with all their witnesses, its end, its usage.

A process serves several turns and threads at once. Only what names the turn that the client's own turn/start opened
counts; the answer to that request tells its id, and may come later than the first notifications.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.protocols.appserver.catalogue import DELTAS, GIVEN, LADDER, STATUSES, USAGE
from harness.protocols.appserver.items import Draft
from harness.protocols.appserver.lines import Line
from harness.protocols.responses.errors import ProviderError
from harness.protocols.responses.reading import Reading, Terminal, TerminalKind, UsageReading, Witness

LOST = "a line that is no JSON object"


def read(lines: Sequence[Line], asked: Sequence[Line]) -> Reading:
    """The reading of a turn.

    Args:
        lines: what the program wrote, from the turn's beginning.
        asked: what the client wrote in that turn.
    """
    # Its answers have ids too, and those are the program's.
    methods = {_hashable(line.message.get("id")): line.method for line in asked if line.message and line.method}
    own = _own_turn(lines, methods)
    fold = _Fold(own)
    for position, line in enumerate(lines):
        fold.take(line, methods)
        if fold.terminal is not None:
            return fold.reading(_after(lines[position + 1 :], own))
    return fold.reading(None)


def _own_turn(lines: Iterable[Line], methods: Mapping[Any, str]) -> str | None:
    for line in lines:
        message = line.message or {}
        if not line.method and methods.get(_hashable(message.get("id"))) == "turn/start":
            id = _object(_object(message.get("result")).get("turn")).get("id")
            return id if isinstance(id, str) else None
    return None


def _after(lines: Iterable[Line], own: str | None) -> Reading | None:
    """What was told of the turn after its end."""
    fold = _Fold(own)
    for line in lines:
        fold.take(line, {})
    return fold.reading(None) if fold.events else None


class _Fold:
    def __init__(self, own: str | None) -> None:
        self._own = own
        self._items: dict[str, Draft] = {}
        self._usage_before: Mapping[str, Any] = {}
        self._usage: Mapping[str, Any] | None = None
        self._last_error: Any = None
        self._damage: list[tuple[int, str]] = []
        self.terminal: Terminal | None = None
        self.events = 0

    def take(self, line: Line, methods: Mapping[Any, str]) -> None:
        message = line.message
        if message is None:
            self._damage.append((line.number, LOST))
        elif not line.method:
            self._answer(line.number, methods.get(_hashable(message.get("id"))), message)
        elif self._own is not None and self._turn_of(line.params) == self._own:
            self.events += 1
            self._notified(line)

    def reading(self, after: Reading | None) -> Reading:
        return Reading(
            items=tuple(draft.reading(index) for index, draft in enumerate(self._items.values())),
            terminal=self.terminal,
            usage=self._own_usage(),
            created=self._own is not None,
            damage=tuple(self._damage),
            events=self.events,
            after=after,
        )

    def _turn_of(self, params: Mapping[str, Any]) -> Any:
        return params["turnId"] if "turnId" in params else _object(params.get("turn")).get("id")

    def _answer(self, number: int, method: str | None, message: Mapping[str, Any]) -> None:
        error = message.get("error")
        if method in LADDER and error is not None:
            fields = _object(error)
            told = ProviderError("refused", _text(fields.get("code")), _text(fields.get("message")), raw=error)
            self.terminal = Terminal(number, TerminalKind.FAILED, f"an error in answer to {method}", error=told)

    def _notified(self, line: Line) -> None:
        number, params = line.number, line.params
        if line.method in {"item/started", "item/completed"}:
            self._item(number, _object(params.get("item")), done=line.method == "item/completed")
        elif line.method in DELTAS:
            self._delta(number, line.method, params)
        elif line.method == "thread/tokenUsage/updated":
            self._count(_object(params.get("tokenUsage")))
        elif line.method == "error":
            self._error(params)
        elif line.method == "turn/completed":
            self._complete(number, _object(params.get("turn")))

    def _item(self, number: int, item: Mapping[str, Any], done: bool) -> None:
        id = item.get("id")
        if not isinstance(id, str) or _text(item.get("type")) in GIVEN:
            return
        draft = self._items.setdefault(id, Draft(id))
        draft.tell(number, item, Witness.ITEM_DONE if done else Witness.ADDED)
        draft.started, draft.finished = draft.started or not done, draft.finished or done

    def _delta(self, number: int, method: str, params: Mapping[str, Any]) -> None:
        type, strand, numbered_by = DELTAS[method]
        id, words, part = params.get("itemId"), params.get("delta"), params.get(numbered_by, 0)
        if isinstance(id, str) and isinstance(words, str):
            draft = self._items.setdefault(id, Draft(id, type))
            draft.continue_with(number, strand, part if isinstance(part, int) else 0, words)

    def _count(self, told: Mapping[str, Any]) -> None:
        total, last = _object(told.get("total")), _object(told.get("last"))
        if total and self._usage is None:
            self._usage_before = {name: _difference(total.get(key), last.get(key)) for name, key in USAGE.items()}
        self._usage = total or self._usage

    def _own_usage(self) -> UsageReading:
        """The thread's sum, less what it was before the turn's first request."""
        if self._usage is None:
            return UsageReading("absent")
        total, before = self._usage, self._usage_before
        values = {name: _difference(total.get(key), before.get(name)) for name, key in USAGE.items()}
        return UsageReading("stated", values)

    def _error(self, params: Mapping[str, Any]) -> None:
        self._last_error = params.get("error")
        if params.get("willRetry") is True:
            # The request is made again: what the model had not finished is said anew, under other ids.
            kept = {id: draft for id, draft in self._items.items() if draft.finished or draft.kind.called_with}
            self._items = kept

    def _complete(self, number: int, turn: Mapping[str, Any]) -> None:
        listed = turn.get("items")
        for item in listed if isinstance(listed, list) else ():
            id = _object(item).get("id")
            if isinstance(id, str) and _text(item.get("type")) not in GIVEN:
                draft = self._items.setdefault(id, Draft(id))
                draft.tell(number, item, Witness.SNAPSHOT)
                draft.in_snapshot = True
        status = turn.get("status")
        kind = STATUSES.get(status, TerminalKind.INCOMPLETE) if isinstance(status, str) else TerminalKind.INCOMPLETE
        error = _turn_error(turn.get("error") or (self._last_error if kind is TerminalKind.FAILED else None))
        contradicted = kind is TerminalKind.COMPLETED and error is not None
        self.terminal = Terminal(number, kind, "turn/completed", status, error=error, contradicted=contradicted)


def _turn_error(told: Any) -> ProviderError | None:
    fields = _object(told)
    if not fields:
        return None
    info = fields.get("codexErrorInfo")
    code = next(iter(info), None) if isinstance(info, dict) else info
    return ProviderError("turn-error", _text(code), _text(fields.get("message")), raw=told)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _hashable(value: Any) -> Any:
    return value if isinstance(value, int | str) else None


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


def _difference(whole: Any, part: Any) -> Any:
    return whole - part if isinstance(whole, int) and isinstance(part, int) else whole
