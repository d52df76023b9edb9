"""The conversations every server is recorded in, as a table, and the plain client that holds them.

``python -m tests.interop.providers.conversations NAME --model MODEL [--kill PID]`` holds one with the server that
OPENAI_BASE_URL names. The client is as simple as can be: whatever a server sends, it reads to the end.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from tests.interop.providers.answers import BREAKS_OFF, ENDLESS, FORBIDDEN, MEASURED, TOO_OFTEN, WEATHER

Then = Literal["read-on", "leave", "kill", "kill-upstream"]

TIMEOUT_S = 60.0
MOST_ROUNDS = 3
"""Of tool calls in a row; a model that has learned its talks needs one."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One row of the table."""

    name: str
    about: str
    asks: tuple[str, ...] = ()
    """What the user says, turn after turn."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """Members of every request, over the usual ones; ``model`` too."""
    raw: bytes | None = None
    """A request body that is no conversation at all."""
    then: Then = "read-on"
    """What happens once the third text delta is there."""


_TOOLS = {"tools": [WEATHER]}

CONVERSATIONS: Mapping[str, Conversation] = {
    row.name: row
    for row in (
        Conversation("greeting", "A short text.", ("Say hello.",)),
        Conversation(
            "many-tongues", "Text of many scripts, characters of several tokens.", ("Say it in many tongues.",)
        ),
        Conversation(
            "two-turns", "A question, and another one on top of its answer.", ("Say hello.", "Shorter, please.")
        ),
        Conversation("one-call", "A call, its result, and the answer.", ("What is the weather in Paris?",), _TOOLS),
        Conversation("two-calls", "Two calls in one answer, their results.", ("Compare Paris and Rome.",), _TOOLS),
        Conversation("text-and-call", "Text, and then a call.", ("Tell me, then look at Rome.",), _TOOLS),
        Conversation("thinking", "Reasoning before the text.", ("Think, then answer: two plus two?",)),
        Conversation(
            "length-limit", "The limit of output tokens is reached.", ("Count to twenty.",), {"max_output_tokens": 16}
        ),
        Conversation("bad-request", "The input is a number.", ("Say hello.",), {"input": 42}),
        Conversation("bad-json", "The request's body is no JSON.", raw=b'{"model": "tiny'),
        Conversation("unknown-model", "A model that is not there.", ("Say hello.",), {"model": "no-such-model"}),
        Conversation("client-abort", "The client leaves after the third delta.", (ENDLESS,), then="leave"),
        Conversation("server-killed", "The server is killed after the third delta.", (ENDLESS,), then="kill"),
        Conversation(
            "upstream-killed",
            "The server's own upstream is killed after the third delta.",
            (ENDLESS,),
            then="kill-upstream",
        ),
        Conversation("rate-limited", "The server refuses for a while.", (TOO_OFTEN,)),
        Conversation("filtered", "A filter stops the answer.", (FORBIDDEN,)),
        Conversation("broken-off", "The server itself breaks the answer off.", (BREAKS_OFF,)),
    )
}
"""Every conversation, by name. The names are none of those that scenarios use for synthesized cassettes."""

STANDARD = tuple(CONVERSATIONS)[: tuple(CONVERSATIONS).index("server-killed") + 1]
"""What every server can be asked; the rest needs one that stands before another, or one that acts a part."""

ENOUGH = 3
"""Text deltas to see before leaving or killing."""


class Ended(Exception):
    """The conversation is over before its last turn: the client left, or the server is dead."""


def hold(conversation: Conversation, base_url: str, key: str, model: str, kill: int | None) -> None:
    """Hold one conversation to its end, whatever the server answers. Raises httpx.HTTPError when it cannot be reached."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=TIMEOUT_S, trust_env=False) as client:
        if conversation.raw is not None:
            for _ in _answer(client, conversation.raw, conversation, kill):
                pass
            return
        history: list[dict[str, Any]] = []
        try:
            for ask in conversation.asks:
                history.append({"role": "user", "content": ask})
                for _ in range(MOST_ROUNDS):
                    body = {"model": model, "input": history, "stream": True, "temperature": 0, **conversation.members}
                    added = list(_answer(client, json.dumps(body).encode(), conversation, kill))
                    history = [*history, *added]
                    if not added or added[-1].get("type") != "function_call_output":
                        break
        except Ended:
            return


def _answer(
    client: httpx.Client, body: bytes, conversation: Conversation, kill: int | None
) -> Iterator[dict[str, Any]]:
    """What the answer adds to the history: messages, and calls with their results."""
    items: dict[str, dict[str, Any]] = {}
    deltas = 0
    try:
        for event in _events(client, body):
            if event.get("type") == "response.output_item.done":
                items[event["item"]["id"]] = event["item"]
            deltas += event.get("type") == "response.output_text.delta"
            if deltas == ENOUGH and conversation.then == "leave":
                raise Ended
            if deltas == ENOUGH and conversation.then.startswith("kill") and kill is not None:
                os.kill(kill, signal.SIGKILL)
                kill = None
    except (httpx.ReadError, httpx.RemoteProtocolError) as broken:
        raise Ended from broken
    calls = [item for item in items.values() if item["type"] == "function_call"]
    for item in items.values():
        if item["type"] == "message" and (text := "".join(part.get("text", "") for part in item["content"])):
            part = {"type": "output_text", "text": text, "annotations": []}
            yield {"type": "message", "role": "assistant", "status": "completed", "content": [part]}
    for call in calls:
        yield {name: call[name] for name in ("type", "call_id", "name", "arguments")}
    for call in calls:
        yield {"type": "function_call_output", "call_id": call["call_id"], "output": MEASURED}


def _events(client: httpx.Client, body: bytes) -> Iterator[dict[str, Any]]:
    with client.stream("POST", "/responses", content=body) as response:
        for line in response.iter_lines():
            data = line.removeprefix("data:").strip()
            if line.startswith("data:") and data.startswith("{"):
                yield json.loads(data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=CONVERSATIONS)
    parser.add_argument("--model", required=True)
    parser.add_argument("--kill", type=int, help="Whom to kill, for the conversations that do.")
    asked = parser.parse_args()
    hold(
        CONVERSATIONS[asked.name],
        os.environ["OPENAI_BASE_URL"],
        os.environ.get("OPENAI_API_KEY", "none"),
        asked.model,
        asked.kill,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
