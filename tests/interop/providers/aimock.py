"""Records aimock, a mock server from npm: ``python -m tests.interop.providers.aimock --out cassettes/aimock``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.interop.providers.answers import BREAKS_OFF, ENDLESS, FORBIDDEN, TALKS, TOO_OFTEN, Message
from tests.interop.providers.conversations import STANDARD
from tests.interop.providers.environments import once, run
from tests.interop.providers.recording import Session, main
from tests.interop.providers.server import Server

RELEASE = "@copilotkit/aimock@1.43.0"
FIXTURES = "talks.json"

ACTED: tuple[dict[str, Any], ...] = (
    {"match": {"userMessage": "Count to twenty."}, "response": {"content": "1 2 3 4", "finishReason": "length"}},
    {"match": {"userMessage": ENDLESS}, "response": {"content": "tick tock " * 100}, "chunkSize": 4, "latency": 20},
    {
        "match": {"userMessage": TOO_OFTEN},
        "response": {
            "error": {"message": "Too often.", "type": "rate_limit_error", "code": "slow_down"},
            "status": 429,
        },
    },
    {"match": {"userMessage": FORBIDDEN}, "response": {"content": "The word", "finishReason": "content_filter"}},
    {
        "match": {"userMessage": BREAKS_OFF},
        "response": {"content": "This answer has no end, because it stops"},
        "chunkSize": 8,
        "latency": 5,
        "truncateAfterChunks": 6,
    },
)
"""What is not said but acted."""


def fixtures() -> Iterator[dict[str, Any]]:
    yield from ACTED
    for talk in TALKS:
        for place, message in enumerate(talk):
            if message["role"] == "assistant":
                asks = [earlier["content"] for earlier in talk[:place] if earlier["role"] == "user"]
                told = talk[place - 1]["role"] == "tool"
                yield {"match": {"userMessage": asks[-1], "hasToolResult": told}, "response": _response(message)}


def _response(message: Message) -> dict[str, Any]:
    calls = [call["function"] for call in message.get("tool_calls", ())]
    content = {"content": message["content"]} if message["content"] else {}
    thinking = {"reasoning": message["reasoning_content"]} if "reasoning_content" in message else {}
    return {**content, **thinking, **({"toolCalls": calls} if calls else {})}


def server() -> Server:
    place = once("aimock", RELEASE, lambda place: run("npm", "install", "--no-fund", "--no-audit", RELEASE, cwd=place))
    (place / FIXTURES).write_text(json.dumps({"fixtures": list(fixtures())}, ensure_ascii=False), "utf-8")
    return Server(
        about=f"{RELEASE}, a mock server; not a model",
        model="gpt-5.5",
        command=lambda port: (
            *("node", Path("node_modules", "@copilotkit", "aimock", "dist", "cli.js")),
            *("--host", "127.0.0.1", "--port", str(port), "--fixtures", FIXTURES, "--strict", "--validate-on-load"),
        ),
        cwd=place,
    )


if __name__ == "__main__":
    conversations = (*STANDARD, "rate-limited", "filtered", "broken-off")
    main("tests.interop.providers.aimock", "aimock", [Session(server, conversations)])
