"""The one set of transport errors: what a retry may cure, for every HTTP library a source may stand on.

Errors are known by name and by the library that defines them, so that no library has to be imported to be known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from harness.runtime.errors import (
    HTTPStatusError,
    ProviderError,
    RuntimeStreamError,
    StreamErrorEvent,
    TransportFailed,
    UndecodableStream,
)
from harness.runtime.terminal import provider_fields
from harness.runtime.view import mapping, plain

_HTTP = {
    "RemoteProtocolError",
    "ReadTimeout",
    "ReadError",
    "WriteTimeout",
    "WriteError",
    "ConnectTimeout",
    "ConnectError",
    "PoolTimeout",
    "CloseError",
}
TRANSPORT_ERRORS: Mapping[str, frozenset[str]] = {
    "httpx": frozenset(_HTTP),
    "httpx2": frozenset(_HTTP),
    "httpcore": frozenset(_HTTP),
    "openai": frozenset({"APIConnectionError", "APITimeoutError"}),
    "builtins": frozenset({"ConnectionError", "TimeoutError"}),
    "http": frozenset({"IncompleteRead", "BadStatusLine"}),
    "ssl": frozenset({"SSLEOFError", "SSLZeroReturnError"}),
    "urllib3": frozenset({"ProtocolError", "TimeoutError", "NewConnectionError", "MaxRetryError"}),
    "requests": frozenset({"ConnectionError", "Timeout", "ChunkedEncodingError"}),
    "aiohttp": frozenset({"ClientConnectionError", "ClientPayloadError"}),
}
"""By library, the errors after which asking again may help; their subclasses count."""


def is_transport_error(error: BaseException) -> bool:
    """Whether an error is in TRANSPORT_ERRORS."""
    names = ((cls.__module__.partition(".")[0], cls.__name__) for cls in type(error).__mro__)
    return any(name in TRANSPORT_ERRORS.get(library, ()) for library, name in names)


def translate(error: Exception) -> RuntimeStreamError | None:
    """A source's error as one of ours; None for one that already is, or that is no business of a stream's."""
    if isinstance(error, RuntimeStreamError):
        return None
    if is_transport_error(error):
        return TransportFailed(_words(error))
    foreign = _provider_error(error)
    if foreign is not None:
        return foreign
    if isinstance(error, ValueError) or type(error).__name__ == "DecodingError":
        # JSON and UTF-8 errors of a foreign decoder, a content encoding that is broken.
        return UndecodableStream(_words(error))
    return None


def _provider_error(error: Exception) -> ProviderError | None:
    """An SDK's error for what the provider said: known by the ``body`` it carries."""
    body = getattr(error, "body", None)
    if body is None and not hasattr(error, "status_code"):
        return None
    outer = mapping(body) or {}
    stated = outer.get("error", body)
    # SDKs put words of their own in the place of a plain text.
    around = outer if isinstance(stated, str) and stated else {"message": _words(error), **outer}
    fields = provider_fields(stated, around)
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        headers = getattr(getattr(error, "response", None), "headers", {})
        return HTTPStatusError(**{**fields, "status": status}, raw=plain(body), headers=headers)
    return StreamErrorEvent(**fields, raw=plain(body))


def _words(error: BaseException) -> str:
    """What an error and its causes say: SDKs hide the reason one level down."""
    return ": ".join(dict.fromkeys(f"{type(link).__name__}: {link}".removesuffix(": ") for link in _chain(error)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(_DEEPEST):
        if link is None:
            return
        yield link
        link = link.__cause__


_DEEPEST = 4


def retry_after_s(headers: Any) -> float | None:
    """Seconds a ``retry-after-ms`` header asks to wait, or a ``retry-after`` (seconds, or a date; RFC 9110, 10.2.3).

    None without a usable one.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name)) / unit
        except (TypeError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    until = _epoch_s(headers.get("retry-after"))
    if until is None:
        return None
    # The server's own clock, where it says what that shows: ours may be wrong.
    now = _epoch_s(headers.get("date"))
    return max(until - (time.time() if now is None else now), 0.0)


def _epoch_s(date: Any) -> float | None:
    """An HTTP date in seconds since the epoch; None for what is none."""
    try:
        parsed = parsedate_to_datetime(date)
        # Dates of HTTP are of this zone, whether they say so or not.
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
