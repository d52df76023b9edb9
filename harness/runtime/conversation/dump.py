"""A request as it may be shown to others: what is not known to be harmless is blanked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.runtime.summary import summarize
from harness.runtime.view import plain

BLANK = "[redacted]"

SHOWN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "host",
        "openai-beta",
        "openai-model",
        "openai-processing-ms",
        "originator",
        "retry-after",
        "retry-after-ms",
        "server",
        "transfer-encoding",
        "user-agent",
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
        "x-request-id",
    }
)
"""Every other header's value is blanked: new ways to carry a key are invented, lists of them are not kept up."""

_SECRET_FIELDS = re.compile(
    r"^(?:.*[_-])?(?:api[_-]?key|authorization|password|passwd|secret|client[_-]?secret|(?:access|refresh|id|auth|bearer)"
    r"[_-]?token|token|cookie|credentials?)$",
    re.IGNORECASE,
)
_SECRETS = re.compile(
    r"\b(?:sk|pk|rk|xai|gsk|hf|gh[oprsu]|github_pat|glpat)[-_][A-Za-z0-9_\-]{16,}"
    r"|\b(?:AKIA[A-Z0-9]{12,}|AIza[A-Za-z0-9_\-]{20,})"
    r"|\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?"
    r"|(?<=\bBearer )[^\s\"']{8,}"
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)",
    re.IGNORECASE,
)


def dump_request(
    *, method: str, url: str, headers: Mapping[str, str], body: Any, error: Exception | None = None
) -> dict[str, Any]:
    """The request, and what became of it, as plain JSON: method, url, headers, body, and the error's summary.

    Values of headers outside SHOWN_HEADERS, of fields named like secrets, and texts shaped like keys are blanked; the
    url loses its query. Idempotent on what it has blanked.
    """
    dumped = {
        "method": method,
        "url": redact(url.partition("?")[0].partition("#")[0]),
        "headers": {name: redact(value) if name.lower() in SHOWN_HEADERS else BLANK for name, value in headers.items()},
        "body": redact(plain(body)),
    }
    if error is not None:
        summary = summarize(error)
        dumped["error"] = {"class": type(error).__name__, "kind": summary.kind, "text": redact(summary.text)}
    return dumped


def redact(value: Any) -> Any:
    """JSON without its secrets."""
    if isinstance(value, str):
        return _SECRETS.sub(BLANK, value)
    if isinstance(value, list):
        return [redact(entry) for entry in value]
    if isinstance(value, dict):
        return {name: BLANK if _hides(name, entry) else redact(entry) for name, entry in value.items()}
    return value


def _hides(name: str, value: Any) -> bool:
    # A tool's parameter may be called "token"; its schema is no secret.
    return isinstance(value, str) and _SECRET_FIELDS.match(name) is not None
