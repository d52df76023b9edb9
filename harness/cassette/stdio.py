"""Cassettes of kind ``jsonl``: what a program and its client told each other in lines over the standard streams.

An interaction is one turn. Its body is what the program wrote in it, byte for byte; its request lists what the client
wrote, each line with how much the program had written before it. A program's first turn begins with its start, and
one process goes on from turn to turn until an ending that is none: ``cut`` (it exits) or ``stall`` (it falls silent).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.cassette.model import Cassette, Interaction, RecordedEnding, RecordedRequest, RecordedResponse
from harness.delivery import Action, Await, Cut, Delivery, End, Exchange, Framing, Send, Stall, Stdio, Wait

METHOD = "STDIO"
"""Stands where a request over HTTP has its method; the command stands for the path."""

_ENDINGS: Mapping[RecordedEnding, type[End | Cut | Stall]] = {"fin": End, "cut": Cut, "stall": Stall}


def interaction(entry: Mapping[str, Any], body: bytes) -> Interaction:
    """An interaction from its checked YAML and its body."""
    request, response = entry["request"], entry["response"]
    return Interaction(
        RecordedRequest(
            method=METHOD,
            path=request["command"],
            body=list(request["lines"]),
            redacted=tuple(request.get("redacted", ())),
        ),
        RecordedResponse(
            status=None,
            headers=(),
            framing=Framing.CLOSE,
            body=body,
            chunks=tuple((int(offset), ms) for offset, ms in response["chunks"]),
            ending=response["ending"],
            ended_ms=response.get("ended_ms", 0.0),
            redacted=tuple(response.get("redacted", ())),
            exit_code=response.get("exit_code", 0),
            stderr=response.get("stderr", ""),
        ),
        entry["turn"],
        entry["attempt"],
    )


def request_fields(request: RecordedRequest) -> dict[str, Any]:
    """The reverse for a request."""
    return {"command": request.path, "redacted": list(request.redacted), "lines": request.body}


def response_fields(response: RecordedResponse) -> dict[str, Any]:
    """The reverse for a response, without what every kind of cassette has."""
    return {"ending": response.ending, "exit_code": response.exit_code, "stderr": response.stderr}


def inputs(cassette: Cassette) -> tuple[dict[str, Any], ...]:
    """What the recorded user said in each turn: the text of turn/start."""
    return tuple({"input": _said(entry) or "hello"} for entry in cassette.interactions)


def exchange_of(cassette: Cassette, *, timed: bool = False) -> Exchange:
    """All turns, as what the program writes and whom it waits for; with ``timed``, its silences too."""
    return Exchange(
        {
            (entry.turn, entry.attempt): Delivery(tuple(_actions(entry.request, entry.response, timed)))
            for entry in cassette.interactions
        }
    )


def _actions(request: RecordedRequest, response: RecordedResponse, timed: bool) -> Iterator[Action]:
    yield Stdio(response.exit_code, response.stderr)
    awaited = [(entry["after"], Await(json.dumps(entry["line"]))) for entry in request.body]
    ends = [*(offset for offset, _ in response.chunks), len(response.body)][1:]
    clock = position = 0.0
    for (start, ms), end in zip(response.chunks, ends, strict=True):
        if timed and ms > clock:
            yield Wait(ms - clock)
            clock = ms
        position = start
        while position < end:
            while awaited and awaited[0][0] <= position:
                yield awaited.pop(0)[1]
            upto = min(end, awaited[0][0]) if awaited else end
            yield Send(response.body[int(position) : upto])
            position = upto
    yield from (action for _, action in awaited)
    yield _ENDINGS[response.ending]()


def _said(entry: Interaction) -> str:
    lines = (asked["line"] for asked in entry.request.body)
    params: Mapping[str, Any] = next(
        (line.get("params", {}) for line in lines if line.get("method") == "turn/start"), {}
    )
    parts = params.get("input", ())
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))
