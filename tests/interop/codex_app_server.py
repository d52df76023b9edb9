"""The real ``codex app-server`` with our loopback server as its model provider, and a record of both sides' lines.

Install it once, anywhere outside of the repository, and name the program in ``CODEX_PROGRAM`` unless it is in the
default place of the user's cache::

    npm install --prefix ~/.cache/stream-harness/consumers/codex-app-server @openai/codex
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.consumers.environments import cache_folder
from harness.consumers.probe import sends
from harness.delivery import Cut, Delivery, End, Exchange, Head, Send, Stall
from harness.replay import LoopbackServer
from harness.runtime.appserver import AppServerSession, Pipes, Process

INSTALLED = cache_folder() / "consumers/codex-app-server/node_modules/.bin/codex"
PROGRAM = Path(os.environ.get("CODEX_PROGRAM", INSTALLED))

MODEL = "gpt-5"
_CONFIG = """
model = "{model}"
model_provider = "loopback"
approval_policy = "on-request"
sandbox_mode = "read-only"
model_reasoning_summary = "detailed"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.loopback]
name = "loopback"
base_url = "{base_url}"
wire_api = "responses"
env_key = "NO_KEY"
request_max_retries = 0
stream_max_retries = {retries}
supports_websockets = false
"""


def version() -> str:
    """What the program calls itself, e.g. ``codex-cli 0.169.0``."""
    return subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()


@dataclass
class Tap:
    """A process's pipes, and all that went through them: side, line, milliseconds from the start, number of the read."""

    pipes: Pipes
    log: list[tuple[str, bytes, float, int]] = field(default_factory=list)
    _rest: bytes = b""
    _reads: int = 0
    _began: float = field(default_factory=time.monotonic)

    def send(self, data: bytes) -> None:
        self.log += [("client", line, self._ms(), self._reads) for line in data.splitlines()]
        self.pipes.send(data)

    def read(self, within_s: float | None) -> bytes | None:
        data = self.pipes.read(within_s)
        if data:
            self._reads += 1
            *whole, self._rest = (self._rest + data).split(b"\n")
            self.log += [("server", line, self._ms(), self._reads) for line in whole]
        return data

    def end(self, *, at_fault: bool) -> None:
        self.pipes.end(at_fault=at_fault)

    @property
    def ending(self) -> str:
        return self.pipes.ending

    @property
    def stderr(self) -> str:
        return self.pipes.stderr

    def _ms(self) -> float:
        return round((time.monotonic() - self._began) * 1000, 1)


@dataclass(frozen=True)
class Running:
    """A session with the program, its provider, and the taps of its processes."""

    session: AppServerSession
    server: LoopbackServer
    taps: list[Tap]


@contextmanager
def codex(exchange: Exchange, folder: Path, *, retries: int = 0, **options: Any) -> Iterator[Running]:
    """A session of the real program in ``folder``; ``options``: of the session (``approve``, ``deadlines`` ...)."""
    home, project = folder / "home", folder / "project"
    home.mkdir()
    project.mkdir()
    taps: list[Tap] = []
    with LoopbackServer(exchange) as server:
        config = _CONFIG.format(model=MODEL, base_url=server.base_url, retries=retries)
        (home / "config.toml").write_text(config, encoding="utf-8")
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "CODEX_HOME": str(home), "NO_KEY": "none"}

        def spawn() -> Pipes:
            # Without its plugins it does not look for them on the network.
            command = [str(PROGRAM), "app-server", "--disable", "plugins"]
            taps.append(Tap(Process(command, cwd=project, environment=environment)))
            return taps[-1]

        thread = {"cwd": str(project), "ephemeral": True}
        with AppServerSession(spawn, thread=thread, **options) as session:
            yield Running(session, server, taps)


def answer(*items: dict[str, Any], cut_after: int | None = None, stall_after: int | None = None) -> Delivery:
    """A stream of the provider with these output items; ``cut_after`` or ``stall_after`` so many events."""
    events = list(_events(items))
    if cut_after is not None:
        return Delivery((Head(), *sends(events[:cut_after]), Cut()))
    if stall_after is not None:
        return Delivery((Head(), *sends(events[:stall_after]), Stall()))
    return Delivery((Head(), *sends(events), End()))


def refusal(status: int, message: str, code: str) -> Delivery:
    """An HTTP error of the provider."""
    error = {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": "model"}}
    return Delivery((Head(status, (("content-type", "application/json"),)), Send(json.dumps(error).encode()), End()))


def conversation(*answers: Delivery | Sequence[Delivery]) -> Exchange:
    """The provider's answers, request after request; several for one request are attempts at it."""
    tries = [[entry] if isinstance(entry, Delivery) else list(entry) for entry in answers]
    return Exchange({(turn, n): entry for turn, entries in enumerate(tries) for n, entry in enumerate(entries)})


def message(text: str, number: int = 1) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": f"msg_{number}", "type": "message", "role": "assistant", "status": "completed", "content": [part]}


def thought(text: str, number: int = 1) -> dict[str, Any]:
    return {"id": f"rs_{number}", "type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}


def command(line: str, reason: str, number: int = 1) -> dict[str, Any]:
    """A call of the program's shell tool that needs the user's approval."""
    arguments = {"cmd": line, "sandbox_permissions": "require_escalated", "justification": reason}
    call = {"type": "function_call", "name": "exec_command", "arguments": json.dumps(arguments)}
    return {"id": f"fc_{number}", "call_id": f"call_{number}", "status": "completed", **call}


def _events(items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    items = list(items)
    response = {"id": "resp_1", "object": "response", "created_at": 1_760_000_000, "model": MODEL, "error": None}
    usage = {
        "input_tokens": 30,
        "input_tokens_details": {"cached_tokens": 10},
        "output_tokens": 12,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 42,
    }
    yield {"type": "response.created", "response": {**response, "status": "in_progress", "output": [], "usage": None}}
    for index, item in enumerate(items):
        yield from _item_events(index, item)
    yield {
        "type": "response.completed",
        "response": {**response, "status": "completed", "output": items, "usage": usage},
    }


def _item_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    place = {"output_index": index, "item_id": item["id"]}
    begun = {**item, **{name: [] for name in ("content", "summary") if name in item}, "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    for number, part in enumerate(item.get("summary", ())):
        at = {**place, "summary_index": number}
        yield {"type": "response.reasoning_summary_part.added", **at, "part": {"type": "summary_text", "text": ""}}
        for words in _pieces(part["text"]):
            yield {"type": "response.reasoning_summary_text.delta", **at, "delta": words}
    for part in item.get("content", ()):
        for words in _pieces(part["text"]):
            yield {"type": "response.output_text.delta", **place, "content_index": 0, "delta": words, "logprobs": []}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _pieces(text: str, length: int = 7) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)]
