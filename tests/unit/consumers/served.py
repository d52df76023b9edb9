"""Exchanges made from the healthy stream: one thing wrong in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from harness.consumers import probe
from harness.delivery import Cut, Delivery, End, Exchange, Head, Reset, Stall

Event = dict[str, Any]
Ending = End | Cut | Reset | Stall


def healthy() -> list[Event]:
    return list(probe.events())


def changed(kind: str, change: Callable[[Event], Event]) -> list[Event]:
    """The healthy events, those of one type changed."""
    return [change(event) if event["type"] == kind else event for event in healthy()]


def terminal(**response: Any) -> list[Event]:
    """The healthy events with other members in the completed response; a member set to ``...`` goes missing."""

    def change(event: Event) -> Event:
        merged = {**event["response"], **response}
        return {**event, "response": {key: value for key, value in merged.items() if value is not ...}}

    return changed("response.completed", change)


def delivery(events: Iterable[Event], ending: Ending | None = None) -> Delivery:
    return Delivery((Head(), *probe.sends(events), ending or End()))


def once(events: Iterable[Event], ending: Ending | None = None) -> Exchange:
    """Every attempt is answered alike."""
    return Exchange.single(delivery(events, ending))


def then_healthy(first: Delivery) -> Exchange:
    """The first attempt is this, the next ones are healthy."""
    return Exchange({(0, 0): first, (0, 1): delivery(healthy())})


def reasoned() -> list[Event]:
    """The healthy events, with sealed reasoning before the message."""
    first, second, *rest = healthy()
    item = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "sealed"}
    moved = [{**event, "output_index": 1} if "output_index" in event else event for event in rest]
    return [
        first,
        second,
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "encrypted_content": ""}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        *moved,
    ]


def call_then_healthy() -> Exchange:
    """Turn 1 calls a function, turn 2 is the healthy stream."""
    item = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"at": 1}'}
    first, *_, last = healthy()
    events = [
        first,
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**item, "arguments": "", "status": "in_progress"},
        },
        {
            "type": "response.function_call_arguments.delta",
            "output_index": 0,
            "item_id": "fc_1",
            "delta": item["arguments"],
        },
        {"type": "response.output_item.done", "output_index": 0, "item": {**item, "status": "completed"}},
        {**last, "response": {**last["response"], "output": [{**item, "status": "completed"}]}},
    ]
    return Exchange({(0, 0): delivery(events), (1, 0): delivery(healthy())})
