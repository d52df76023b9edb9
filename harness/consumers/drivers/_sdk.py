"""The HTTP client under every consumer that is built on the openai SDK: the SDK's own, with its own defaults.

Two things differ. A hook counts requests, since a new request is a new attempt; and no connection is kept alive, so
that any socket that lives after a call was left behind by the consumer and not by the pool.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import openai


def http_client(on_request: Callable[[Any], Any]) -> Any:
    """For ``openai.OpenAI``."""
    return openai.DefaultHttpxClient(event_hooks={"request": [on_request]}, limits=_limits())


def async_http_client(on_request: Callable[[Any], Any]) -> Any:
    """For ``openai.AsyncOpenAI``."""

    async def hook(request: Any) -> None:
        on_request(request)

    return openai.DefaultAsyncHttpxClient(event_hooks={"request": [hook]}, limits=_limits())


def http_library() -> Any:
    """The module: it changed between major versions, and the class that the SDK derives from says which one it is."""
    return sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]


def _limits() -> Any:
    return http_library().Limits(max_connections=1000, max_keepalive_connections=0)
