"""A server under recording: what starts it, where it listens, and its end by process id."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx


@dataclass(frozen=True, slots=True)
class Server:
    """How one server is run."""

    about: str
    """Programs and versions, for the provenance."""
    model: str
    command: Callable[[int], Sequence[str | Path]]
    """Of the port it shall listen on."""
    cwd: Path
    probe: str = "/health"
    """A path that answers 200 once it is up."""
    variables: Mapping[str, str] = field(default_factory=dict)
    warm_up: str = ""
    """Asked once after a start, unrecorded, where the first answer is slow."""


class NotRunning(Exception):
    """A server did not come up; the text says how far it came and where its log is."""


class Running(AbstractContextManager["Running"]):
    """One start of a server, ended with the block. Raises NotRunning when it does not come up."""

    def __init__(self, server: Server, variables: Mapping[str, str], start_s: float = 180.0) -> None:
        self.server = server
        self._variables = variables
        self._start_s = start_s

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        command = [str(word) for word in self.server.command(self.port)]
        log = self.server.cwd / f"{Path(command[0]).name}.log"
        self._log = log.open("wb")
        try:
            self._process = subprocess.Popen(
                command,
                cwd=self.server.cwd,
                env={**os.environ, **self.server.variables, **self._variables},
                stdout=self._log,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            self._log.close()
            raise NotRunning(f"the server cannot be started: {error}") from None
        try:
            self._wait(log)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._log.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def _wait(self, log: Path) -> None:
        url = f"http://127.0.0.1:{self.port}{self.server.probe}"
        until = time.monotonic() + self._start_s
        while time.monotonic() < until:
            if not self.alive:
                raise NotRunning(f"the server ended while starting; its log is {log}")
            try:
                if httpx.get(url, trust_env=False, timeout=5).status_code == 200:
                    return self._warm_up()
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise NotRunning(f"the server is not up after {self._start_s:g} s; its log is {log}")

    def _warm_up(self) -> None:
        if self.server.warm_up:
            body = {"model": self.server.model, "input": self.server.warm_up, "stream": True}
            httpx.post(f"{self.base_url}/responses", json=body, trust_env=False, timeout=self._start_s)
