"""One turn, folded from its notifications. What the server says when an item is over counts; deltas fill the gaps.

An attempt that the server takes back (an error it will retry) takes the unfinished words of the model with it; tools
stay, because what they did is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.runtime.appserver.result import DAMAGED, RECOVERED, UNFINISHED, TurnItem, TurnResult, TurnStatus
from harness.runtime.appserver.tools import TOOLS, messages_of
from harness.runtime.assembler import Delta, Reset, Signal
from harness.runtime.errors import RuntimeStreamError
from harness.runtime.result import Usage
from harness.runtime.view import mapping, sequence, text

DELTAS: Mapping[str, tuple[str, str]] = {
    "item/agentMessage/delta": ("text", ""),
    "item/plan/delta": ("text", ""),
    "item/reasoning/textDelta": ("text", "contentIndex"),
    "item/reasoning/summaryTextDelta": ("summary", "summaryIndex"),
}
"""By method: which of an item's two strands it continues, and the member that numbers the strand's parts."""

_USAGE = {
    "input": "inputTokens",
    "output": "outputTokens",
    "total": "totalTokens",
    "cached": "cachedInputTokens",
    "reasoning": "reasoningOutputTokens",
}
_INPUT = {"userMessage", "hookPrompt"}
"""Items that the turn was given; they are none of what it produced."""
_WHOLE_AT_THE_END = {"agentMessage", *TOOLS}
"""Items without whose end nobody knows what the turn came to."""


@dataclass(slots=True)
class _Item:
    id: str
    type: str = ""
    payload: Mapping[str, Any] | None = None
    finished: bool = False
    deltas: dict[tuple[str, int], str] = field(default_factory=dict)

    def strand(self, name: str) -> str:
        """What the item says of itself once it is over; before that, and where it says nothing, its deltas."""
        own = _own_text(self.payload or {}, name)
        streamed = "".join(words for (strand, _), words in sorted(self.deltas.items()) if strand == name)
        return (own or streamed) if self.finished else (streamed or own)

    def frozen(self) -> TurnItem:
        phase = text((self.payload or {}).get("phase")) or None
        return TurnItem(
            self.id, self.type, self.strand("text"), self.strand("summary"), phase, self.finished, self.payload
        )


class TurnDraft:
    """The turn as far as it has been told."""

    def __init__(self) -> None:
        self._items: dict[str, _Item] = {}
        self._usage_before: dict[str, int] | None = None
        self._usage: dict[str, Any] | None = None
        self.flags: set[str] = set()
        self.last_error: Mapping[str, Any] | None = None
        """What the last error notification said, for a turn that fails without saying why."""

    def payload_of(self, id: str) -> Mapping[str, Any] | None:
        """An item as the server gave it last."""
        item = self._items.get(id)
        return item.payload if item is not None else None

    def tool_running_beside(self, id: str) -> bool:
        return any(item.type in TOOLS and not item.finished and item.id != id for item in self._items.values())

    def started(self, params: Mapping[str, Any]) -> Iterator[Signal]:
        self._note(mapping(params.get("item")) or {}, finished=False)
        return iter(())

    def completed(self, params: Mapping[str, Any]) -> Iterator[Signal]:
        """An item is over; what it says beyond its deltas is told as one more."""
        item = self._note(mapping(params.get("item")) or {}, finished=True)
        if item is not None and item.type in {"agentMessage", "reasoning"} and not item.deltas:
            yield from _deltas_of(item)

    def delta(self, method: str, params: Mapping[str, Any]) -> Iterator[Signal]:
        strand, numbered_by = DELTAS[method]
        words, id = text(params.get("delta")), text(params.get("itemId"))
        number = params.get(numbered_by)
        item = self._items.setdefault(id, _Item(id, _TYPES[method]))
        place = (strand, number if isinstance(number, int) else 0)
        item.deltas[place] = item.deltas.get(place, "") + words
        if words and item.type in {"agentMessage", "reasoning"}:
            yield Delta(_kind(item, strand), words)

    def usage(self, params: Mapping[str, Any]) -> Iterator[Signal]:
        told = mapping(params.get("tokenUsage")) or {}
        total, last = mapping(told.get("total")), mapping(told.get("last"))
        if total is not None:
            if self._usage_before is None:
                self._usage_before = {name: _minus(total, last or {}, key) for name, key in _USAGE.items()}
            self._usage = dict(total)
        return iter(())

    def error(self, params: Mapping[str, Any]) -> Iterator[Signal]:
        self.last_error = mapping(params.get("error"))
        if params.get("willRetry") is not True:
            return
        void = [item for item in self._items.values() if not item.finished and item.type not in TOOLS]
        for item in void:
            del self._items[item.id]
        if any(item.deltas for item in void):
            yield Reset(text((self.last_error or {}).get("message")) or "the server tries again")
            for item in self._items.values():
                yield from _deltas_of(item)

    def adopt(self, items: Any) -> None:
        """The list of items in the turn's last message: whole items nobody had told of, and ends nobody had told."""
        for told in sequence(items):
            members = mapping(told) or {}
            known = self._items.get(text(members.get("id")))
            if text(members.get("type")) not in _INPUT and (known is None or not known.finished):
                before = known.frozen() if known is not None else None
                item = self._note(members, finished=True)
                if item is not None and (before is None or before.text != item.strand("text")):
                    self.flags.add(RECOVERED)

    def completed_turn(self) -> None:
        """The server says that the turn is complete."""
        if any(not item.finished and item.type in _WHOLE_AT_THE_END for item in self._items.values()):
            self.flags.add(UNFINISHED)

    def damaged(self) -> None:
        self.flags.add(DAMAGED)

    def result(
        self,
        status: TurnStatus,
        error: RuntimeStreamError | None,
        thread_id: str | None,
        turn_id: str | None,
        retired: bool,
    ) -> TurnResult:
        items = tuple(item.frozen() for item in self._items.values() if item.type not in _INPUT)
        return TurnResult(
            status=status,
            items=items,
            messages=messages_of(items),
            tool_iterations=sum(item.type in TOOLS and item.finished for item in items),
            usage=self._own_usage(),
            error=error,
            thread_id=thread_id,
            turn_id=turn_id,
            flags=frozenset(self.flags),
            retired=retired,
        )

    def _note(self, members: Mapping[str, Any], finished: bool) -> _Item | None:
        id = text(members.get("id"))
        if not id:
            return None
        item = self._items.setdefault(id, _Item(id))
        item.type = text(members.get("type")) or item.type
        item.payload, item.finished = members, finished or item.finished
        return item

    def _own_usage(self) -> Usage | None:
        """The counts are told as the thread's sum so far; what it was before this turn's first request goes off."""
        if self._usage is None:
            return None
        before = self._usage_before or {}
        return Usage(**{name: _less(self._usage.get(key), before.get(name, 0)) for name, key in _USAGE.items()})


_TYPES = {method: "reasoning" if "reasoning" in method else method.split("/")[1] for method in DELTAS}


def _own_text(members: Mapping[str, Any], strand: str) -> str:
    if members.get("type") == "reasoning":
        parts = sequence(members.get("summary" if strand == "summary" else "content"))
        return "".join(part for part in parts if isinstance(part, str))
    return text(members.get("text")) if strand == "text" else ""


def _deltas_of(item: _Item) -> Iterator[Signal]:
    if item.type in {"agentMessage", "reasoning"}:
        for strand in ("summary", "text"):
            if words := item.strand(strand):
                yield Delta(_kind(item, strand), words)


def _kind(item: _Item, strand: str) -> Any:
    return "text" if item.type == "agentMessage" else "summary" if strand == "summary" else "reasoning"


def _minus(total: Mapping[str, Any], last: Mapping[str, Any], key: str) -> int:
    whole, part = total.get(key), last.get(key)
    return whole - part if isinstance(whole, int) and isinstance(part, int) else 0


def _less(total: Any, before: int) -> Any:
    return total - before if isinstance(total, int) and not isinstance(total, bool) else total
