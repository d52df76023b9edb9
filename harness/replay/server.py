"""A loopback server that plays an exchange byte by byte, for clients that bring their own transport or process.

It runs an event loop in a thread of its own. Every question is answered in that loop, after what the client has
already done to its sockets was seen: a transcript taken right after a call returns tells how that call left.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from harness.clock import Clock, RealClock
from harness.delivery import Ending, Exchange, Transcript
from harness.replay.connection import Connection, OpenConnection, Phase
from harness.replay.pace import Pace, Steady
from harness.replay.player import Player

T = TypeVar("T")

_BACKLOG = 1024
_SETTLING_ROUNDS = 6
"""Loop rounds from an unaccepted connection to a served request whose client has left, and one to spare."""
_RETRY_ACCEPT_S = 0.1
_PATIENCE_S = 30.0


class ServerBroken(RuntimeError):
    """The server itself failed: no transcript of this case can be trusted."""


class LoopbackServer:
    """Listens on 127.0.0.1 from the moment it is made until ``close``.

    ``pace`` says how a delivery's silences pass; times in the transcript are on ``clock``.
    """

    def __init__(
        self, exchange: Exchange, *, clock: Clock | None = None, pace: Pace | None = None, port: int = 0
    ) -> None:
        self._clock = clock or RealClock()
        self._pace = pace or Steady()
        self._player = Player(exchange, self._clock)
        self._connections: set[Connection] = set()
        self._failures: list[BaseException] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._failed)
        self._loop.add_reader(self._listener, self._accept)
        name = f"loopback-server-{self.port}"
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def transcript(self) -> Transcript:
        """What was served since the last reset. Raises ServerBroken."""
        return self._ask(self._player.transcript)

    def connections(self) -> list[OpenConnection]:
        """The connections that clients hold open at this moment. Raises ServerBroken."""
        return self._ask(lambda: [connection.state() for connection in self._connections])

    def reset(self, exchange: Exchange) -> None:
        """Start the next case: a new exchange, an empty transcript. Idle connections stay, all others are closed.

        Raises ServerBroken.
        """
        self._ask(lambda: self._start_over(exchange))

    def close(self) -> None:
        """Stop listening, drop every client, end the thread. Harmless when repeated."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(_PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, question: Callable[[], T]) -> T:
        async def settled() -> T:
            for _ in range(_SETTLING_ROUNDS):
                await asyncio.sleep(0)
            return question()

        answer = asyncio.run_coroutine_threadsafe(settled(), self._loop).result(_PATIENCE_S)
        if self._failures:
            raise ServerBroken("the loopback server failed; its first failure is the cause") from self._failures[0]
        return answer

    def _accept(self) -> None:
        try:
            sock, (_, client_port) = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            # Out of file descriptors: the client waits in the backlog until some are free.
            self._loop.remove_reader(self._listener)
            self._loop.call_later(_RETRY_ACCEPT_S, self._loop.add_reader, self._listener, self._accept)
            return
        connection = Connection(sock, client_port, lambda request: self._player.admit(request), self._pace, self._quiet)
        self._connections.add(connection)
        connection.task.add_done_callback(lambda task: self._forget(connection, task))

    def _quiet(self) -> bool:
        return all(connection.quiet for connection in self._connections)

    def _forget(self, connection: Connection, task: asyncio.Task[None]) -> None:
        self._connections.discard(connection)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failures.append(failure)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._failures.append(context.get("exception") or RuntimeError(context["message"]))

    def _start_over(self, exchange: Exchange) -> None:
        for connection in self._connections:
            if connection.state().phase not in (Phase.NEW, Phase.IDLE):
                connection.end(Ending.OPEN)
        self._player = Player(exchange, self._clock)

    async def _shut(self) -> None:
        self._loop.remove_reader(self._listener)
        self._listener.close()
        tasks = [connection.task for connection in self._connections]
        for connection in self._connections:
            connection.end(Ending.OPEN)
        await asyncio.gather(*tasks, return_exceptions=True)
