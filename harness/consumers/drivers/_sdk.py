"""The HTTP client under every consumer that is built on the openai SDK: the SDK's own, with its own defaults.

Three things differ. A hook counts requests, since a new request is a new attempt; no connection is kept alive, so that
any socket that lives after a call was left behind by the consumer and not by the pool; and no certificates are loaded:
nobody speaks TLS here, and loading them for every case costs more than the case.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import openai


def http_client(on_request: Callable[[Any], Any]) -> Any:
    """For ``openai.OpenAI``."""
    return openai.DefaultHttpxClient(event_hooks={"request": [on_request]}, limits=_limits(), verify=_tls())


def async_http_client(on_request: Callable[[Any], Any]) -> Any:
    """For ``openai.AsyncOpenAI``."""

    async def hook(request: Any) -> None:
        on_request(request)

    return openai.DefaultAsyncHttpxClient(event_hooks={"request": [hook]}, limits=_limits(), verify=_tls())


@cache
def _tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def http_library() -> Any:
    """The module: it changed between major versions, and the class that the SDK derives from says which one it is."""
    return sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]


def _limits() -> Any:
    return http_library().Limits(max_connections=1000, max_keepalive_connections=0)
