"""Records servers: every conversation through the recorder into a cassette of its own, with its provenance."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from harness.cassette import load, save
from harness.record.run import run
from harness.record.target import Target
from harness.record.upstream import Upstream
from tests.interop.providers.conversations import CONVERSATIONS, STANDARD
from tests.interop.providers.server import Running, Server

KEY = "sk-recorded-on-loopback-only-0"
"""What clients send; a server that wants a key is told this one."""

UPSTREAM_VARIABLE = "PROVIDER_UPSTREAM"
"""Where a server that stands before another one finds its base URL."""

STALL_S = 30.0


@dataclass(frozen=True, slots=True)
class Session:
    """What is recorded from one server."""

    server: Server
    conversations: tuple[str, ...] = STANDARD
    prefix: str = ""
    """Of the cassettes' names, where one provider is recorded in several ways."""
    upstream: Server | None = None
    """The server behind the server."""


class Stage:
    """A session's servers, up whenever a conversation begins."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stack = ExitStack()
        self._up: tuple[Running, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def ready(self) -> tuple[Running, ...]:
        """The server, and the one behind it if there is one; started anew when a conversation has killed either."""
        if not self._up or not all(running.alive for running in self._up):
            self._stack.close()
            variables = {}
            behind: tuple[Running, ...] = ()
            if self._session.upstream is not None:
                behind = (self._stack.enter_context(Running(self._session.upstream, {})),)
                variables = {UPSTREAM_VARIABLE: behind[0].base_url}
            self._up = (self._stack.enter_context(Running(self._session.server, variables)), *behind)
        return self._up


def record(session: Session, out: Path, command: str) -> None:
    """Record into ``out/PREFIX-NAME``; ``command`` is told in the provenance. Raises RuntimeError."""
    with Stage(session) as stage:
        for name in session.conversations:
            server, *behind = stage.ready()
            victim = behind[0] if CONVERSATIONS[name].then == "kill-upstream" else server
            folder = out / f"{session.prefix}{name}"
            _record_one(name, server, victim, folder)
            _sign(folder, name, session, command)
            print(folder, flush=True)


def _record_one(name: str, server: Running, victim: Running, folder: Path) -> None:
    client = [sys.executable, "-m", "tests.interop.providers.conversations", name, "--model", server.server.model]
    recorded = run(
        Target.at(folder, "replace"),
        Upstream.parse(server.base_url),
        ["env", f"OPENAI_API_KEY={KEY}", *client, "--kill", str(victim.pid)],
        port=0,
        stall_after=STALL_S,
        listening=lambda base_url: None,
    )
    if recorded.exit_code or recorded.outcome.saved is None:
        raise RuntimeError(f"{folder} was not recorded: {recorded}")


def _sign(folder: Path, name: str, session: Session, command: str) -> None:
    """The recorder knows what came; this adds from what, and how to record it again."""
    cassette = load(folder)
    behind = f"before {session.upstream.about}" if session.upstream is not None else ""
    lines = (cassette.provenance.notes, session.server.about, behind, f"recorded by: {command}")
    kept = replace(
        cassette,
        description=CONVERSATIONS[name].about,
        tags=(*cassette.tags, cassette.provenance.provider, name),
        provenance=replace(cassette.provenance, model=session.server.model, notes="\n".join(filter(None, lines))),
    )
    save(kept, folder.parent.parent)


def main(module: str, provider: str, sessions: Iterable[Session]) -> None:
    """The command line of every script that brings a server up."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--out", type=Path, default=Path("cassettes", provider), help="default: %(default)s")
    parser.add_argument("--only", action="append", choices=CONVERSATIONS, help="Only this conversation; repeatable.")
    asked = parser.parse_args()
    for session in sessions:
        chosen = tuple(name for name in session.conversations if not asked.only or name in asked.only)
        record(replace(session, conversations=chosen), asked.out, f"python -m {module}")
