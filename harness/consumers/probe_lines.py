"""The healthy probe as a process that speaks in lines tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.delivery import Action, Await, Delivery, End, Exchange, Send, Stdio

THREAD, TURN = "thread_1", "turn_1"
_OURS = {"threadId": THREAD, "turnId": TURN}


def exchange(text: str) -> Exchange:
    """One turn of one message."""
    return Exchange.single(Delivery((Stdio(), *_actions(text), End())))


def _actions(text: str) -> Iterator[Action]:
    item = {"type": "agentMessage", "id": "item_1", "text": text}
    answers: tuple[tuple[str, dict[str, Any]], ...] = (
        ("initialize", {"userAgent": "probe"}),
        ("thread/start", {"thread": {"id": THREAD}}),
        ("turn/start", {"turn": {"id": TURN, "items": [], "status": "inProgress"}}),
    )
    for id, (method, result) in enumerate(answers, start=1):
        yield Await(json.dumps({"id": id, "method": method}))
        yield _line(id=id, result=result)
    yield _line(method="item/started", params={**_OURS, "item": {**item, "text": ""}})
    yield _line(method="item/agentMessage/delta", params={**_OURS, "itemId": "item_1", "delta": text})
    yield _line(method="item/completed", params={**_OURS, "item": item})
    turn = {"id": TURN, "items": [item], "status": "completed", "error": None}
    yield _line(method="turn/completed", params={"threadId": THREAD, "turn": turn})


def _line(**message: Any) -> Send:
    return Send(json.dumps(message).encode() + b"\n")
