"""One answer, read the way httpcore reads it: the same pieces, the same errors, the same moments.

A playback is two generators that yield what they need, seconds of silence or a piece of body, and never wait
themselves: the sync and the async driver differ in how they sleep, and in nothing else. What a broken socket is
called depends on who reads it (``socket`` or anyio), and the library copies that text into its own error.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from math import inf
from types import ModuleType
from typing import Any

import anyio

from harness.delivery import Ending, Framing, Head, Send
from harness.replay.player import NeverEnds, Serving
from harness.replay.script import Over, Overrun, expected_length, script

_FOR_EVER_S = 86_400.0
"""A stall that nobody interrupted for a simulated day will not be interrupted."""


@dataclass(frozen=True, slots=True)
class Socket:
    """The errors of the layer below httpcore, whose texts come through to the user."""

    reset: Callable[[], Exception]
    timed_out: Callable[[], Exception]
    closed: Callable[[], Exception]
    close_wakes: bool
    """Whether closing the response from elsewhere interrupts a read under way. Closing a blocking socket does not
    wake the thread that reads it (Linux keeps the file alive until the read returns); shutting it down does."""


BLOCKING = Socket(
    reset=lambda: ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)),
    timed_out=lambda: TimeoutError("timed out"),
    closed=lambda: OSError(errno.EBADF, os.strerror(errno.EBADF)),
    close_wakes=False,
)
ASYNC = Socket(
    reset=anyio.BrokenResourceError, timed_out=TimeoutError, closed=anyio.ClosedResourceError, close_wakes=True
)


class Playback:
    """One serving, on its way to one response of ``library`` (httpx or httpx2)."""

    def __init__(
        self, serving: Serving, library: ModuleType, socket: Socket, timeouts: Mapping[str, float | None]
    ) -> None:
        self.serving = serving
        self.wake = threading.Event()
        """Set when a silence should end early."""
        self._library: Any = library
        self._socket = socket
        self._timeouts = timeouts
        self._steps = script(serving.delivery)
        self._framing: Framing | None = None
        self._closed = self._shut = False

    def head(self) -> Generator[float, None, Head]:
        """Yield silences in seconds, return the head. Raises the library's own errors, as its real transport does."""
        silence, step = next(self._steps)
        yield from self._silence(silence)
        if isinstance(step, Head):
            self.serving.took_head()
            self._framing = step.framing
            return step
        assert isinstance(step, Over)
        self._finish(step.ending)
        raise AssertionError("no ending before the head is a clean one")

    def parts(self) -> Generator[float | bytes, None, None]:
        """Yield silences in seconds and pieces of body. Raises as ``head`` does."""
        serving = self.serving
        for silence, step in self._steps:
            if self._closed:
                raise self._read_error(self._socket.closed())
            if silence:
                yield from self._silence(silence)
            if self._shut:
                self._end_of_file()
                return
            if type(step) is not Send:  # nearly all steps are
                if isinstance(step, Over):
                    self._finish(step.ending)
                    return
                assert isinstance(step, Overrun)
            data = step.data
            serving.taken += len(data)
            yield data

    def close(self) -> None:
        """The client closes the response; whoever is reading it finds out as its kind of socket does."""
        self._closed = True
        whole = self.serving.taken == expected_length(self.serving.delivery)
        self.serving.over(Ending.COMPLETE if whole and self.serving.head_taken else Ending.LEFT)
        if self._socket.close_wakes:
            self._wake()

    def shutdown(self) -> None:
        """The client shuts the socket down: the read under way sees the end of the stream at once."""
        self.serving.over(Ending.LEFT)
        self._wake()

    def _wake(self) -> None:
        self._shut = True
        self.wake.set()

    @property
    def _timeout(self) -> float:
        """Asked anew for head and body: httpcore looks it up for each, and clients change it in between."""
        read = self._timeouts.get("read")
        return inf if read is None else read

    def _silence(self, seconds: float) -> Generator[float, None, None]:
        timed_out = self._timeout < seconds
        if seconds:
            yield self._timeout if timed_out else (_FOR_EVER_S if seconds == inf else seconds)
        if self._closed and (self._socket.close_wakes or self._timeout < inf):
            # A read with a timeout polls first, and then finds that its file is gone.
            raise self._read_error(self._socket.closed())
        if self.wake.is_set():
            return
        if timed_out:
            cause = self._socket.timed_out()
            self.serving.over(Ending.LEFT)
            raise self._library.ReadTimeout(str(cause)) from cause
        if seconds == inf:
            self.serving.over(Ending.OPEN)
            hint = "; closing a response does not interrupt a blocked read, shutting its socket down does"
            raise NeverEnds(
                f"the delivery stalls for ever and the consumer set no deadline{hint if self._closed else ''}"
            )

    def _finish(self, ending: Ending) -> None:
        self.serving.over(ending)
        if ending is Ending.CUT:
            self._end_of_file()
        if ending is Ending.RESET:
            raise self._read_error(self._socket.reset())

    def _end_of_file(self) -> None:
        """What a FIN is to the client: nothing, where the framing cannot tell it from the end."""
        expected = expected_length(self.serving.delivery)
        unfinished = {
            None: "Server disconnected without sending a response.",
            Framing.CHUNKED: f"{_INCOMPLETE} (incomplete chunked read)",
            Framing.LENGTH: f"{_INCOMPLETE} (received {self.serving.taken} bytes, expected {expected})",
        }
        if self._framing is not Framing.CLOSE:
            raise self._library.RemoteProtocolError(unfinished[self._framing])

    def _read_error(self, cause: Exception) -> Exception:
        error: Exception = self._library.ReadError(str(cause))
        error.__cause__ = cause
        return error


_INCOMPLETE = "peer closed connection without sending complete message body"


class WireEnd:
    """The ``network_stream`` of a response: as much of a socket as a client needs to give a read up."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback

    def get_extra_info(self, info: str) -> WireEnd | None:
        return self if info == "socket" else None

    def shutdown(self, how: int) -> None:
        """As ``socket.shutdown``; whichever way, the answer is over."""
        self._playback.shutdown()

    def close(self) -> None:
        self._playback.close()
