"""Every error a caller can get, under one base class; each carries the part of the answer that had arrived.

Two questions sort them: did the provider say something went wrong (ProviderError: code, message, body), or did the
stream fail to say anything to the end (the rest)? Standard types are mixed in, so that code which knows only
TimeoutError or ConnectionError still does the right thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.runtime.result import Result


class RuntimeStreamError(Exception):
    """Base of all errors of this package."""

    def __init__(self, message: str, *, partial: Result | None = None) -> None:
        # Not every sibling base (OSError) keeps a single argument as its text.
        super().__init__(message)
        self.message = message
        self.partial = partial
        """What had arrived; None where nothing could have."""
        self.requests = 0
        """HTTP requests the call had cost when it failed."""

    def __str__(self) -> str:
        return self.message


class ProviderError(RuntimeStreamError):
    """The provider said so itself."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int | None = None,
        type: str | None = None,
        raw: Any = None,
        partial: Result | None = None,
    ) -> None:
        super().__init__(message, partial=partial)
        self.code = code
        self.param = param
        self.status = status
        """HTTP status: the response's own, or the one the error frame states."""
        self.type = type
        self.body = {"error": {"message": message, "type": type, "code": code, "param": param}}
        """Shaped like the body of an HTTP error, whatever shape the provider chose: what classifiers read."""
        self.raw = raw
        """What the provider sent, as plain JSON."""

    @property
    def status_code(self) -> int | None:
        """``status`` under the name that classifiers of SDK errors look for."""
        return self.status

    def __str__(self) -> str:
        marks = [f"{name} {value}" for name, value in (("status", self.status), ("code", self.code)) if value]
        return f"{self.message} ({', '.join(marks)})" if marks else self.message


class StreamErrorEvent(ProviderError):
    """An error frame inside the stream, first or later."""


class ResponseFailed(ProviderError):
    """The terminal event says ``failed``."""


class ResponseCancelled(ResponseFailed):
    """The terminal event says ``cancelled``: nobody may take what had arrived for an answer."""


class HTTPStatusError(ProviderError):
    """An error answer instead of a stream: an HTTP error status, or an error body under a good one."""

    def __init__(
        self,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
        **provider: Any,
    ) -> None:
        super().__init__(message, **provider)
        self.headers = dict(headers or {})
        self.retry_after_s = retry_after_s
        """Seconds the provider asks to wait; None when it does not."""


class NotAStream(RuntimeStreamError):
    """A good HTTP status over something that is neither events nor a response: HTML, nothing, a foreign document."""

    def __init__(self, message: str, *, status: int, content_type: str, excerpt: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.content_type = content_type
        self.excerpt = excerpt


class TruncatedStream(RuntimeStreamError, RuntimeError):
    """The stream ended, in good order as it seems, before it had said everything."""


class UndecodableStream(RuntimeStreamError, ValueError):
    """The bytes cannot be read as events at all: a limit passed, or a foreign decoder that gave up."""


class TransportFailed(RuntimeStreamError, ConnectionError):
    """The connection broke, while opening or in the middle; the cause is the HTTP library's error."""


class DeadlineExceeded(RuntimeStreamError, TimeoutError):
    """The stream was silent, or took, longer than it may."""

    def __init__(self, deadline: str, limit_s: float, events: int) -> None:
        super().__init__(f"the {deadline} deadline of {limit_s:g} s passed; {events} events had arrived")
        self.deadline = deadline
        """``first_byte``, ``idle`` or ``total``."""
        self.limit_s = limit_s
        self.events = events


class StreamInterrupted(RuntimeStreamError, InterruptedError):
    """The caller's interrupt check said stop."""
