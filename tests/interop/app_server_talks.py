"""A talk between the app-server and its client, line by line, and what can be made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Said:
    """One line of either side; the server's lines of one chunk were read together."""

    side: str
    line: bytes
    ms: float
    chunk: int

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.line)

    @property
    def method(self) -> str:
        return self.message.get("method", "")


Talk = tuple[Said, ...]
Fits = Callable[[Said], bool]
Edit = Callable[[Talk], Talk]

ELSE = "00000000-0000-7000-8000-999999999999"
"""A thread or turn of somebody else."""


def tells(method: str, **item: Any) -> Fits:
    """The server's lines with this method and, in its item, these members."""

    def fits(said: Said) -> bool:
        told = said.message.get("params", {}).get("item", {}) if said.side == "server" else {}
        return said.side == "server" and said.method == method and item.items() <= told.items()

    return fits


TOOL_DONE = tells("item/completed", type="commandExecution")
DELTA = tells("item/agentMessage/delta")
STARTED = tells("item/started", type="agentMessage")
DONE = tells("item/completed", type="agentMessage")
OVER = tells("turn/completed")


def turns(talk: Talk) -> Iterator[Talk]:
    """A turn ends where the next one is asked for."""
    part: list[Said] = []
    for said in talk:
        if said.side == "client" and said.method == "turn/start" and any(s.method == "turn/start" for s in part):
            yield tuple(part)
            part = []
        part.append(said)
    yield tuple(part)


def only_asked(talk: Talk) -> Talk:
    """The client's first line, and no answer."""
    return talk[:1]


def until(fits: Fits) -> Edit:
    """The talk up to and with the first line that fits."""
    return lambda talk: talk[: 1 + next(n for n, said in enumerate(talk) if fits(said))]


def without(*kinds: Fits) -> Edit:
    return lambda talk: tuple(said for said in talk if not any(fits(said) for fits in kinds))


def edited(fits: Fits, edit: Callable[[dict[str, Any]], None]) -> Edit:
    """The talk with the messages that fit changed in place."""

    def changed(said: Said) -> Said:
        body = said.message
        edit(body)
        return replace(said, line=dumped(body))

    return lambda talk: tuple(changed(said) if fits(said) else said for said in talk)


def with_lines(lines: Callable[[dict[str, Any]], Iterator[tuple[str, Any]]]) -> Edit:
    """The talk with more lines before its message begins, in chunks of their own.

    ``lines`` gets ``threadId`` and ``turnId`` of the turn; bytes stay as they are.
    """

    def added(talk: Talk) -> Talk:
        position = next(n for n, said in enumerate(talk) if STARTED(said))
        at = talk[position]
        place = {name: at.message["params"][name] for name in ("threadId", "turnId")}
        more = tuple(
            Said(side, line if isinstance(line, bytes) else dumped(line), at.ms, -n)
            for n, (side, line) in enumerate(lines(place), start=1)
        )
        return (*talk[:position], *more, *talk[position:])

    return added


def garbage(_: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "server", b"DEBUG http2: sending HEADERS [stream 1]"


def unknown_notifications(place: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for method in ("turn/moodChanged", "item/agentMessage/glow", "model/oracle/updated"):
        yield "server", {"method": method, "params": {**place, "mood": "calm"}}


def unknown_request(place: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "server", {"method": "item/horoscope/request", "id": 0, "params": place}
    yield "client", {"id": 0, "error": {"code": -32601, "message": "not known here"}}


def other_turn(place: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Another turn on the same thread, from its message to its end."""
    other = {**place, "turnId": ELSE}
    whole = {"type": "agentMessage", "id": "msg_9", "text": "This answers somebody else.", "phase": None}
    yield "server", {"method": "item/started", "params": {**other, "item": {**whole, "text": ""}}}
    delta = {**other, "itemId": "msg_9", "delta": whole["text"]}
    yield "server", {"method": "item/agentMessage/delta", "params": delta}
    yield "server", {"method": "item/completed", "params": {**other, "item": whole}}
    turn = {"id": ELSE, "items": [whole], "itemsView": "summary", "status": "completed", "error": None}
    yield "server", {"method": "turn/completed", "params": {"threadId": place["threadId"], "turn": turn}}


def other_thread(_: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A turn on another thread, which fails."""
    error = {"message": "Somebody else's quota is used up.", "codexErrorInfo": "usageLimitExceeded"}
    yield (
        "server",
        {"method": "error", "params": {"threadId": ELSE, "turnId": ELSE, "error": error, "willRetry": False}},
    )
    turn = {"id": ELSE, "items": [], "itemsView": "notLoaded", "status": "failed", "error": error}
    yield "server", {"method": "turn/completed", "params": {"threadId": ELSE, "turn": turn}}


def long_output(body: dict[str, Any]) -> None:
    body["params"]["item"]["aggregatedOutput"] = "".join(f"line {n:05} of a long output\n" for n in range(10_000))


def without_error(body: dict[str, Any]) -> None:
    body["params"]["turn"]["error"] = None


def overtaken(talk: Talk) -> Talk:
    """The answer to turn/start comes after the first delta."""
    answer = talk[_answer_to_turn_start(talk)]
    rest = [said for said in talk if said is not answer]
    after = next(n for n, said in enumerate(rest) if DELTA(said))
    late = replace(answer, ms=rest[after].ms, chunk=rest[after].chunk)
    return (*rest[: after + 1], late, *rest[after + 1 :])


def refused(talk: Talk) -> Talk:
    """turn/start is answered with an error, and nothing follows."""
    position = _answer_to_turn_start(talk)
    answer = {"id": talk[position].message["id"], "error": {"code": -32600, "message": "thread is busy with a review"}}
    return (*talk[:position], replace(talk[position], line=dumped(answer)))


def next_turn_unanswered(talk: Talk) -> Talk:
    """The second turn is asked for, and not answered."""
    first, second = turns(talk)
    return (*first, second[0])


def _answer_to_turn_start(talk: Talk) -> int:
    return next(n for n, s in enumerate(talk) if s.side == "server" and "turn" in (s.message.get("result") or {}))


def dumped(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
