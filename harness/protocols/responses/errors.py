"""Error frames and error bodies, whatever their shape: one table row a shape, the first that fits wins.

Providers put errors on the wire in more than a dozen ways, and a program that knows only one of them reads the
rest as text, or as silence. This module describes; it never judges and never raises: a code that is a number
becomes text, a message that is an object becomes its JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from harness.protocols.responses.catalogue import EVENTS, TERMINALS
from harness.protocols.responses.event import DONE, Event, decode_all
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
    beside: ProviderError | None = None
    """Another error in the same frame, outside its response: which of the two a reader takes is its affair."""


def error_of(event: Event) -> ProviderError | None:
    """The error a frame carries; None for any other frame, damaged ones included."""
    for shape, fits, find in FRAME_SHAPES:
        if fits(event):
            found = find(event.data if event.payload is None else event.payload)
            if found is not None:
                return replace(_describe(shape, found), beside=_beside(event, found))
    return None


def _beside(event: Event, found: Any) -> ProviderError | None:
    other = (event.payload or {}).get("error") if event.type in TERMINALS else None
    return _describe("beside", other) if other and other is not found else None


_SAYS_NOTHING = frozenset({"{}", "[]", "null", '""'})
"""JSON bodies without a word in them."""


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
        words = "" if text in _SAYS_NOTHING else text
        return ProviderError("text" if words else "empty", message=words or None, raw=text)
    return found


def _error_of_text(text: str) -> ProviderError | None:
    if _HTML.match(text):
        words = _TITLE.search(text[:_PAGE_HEAD_CHARS])
        return ProviderError("html", message=words.group(1).strip() or None if words else None, raw=text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return None
    for shape, find in BODY_SHAPES:
        found = find(value)
        if found is not None:
            return _describe(shape, found)
    return None


# Finders: from a payload to the JSON value that holds the error's members, or None when the shape does not fit.


def _whole(body: Any) -> Any:
    return body


def _error_object(body: Any) -> Any:
    return body["error"] if isinstance(body.get("error"), dict) else None


def _code_beside_error(body: Any) -> Any:
    return body if body.get("code") is not None and _is_word(body.get("error")) else None


def _error_word(body: Any) -> Any:
    return body if _is_word(body.get("error")) else None


def _detail(body: Any) -> Any:
    return body.get("detail") or None


def _self_named(body: Any) -> Any:
    return body if body.get("object") == "error" else None


def _error_list(body: Any) -> Any:
    errors = body.get("errors")
    return errors[0] if isinstance(errors, list) and errors else None


def _code_and_message(body: Any) -> Any:
    told = _is_word(body.get("message")) and any(body.get(name) is not None for name in ("code", "type", "status"))
    return body if told else None


def _in_response(body: Any) -> Any:
    response = body.get("response")
    return (response.get("error") or None) if isinstance(response, dict) else None


def _bare_response(body: Any) -> Any:
    return {} if isinstance(body.get("response"), dict) else None


def _beside_response(body: Any) -> Any:
    return body.get("error") or {name: body.get(name) for name in ("code", "message", "param")}


def _failed_response(body: Any) -> Any:
    return (body.get("error") or {}) if body.get("object") == "response" and body.get("status") == "failed" else None


# Guards: which events a shape is tried on.


def _states_error(event: Event) -> bool:
    return _stated(event) == "error"


def _is_alias(event: Event) -> bool:
    return event.payload is not None and event.type == "response.error"


def _is_failed(event: Event) -> bool:
    return event.payload is not None and event.type == "response.failed"


def _ends_failed(event: Event) -> bool:
    response = event.payload.get("response") if event.payload is not None and event.type in TERMINALS else None
    return isinstance(response, dict) and response.get("status") == "failed"


def _named(event: Event) -> bool:
    # The line `event: error` decides only where the payload's own type says nothing that the catalogue knows.
    return event.name == "error" and event.payload is not None and _stated(event) not in EVENTS


def _named_text(event: Event) -> bool:
    return event.name == "error" and event.payload is None and event.data != DONE


def _untyped(event: Event) -> bool:
    return event.payload is not None and _stated(event) is None


def _unknown(event: Event) -> bool:
    return event.payload is not None and _stated(event) not in EVENTS


FRAME_SHAPES: tuple[tuple[str, Callable[[Event], bool], Callable[[Any], Any]], ...] = (
    ("error-nested", _states_error, _error_object),
    ("error-word", _states_error, _error_word),
    ("error-flat", _states_error, _whole),
    ("alias-nested", _is_alias, _error_object),
    ("alias-in-response", _is_alias, _in_response),
    ("alias-word", _is_alias, _error_word),
    ("alias-flat", _is_alias, _whole),
    ("failed", _is_failed, _in_response),
    ("failed-without-error", _is_failed, _bare_response),
    ("failed-without-response", _is_failed, _beside_response),
    ("terminal-failed", _ends_failed, _in_response),
    ("terminal-failed-without-error", _ends_failed, _bare_response),
    ("named-nested", _named, _error_object),
    ("named-flat", _named, _whole),
    ("named-text", _named_text, _whole),
    ("bare-object", _untyped, _error_object),
    ("bare-code-and-word", _untyped, _code_beside_error),
    ("bare-word", _untyped, _error_word),
    ("bare-detail", _untyped, _detail),
    ("object-error", _unknown, _self_named),
)
"""Shapes of error frames: name, guard and finder, in order of trial."""

BODY_SHAPES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("failed-response", _failed_response),
    ("error-object", _error_object),
    ("code-and-word", _code_beside_error),
    ("error-word", _error_word),
    ("detail", _detail),
    ("object-error", _self_named),
    ("error-list", _error_list),
    ("flat", _code_and_message),
)
"""Shapes of JSON bodies: name and finder, in order of trial."""

_MESSAGE_NAMES = ("message", "detail", "error", "error_description", "msg", "reason")
_BAD_REQUEST = 400
_PAGE_HEAD_CHARS = 4_096
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
