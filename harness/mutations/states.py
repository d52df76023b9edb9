"""States: the few members by which a stream says how it went, in the forms that servers have given them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.mutations.editing import Payload, repayloaded
from harness.mutations.fit import kinds
from harness.mutations.operator import AT, Layer, Operator, applies, register
from harness.mutations.piece import Piece
from harness.mutations.selector import ENDS, EVERY, TERMINAL, Selector
from harness.mutations.space import Product
from harness.mutations.take import Take

Members = Callable[[dict[str, Any]], dict[str, Any]]


def _in_response(payload: Payload, change: Members) -> Payload:
    """The payload with its response object changed; itself when it has none, or when nothing changed."""
    response = payload.get("response")
    fresh = change(response) if isinstance(response, dict) else response
    return payload if fresh is response else {**payload, "response": fresh}


def _has_response(piece: Piece) -> bool:
    return isinstance((piece.payload or {}).get("response"), dict)


@register
@dataclass(frozen=True, slots=True)
class Status(Operator):
    """State another status in the response of the selected events, or (null) none; the event's name stays."""

    to: str | None
    at: Selector = ENDS

    name: ClassVar[str] = "status"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "Incomplete answers were reported as stopped normally; the event's name and the status are two statements, and "
        "readers believe one of them."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"to": {"type": ["string", "null"]}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        words = [None, "failed", "incomplete", "cancelled", "in_progress", "queued", "interrupted", "", "completed"]
        ats = list(kinds(take, _has_response))
        return [status for status in Product(cls, words, ats) if applies(status, take)]

    def apply(self, take: Take) -> Take:
        return repayloaded(take, self.at, self._stated, f"there is no response with a status other than {self.to}")

    def _stated(self, payload: Payload) -> Payload:
        return _in_response(payload, lambda old: old if old.get("status") == self.to else {**old, "status": self.to})


def _chat_names(usage: dict[str, Any]) -> dict[str, Any]:
    names = {"input": "prompt", "output": "completion"}
    renamed = {}
    for key, value in usage.items():
        head, underscore, tail = key.partition("_")
        renamed[names.get(head, head) + underscore + tail] = value
    return renamed


def _details(usage: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    return {
        key: change(value) if key.endswith("_details") and isinstance(value, dict) else value
        for key, value in usage.items()
    }


def _exceeded(usage: dict[str, Any]) -> dict[str, Any]:
    output = usage.get("output_tokens") or 0
    # What is no number, after another mutation, cannot be exceeded.
    return {**usage, "output_tokens_details": {"reasoning_tokens": output + 7}} if isinstance(output, int) else usage


_FORMS: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "nulled": lambda usage: None,
    "empty": lambda usage: {},
    "null-details": lambda usage: _details(usage, lambda _: None),
    "null-numbers": lambda usage: _details(usage, lambda details: dict.fromkeys(details)),
    "chat-names": _chat_names,
    "texts": lambda usage: {key: str(value) if isinstance(value, int) else value for key, value in usage.items()},
    "fractions": lambda usage: {key: value + 0.5 if isinstance(value, int) else value for key, value in usage.items()},
    "reasoning-exceeds": _exceeded,
    "no-total": lambda usage: {key: value for key, value in usage.items() if key != "total_tokens"},
    "doubled": lambda usage: {key: value * 2 if isinstance(value, int) else value for key, value in usage.items()},
    "list": lambda usage: [usage],
}


def _has_usage(piece: Piece) -> bool:
    response = (piece.payload or {}).get("response")
    return isinstance(response, dict) and isinstance(response.get("usage"), dict)


@register
@dataclass(frozen=True, slots=True)
class Usage(Operator):
    """State the usage of the selected events in another form: absent, other names, other types, other numbers."""

    form: str
    at: Selector = ENDS

    name: ClassVar[str] = "usage"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "Servers send null details, chat names, or more reasoning than output: the last gave negative text tokens."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"form": {"enum": list(_FORMS)}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        ats = list(kinds(take, _has_usage))
        return [usage for usage in Product(cls, list(_FORMS), ats) if applies(usage, take)]

    def apply(self, take: Take) -> Take:
        return repayloaded(take, self.at, self._reformed, "there is no usage that this would change")

    def _reformed(self, payload: Payload) -> Payload:
        def changed(response: dict[str, Any]) -> dict[str, Any]:
            usage = response.get("usage")
            fresh = _FORMS[self.form](usage) if isinstance(usage, dict) else usage
            return response if fresh == usage else {**response, "usage": fresh}

        return _in_response(payload, changed)


@register
@dataclass(frozen=True, slots=True)
class UsageEarly(Operator):
    """State the terminal's usage in every selected event that carries a response, as if it were cumulative."""

    at: Selector = EVERY

    name: ClassVar[str] = "usage-early"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "Some servers state usage on every event; an agent library added it up and counted it twice."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [each for at in kinds(take, _has_response) if applies(each := cls(at), take)]

    def apply(self, take: Take) -> Take:
        ends = [take.pieces[position].payload for position in take.index.named(TERMINAL)]
        stated = [
            payload["response"].get("usage") for payload in ends if payload and _is_object(payload.get("response"))
        ]
        usage = next((value for value in stated if value), None)

        def early(response: dict[str, Any]) -> dict[str, Any]:
            return response if usage is None or response.get("usage") == usage else {**response, "usage": usage}

        return repayloaded(
            take, self.at, lambda payload: _in_response(payload, early), "no response lacks the terminal's usage"
        )


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


@register
@dataclass(frozen=True, slots=True)
class Phase(Operator):
    """Give the messages of the selected events another phase, or (null) none."""

    to: str | None
    at: Selector = EVERY

    name: ClassVar[str] = "phase"
    layer: ClassVar[Layer] = "shape"
    incident: ClassVar[str] = (
        "Codex models mark messages commentary, analysis or final_answer, and only the last is the answer."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"to": {"type": ["string", "null"]}, "at": AT}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        words = [None, "commentary", "final_answer", "analysis", "unknown"]
        ats = list(kinds(take, _has_message))
        return [phase for phase in Product(cls, words, ats) if applies(phase, take)]

    def apply(self, take: Take) -> Take:
        return repayloaded(take, self.at, self._phased, "no message has another phase")

    def _phased(self, payload: Payload) -> Payload:
        item = payload.get("item")
        fresh = self._message(item)
        if fresh is not item:
            return {**payload, "item": fresh}

        def snapshot(response: dict[str, Any]) -> dict[str, Any]:
            output = response.get("output")
            if not isinstance(output, list):
                return response
            entries = [self._message(entry) for entry in output]
            return response if entries == output else {**response, "output": entries}

        return _in_response(payload, snapshot)

    def _message(self, item: Any) -> Any:
        if not isinstance(item, dict) or item.get("type") != "message" or item.get("phase") == self.to:
            return item
        kept = {key: value for key, value in item.items() if key != "phase"}
        return kept if self.to is None else {**kept, "phase": self.to}


def _has_message(piece: Piece) -> bool:
    payload = piece.payload or {}
    items = [payload.get("item")]
    response = payload.get("response")
    if isinstance(response, dict) and isinstance(response.get("output"), list):
        items += response["output"]
    return any(isinstance(item, dict) and item.get("type") == "message" for item in items)
