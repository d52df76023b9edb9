"""Records servers: every conversation through the recorder into a cassette of its own, with its provenance."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from harness.cassette import load, save
from harness.record.run import run
from harness.record.target import Target
from harness.record.upstream import Upstream
from tests.interop.providers.conversations import CONVERSATIONS, STANDARD
from tests.interop.providers.environments import CannotBuild
from tests.interop.providers.server import NotRunning, Running, Server

KEY = "sk-recorded-on-loopback-only-0"
"""What clients send; a server that wants a key is told this one."""

UPSTREAM_VARIABLE = "PROVIDER_UPSTREAM"
"""Where a server that stands before another one finds its base URL."""

STALL_S = 30.0


@dataclass(frozen=True, slots=True)
class Session:
    """What is recorded from one server. Servers are built when they are first needed, not before."""

    server: Callable[[], Server]
    conversations: tuple[str, ...] = STANDARD
    prefix: str = ""
    """Of the cassettes' names, where one provider is recorded in several ways."""
    upstream: Callable[[], Server] | None = None
    """The server behind the server."""


class Stage:
    """A session's servers, up whenever a conversation begins."""

    def __init__(self, session: Session) -> None:
        self.server = session.server()
        self.behind = session.upstream and session.upstream()
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
            if self.behind is not None:
                behind = (self._stack.enter_context(Running(self.behind, {})),)
                variables = {UPSTREAM_VARIABLE: behind[0].base_url}
            self._up = (self._stack.enter_context(Running(self.server, variables)), *behind)
        return self._up


class NotRecorded(Exception):
    """A conversation left no cassette; the text says which, and how it went."""


def record(session: Session, out: Path, command: str) -> None:
    """Record into ``out/PREFIXNAME``; ``command`` is told in the provenance.

    Raises CannotBuild, NotRunning and NotRecorded.
    """
    with Stage(session) as stage:
        for name in session.conversations:
            server, *behind = stage.ready()
            victim = behind[0] if CONVERSATIONS[name].then == "kill-upstream" else server
            folder = out / f"{session.prefix}{name}"
            _record_one(name, server, victim, folder)
            _sign(folder, name, stage, command)
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
        raise NotRecorded(f"{folder} was not recorded: {recorded}")


def _sign(folder: Path, name: str, stage: Stage, command: str) -> None:
    """The recorder knows what came; this adds from what, and how to record it again."""
    cassette = load(folder)
    behind = f"before {stage.behind.about}" if stage.behind is not None else ""
    lines = (cassette.provenance.notes, stage.server.about, behind, f"recorded by: {command}")
    kept = replace(
        cassette,
        description=CONVERSATIONS[name].about,
        tags=(*cassette.tags, cassette.provenance.provider, name),
        provenance=replace(cassette.provenance, model=stage.server.model, notes="\n".join(filter(None, lines))),
    )
    save(kept, folder.parent.parent)


def main(module: str, provider: str, sessions: Sequence[Session]) -> None:
    """The command line of every script that brings a server up."""
    told = dict.fromkeys(name for session in sessions for name in session.conversations)
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--out", type=Path, default=Path("cassettes", provider), help="default: %(default)s")
    parser.add_argument("--only", action="append", choices=told, help="Only this conversation; repeatable.")
    asked = parser.parse_args()
    try:
        for session in sessions:
            if chosen := tuple(name for name in session.conversations if not asked.only or name in asked.only):
                record(replace(session, conversations=chosen), asked.out.absolute(), f"python -m {module}")
    except (CannotBuild, NotRunning, NotRecorded) as error:
        sys.exit(f"{parser.prog}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
