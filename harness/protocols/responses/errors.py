"""Error frames and error bodies, whatever their shape: one table row a shape, the first that fits wins.

Providers put errors on the wire in more than a dozen ways, and a program that knows only one of them reads the
rest as text, or as silence. This module describes; it never judges and never raises: a code that is a number
becomes text, a message that is an object becomes its JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.protocols.responses.catalogue import EVENTS, TERMINALS
from harness.protocols.responses.event import Event, decode_all
from harness.wire import decode


@dataclass(frozen=True, slots=True)
class ProviderError:
    """What a provider said went wrong."""

    shape: str
    """Which shape it came in: a name of ``FRAME_SHAPES`` or of ``BODY_SHAPES``."""
    code: str | None = None
    message: str | None = None
    """The provider's words in full; None when it gave none."""
    param: str | None = None
    type: str | None = None
    """The error's own type, such as ``invalid_request_error``; never the event's."""
    raw: Any = None
    """The JSON value or the text that was read, as it was."""


def error_of(event: Event) -> ProviderError | None:
    """The error a frame carries; None for any other frame, damaged ones included."""
    for shape, recognise in FRAME_SHAPES:
        found = recognise(event)
        if found is not None:
            return _describe(shape, found)
    return None


def error_of_body(status: int, body: bytes) -> ProviderError | None:
    """The error an HTTP response carries instead of a stream.

    Args:
        status: the HTTP status. From 400 on, every body is an error, an empty one too.
        body: the decoded body. With a status below 400 only JSON errors, failed responses and HTML pages are
            errors; a body framed as a stream of events is none, its frames are.
    """
    text = body.decode("utf-8", "replace").lstrip("\ufeff").strip()
    streamed = bool(_STREAMED.match(text))
    if streamed and status < _BAD_REQUEST:
        return None
    if streamed:
        told = (error_of(event) for event in decode_all(decode(body)[0]))
        found = next((error for error in told if error is not None), None)
    else:
        found = _error_of_text(text)
    if found is None and status >= _BAD_REQUEST:
        return ProviderError("text" if text else "empty", message=text or None, raw=text)
    return found


def _error_of_text(text: str) -> ProviderError | None:
    if _HTML.match(text):
        words = _TITLE.search(text)
        return ProviderError("html", message=words.group(1).strip() or None if words else None, raw=text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return None
    for shape, recognise in BODY_SHAPES:
        found = recognise(value)
        if found is not None:
            return _describe(shape, found)
    return None


# Recognisers give back the JSON value that holds the error's members, or None when the shape does not fit.
Payload = Mapping[str, Any]


def _flat(body: Payload) -> Any:
    return body


def _error_object(body: Payload) -> Any:
    return body["error"] if isinstance(body.get("error"), dict) else None


def _code_beside_error(body: Payload) -> Any:
    return body if body.get("code") is not None and _is_word(body.get("error")) else None


def _error_word(body: Payload) -> Any:
    return body if _is_word(body.get("error")) else None


def _detail(body: Payload) -> Any:
    return body.get("detail") or None


def _self_named(body: Payload) -> Any:
    return body if body.get("object") == "error" else None


def _error_list(body: Payload) -> Any:
    errors = body.get("errors")
    return errors[0] if isinstance(errors, list) and errors else None


def _failed_response(body: Payload) -> Any:
    return (body.get("error") or {}) if body.get("object") == "response" and body.get("status") == "failed" else None


def _code_and_message(body: Payload) -> Any:
    told = _is_word(body.get("message")) and any(body.get(name) is not None for name in ("code", "type", "status"))
    return body if told else None


def _response_of(event: Event) -> Mapping[str, Any]:
    response = (event.payload or {}).get("response")
    return response if isinstance(response, dict) else {}


def _of_types(types: frozenset[str], recognise: Callable[[Payload], Any]) -> Callable[[Event], Any]:
    def of(event: Event) -> Any:
        return recognise(event.payload) if event.payload is not None and _stated(event) in types else None

    return of


def _named_error(recognise: Callable[[Payload], Any]) -> Callable[[Event], Any]:
    # The line `event: error` decides only where the payload's own type says nothing that the catalogue knows.
    def of(event: Event) -> Any:
        named = event.name == "error" and _stated(event) not in EVENTS
        return recognise(event.payload) if named and event.payload is not None else None

    return of


def _named_error_text(event: Event) -> Any:
    return event.data if event.name == "error" and event.payload is None else None


def _untyped(recognise: Callable[[Payload], Any]) -> Callable[[Event], Any]:
    def of(event: Event) -> Any:
        return recognise(event.payload) if event.payload is not None and _stated(event) is None else None

    return of


def _self_named_event(event: Event) -> Any:
    return _self_named(event.payload) if event.payload is not None and _stated(event) not in EVENTS else None


def _failed_with_error(event: Event) -> Any:
    return (_response_of(event).get("error") or None) if _stated(event) == "response.failed" else None


def _failed_without_error(event: Event) -> Any:
    # Some servers then put the error beside the response, or write it flat; with neither, nothing is described.
    if event.payload is None or event.type != "response.failed":
        return None
    return event.payload.get("error") or {name: event.payload.get(name) for name in ("code", "message", "param")}


def _terminal_failed(event: Event) -> Any:
    response = _response_of(event)
    ended = event.type in TERMINALS and response.get("status") == "failed"
    return (response.get("error") or {}) if ended else None


_ERROR = frozenset({"error"})
_ALIAS = frozenset({"response.error"})

FRAME_SHAPES: tuple[tuple[str, Callable[[Event], Any]], ...] = (
    ("error-nested", _of_types(_ERROR, _error_object)),
    ("error-word", _of_types(_ERROR, _error_word)),
    ("error-flat", _of_types(_ERROR, _flat)),
    ("alias-nested", _of_types(_ALIAS, _error_object)),
    ("alias-in-response", lambda event: _response_of(event).get("error") if _stated(event) in _ALIAS else None),
    ("alias-word", _of_types(_ALIAS, _error_word)),
    ("alias-flat", _of_types(_ALIAS, _flat)),
    ("failed", _failed_with_error),
    ("failed-without-error", _failed_without_error),
    ("terminal-failed", _terminal_failed),
    ("named-nested", _named_error(_error_object)),
    ("named-flat", _named_error(_flat)),
    ("named-text", _named_error_text),
    ("bare-object", _untyped(_error_object)),
    ("bare-code-and-word", _untyped(_code_beside_error)),
    ("bare-word", _untyped(_error_word)),
    ("bare-detail", _untyped(_detail)),
    ("object-error", _self_named_event),
)
"""Shapes of error frames: name and recogniser, in order of trial."""

BODY_SHAPES: tuple[tuple[str, Callable[[Payload], Any]], ...] = (
    ("failed-response", _failed_response),
    ("error-object", _error_object),
    ("code-and-word", _code_beside_error),
    ("error-word", _error_word),
    ("detail", _detail),
    ("object-error", _self_named),
    ("error-list", _error_list),
    ("flat", _code_and_message),
)
"""Shapes of JSON bodies: name and recogniser, in order of trial."""

_MESSAGE_NAMES = ("message", "detail", "error", "error_description", "msg", "reason")
_BAD_REQUEST = 400
_STREAMED = re.compile(r"(?:data|event|id|retry)?:")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|h1)\b", re.IGNORECASE)
_TITLE = re.compile(r"<(?:title|h1)[^>]*>(.*?)</", re.IGNORECASE | re.DOTALL)


def _describe(shape: str, found: Any) -> ProviderError:
    if not isinstance(found, dict):
        return ProviderError(shape, message=_text(found), raw=found)
    message = next((text for name in _MESSAGE_NAMES if (text := _text(found.get(name))) is not None), None)
    kind = _text(found.get("type"))
    return ProviderError(
        shape=shape,
        code=_text(found.get("code")),
        message=message,
        param=_text(found.get("param")),
        type=None if kind in EVENTS else kind,
        raw=found,
    )


def _stated(event: Event) -> str | None:
    """The type the payload itself states; the event line is no statement of it."""
    stated = (event.payload or {}).get("type")
    return stated if isinstance(stated, str) else None


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return f"a {type(value).__name__} nested too deeply to be written"
