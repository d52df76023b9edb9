"""How a response ended: what kind of end, and what is read from the terminal event besides.

The kind is the worse of what the event is called and what its ``response.status`` says; a status that is no end
(absent, null, ``in_progress``, ``queued``, an unknown word) leaves the name to decide, because the event is an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.runtime.errors import ProviderError, ResponseCancelled, ResponseFailed, StreamErrorEvent
from harness.runtime.result import Usage
from harness.runtime.view import mapping, plain, text

# Best to worst. ``response.done`` is the name of the realtime dialect, ``response.cancelled`` one that proxies invent.
SEVERITY = ("completed", "incomplete", "cancelled", "failed", "error")

TERMINALS = {
    "response.completed": "completed",
    "response.done": "completed",
    "response.incomplete": "incomplete",
    "response.cancelled": "cancelled",
    "response.canceled": "cancelled",
    "response.failed": "failed",
    "response.error": "error",
    "error": "error",
}

STATUSES = {"canceled": "cancelled", **{status: status for status in SEVERITY[:4]}}
"""What a response's status says of its end. Any other word says nothing."""


def ending_of(type: str, event: Mapping[str, Any]) -> str | None:
    """The kind of end (one of SEVERITY) that an event is; None when it is none."""
    named = TERMINALS.get(type)
    if named is None:
        return "error" if event.get("type") is None and _is_bare_error(event) else None
    response = mapping(event.get("response")) or {}
    stated = STATUSES.get(text(response.get("status")), named)
    return max(named, stated, key=SEVERITY.index)


def _is_bare_error(event: Mapping[str, Any]) -> bool:
    """An error without a type, as some servers put it into a stream that had begun well."""
    return states_error(event) or (_says(event.get("code")) and _says(event.get("message")))


def states_error(event: Mapping[str, Any]) -> bool:
    """Whether there is a word in its ``error``."""
    return _says(event.get("error"))


def _says(value: Any) -> bool:
    fields = mapping(value)
    return bool(value if fields is None else fields)


NO_MESSAGE = "the provider reported an error without a message"


# -- errors ---------------------------------------------------------------------------------------------------


def error_frame(event: Mapping[str, Any]) -> StreamErrorEvent:
    """The error of an error frame: flat, nested, a text, or an object without a type."""
    stated = event.get("error")
    if stated is None:
        stated = (mapping(event.get("response")) or {}).get("error")
    return StreamErrorEvent(**provider_fields(stated, event), raw=plain(event))


def stated_error(response: Mapping[str, Any]) -> Any:
    """The error that a response states; None when it states none."""
    details = mapping(response.get("status_details")) or {}
    return next((entry for entry in (response.get("error"), details.get("error")) if _says(entry)), None)


def failure(ending: str, response: Mapping[str, Any], event: Mapping[str, Any]) -> ProviderError:
    """The error of a terminal event that says failed or cancelled."""
    stated = stated_error(response)
    if stated is None and _says(event.get("error")):
        stated = event["error"]
    fields = provider_fields(stated, {})
    if stated is None:
        fields["message"] = f"the response ended as {ending}, and the provider gave no reason"
    kind = ResponseCancelled if ending == "cancelled" else ResponseFailed
    return kind(**fields, raw=plain(response or event))


def provider_fields(error: Any, around: Mapping[str, Any]) -> dict[str, Any]:
    """``message``, ``code``, ``param``, ``status`` and ``type`` of an error as stated, or as stated around it."""
    inner = mapping(error) or {}
    sources = (inner, around)
    message = (
        _first(sources, "message", "detail", "msg")
        or _words(error)
        # Some providers say ``{"code": ..., "error": the words}``, and gateways put that whole under ``error``.
        or _first((inner,), "error")
        or _first(sources, "error_description")
    )
    code = _first(sources, "code")
    kind = _first((inner,), "type")
    status = next((value for value in (_status(source) for source in sources) if value), None)
    return {
        "message": message or NO_MESSAGE,
        "code": code or kind,
        "param": _first(sources, "param"),
        "status": status,
        "type": kind,
    }


def _first(sources: tuple[Mapping[str, Any], ...], *names: str) -> str | None:
    for source in sources:
        for name in names:
            words = _words(source.get(name))
            if words:
                return words
    return None


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _status(source: Mapping[str, Any]) -> int | None:
    stated = (source.get(name) for name in ("status", "status_code", "code"))
    return next((value for value in stated if type(value) is int and 400 <= value < 600), None)


# -- usage ----------------------------------------------------------------------------------------------------

# Names of the Responses API first, those of chat completions after them, which some servers send here too.
_USAGE: dict[str, tuple[tuple[str, ...], ...]] = {
    "input": (("input_tokens",), ("prompt_tokens",)),
    "output": (("output_tokens",), ("completion_tokens",)),
    "total": (("total_tokens",),),
    "cached": (("input_tokens_details", "cached_tokens"), ("prompt_tokens_details", "cached_tokens")),
    "reasoning": (("output_tokens_details", "reasoning_tokens"), ("completion_tokens_details", "reasoning_tokens")),
}


def usage_of(value: Any) -> Usage | None:
    """Usage as stated; None when it is absent, or nothing in it can be read."""
    if value is None:
        return None
    found = {name: next(filter(_stated, (_dig(value, path) for path in paths)), None) for name, paths in _USAGE.items()}
    return Usage(**found) if any(map(_stated, found.values())) else None


def _dig(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = (mapping(value) or {}).get(name)
    return plain(value)


def _stated(value: Any) -> bool:
    return value is not None
