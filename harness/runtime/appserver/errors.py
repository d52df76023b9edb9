"""What can go wrong with a turn, as errors that say what to do: the server said so, went away, or fell silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.runtime.errors import DeadlineExceeded, ProviderError, RuntimeStreamError
from harness.runtime.view import mapping, text


class AppServerError(RuntimeStreamError):
    """Base of what concerns the server and not the model."""


class ServerGone(AppServerError, ConnectionError):
    """The process ended, or closed its output, before the turn was over."""

    def __init__(self, when: str, ending: str, stderr: str) -> None:
        words = f"; its last words: {stderr}" if stderr else ""
        super().__init__(f"the app-server went away {when}: {ending}{words}")
        self.ending = ending
        """``exit code 101``, ``killed by SIGKILL``, or that it closed its output and lives on."""
        self.stderr = stderr
        """The tail of what it said there."""


class ServerSilent(AppServerError, DeadlineExceeded):
    """A deadline passed: ``handshake``, ``idle``, ``after_tool``, ``interrupt`` or ``total``."""

    def __init__(self, deadline: str, limit_s: float, messages: int, stderr: str) -> None:
        DeadlineExceeded.__init__(self, deadline, limit_s, messages)
        self.message = f"the app-server missed the {deadline} deadline of {limit_s:g} s; {messages} messages had come"
        self.message += f"; its last words: {stderr}" if stderr else ""
        self.stderr = stderr


class SessionRetired(AppServerError):
    """The session ended badly and is never used again: open another one."""


class RequestRefused(AppServerError, ProviderError):
    """The server answered one of our requests with an error."""

    def __init__(self, method: str, error: Mapping[str, Any]) -> None:
        code = error.get("code")
        words = text(error.get("message")) or "an error without a message"
        ProviderError.__init__(self, f"{method}: {words}", code=None if code is None else str(code), raw=dict(error))
        self.method = method


class TurnFailed(AppServerError, ProviderError):
    """The turn ended as failed, in the server's words."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        words = text(error.get("message")) or "the turn failed, and the server does not say why"
        details = text(error.get("additionalDetails"))
        code, status = _code(error.get("codexErrorInfo"))
        message = f"{words} ({details})" if details else words
        ProviderError.__init__(self, message, code=code, status=status, raw=dict(error))


def _code(info: Any) -> tuple[str | None, int | None]:
    """A word, or an object of one member whose value may hold the HTTP status."""
    if isinstance(info, str):
        return info, None
    for name, value in (mapping(info) or {}).items():
        status = (mapping(value) or {}).get("httpStatusCode")
        return name, status if isinstance(status, int) else None
    return None, None
