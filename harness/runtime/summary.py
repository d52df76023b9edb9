"""What an error means to a caller, in one value: its kind, whether asking again may help, and what to do about it.

One table of rules, read from the top, decides; the first rule that fits by code, by words or by status names the
kind. Codes and words go before statuses, because providers say under 403 that a token has expired, and under 400 or
200 that there is no credit left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.runtime.errors import (
    DeadlineExceeded,
    HTTPStatusError,
    NotAStream,
    ProviderError,
    ResponseCancelled,
    RuntimeStreamError,
    StreamInterrupted,
    TransportFailed,
    TruncatedStream,
    UndecodableStream,
)
from harness.runtime.transport import is_transport_error, translate


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of error: the same request may be asked again, or it may not; and what a person should do instead."""

    name: str
    retryable: bool = False
    hint: str = ""


INTERRUPTED = Kind("interrupted")
TRANSPORT = Kind("transport", retryable=True)
DEADLINE = Kind("deadline", retryable=True)
TRUNCATED = Kind("truncated", retryable=True)
SERVER = Kind("server", retryable=True)
RATE_LIMIT = Kind("rate_limit", retryable=True)
USAGE_LIMIT = Kind("usage_limit", hint="The plan's allowance is used up until it is reset; waiting seconds is no use.")
AUTH = Kind("auth", hint="The credentials are missing, wrong or expired: sign in again, or renew the token.")
ENTITLEMENT = Kind(
    "entitlement",
    hint="The account lacks the entitlement for this model or service: check its plan or its team's access. "
    "New credentials of the same account do not help.",
)
BILLING = Kind("billing", hint="The account has no credit left: check its plan and its payments.")
CONTEXT_LENGTH = Kind("context_length", hint="The conversation is longer than the model can read: shorten it.")
POLICY = Kind("policy", hint="The provider refuses this content; the same words will be refused again.")
STALE_REASONING = Kind("stale_reasoning", hint="Encrypted reasoning was replayed that this provider cannot read.")
FORBIDDEN = Kind("forbidden", hint="The provider refuses this caller: its account, region or network may be why.")
MODEL = Kind("model", hint="The model does not exist, or not for this account.")
REQUEST = Kind("request", hint="The request is wrong as it stands.")
UNKNOWN = Kind("unknown")


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits an error whose code (or type) is one of ``codes``, whose words match, or whose status is one of these.

    ``within`` limits the rule to these error statuses; an error under a good status, or none, passes the limit.
    """

    kind: Kind
    codes: frozenset[str] = frozenset()
    words: re.Pattern[str] | None = None
    statuses: frozenset[int] = frozenset()
    within: frozenset[int] = frozenset()

    def fits(self, status: int | None, codes: frozenset[str], words: str) -> bool:
        if self.within and status is not None and status >= 400 and status not in self.within:
            return False
        if self.codes & codes or status in self.statuses:
            return True
        return self.words is not None and self.words.search(words) is not None


def _rule(
    kind: Kind, codes: str = "", words: str = "", statuses: tuple[int, ...] = (), within: tuple[int, ...] = ()
) -> Rule:
    pattern = re.compile(words, re.IGNORECASE) if words else None
    return Rule(kind, frozenset(codes.split()), pattern, frozenset(statuses), frozenset(within))


RULES: tuple[Rule, ...] = (
    _rule(STALE_REASONING, "invalid_encrypted_content", r"encrypted[_ ]content.{0,80}(could not be|cannot be|invalid)"),
    _rule(
        CONTEXT_LENGTH,
        "context_length_exceeded context_window_exceeded string_above_max_length exceed_context_size_error",
        r"context (length|window|size)|maximum (context|prompt) length|prompt is too long|too many (input )?tokens",
        within=(400, 413, 422, 500),
    ),
    _rule(
        BILLING,
        "insufficient_quota billing_hard_limit_reached billing_not_active credit_balance_too_low insufficient_credits",
        r"insufficient (quota|credits?|balance|funds)|credit balance|billing (hard limit|details)"
        r"|exceeded your current quota|payment required",
        statuses=(402,),
    ),
    _rule(
        BILLING,
        words=r"spend(ing)? (limit|cap)|out of [\w ]{0,20}credits?|no (more |remaining )?credits?\b|have any credits"
        r"|used (up |all )[\w ]{0,20}credits?|credits? [\w ]{0,15}(used up|exhausted|depleted)",
        within=(402, 403, 429),
    ),
    _rule(USAGE_LIMIT, "usage_limit_reached", r"usage limit (has been )?reached|hit your usage limit"),
    # The ChatGPT backend says 429 to a plan that does not include the service at all.
    _rule(ENTITLEMENT, "usage_not_included"),
    _rule(
        POLICY,
        "content_filter content_policy_violation invalid_prompt cyber_policy moderation_blocked safety",
        r"content (policy|filter|management policy)|usage polic(y|ies)|safety (system|reasons)|flagged as potentially",
        within=(400, 403, 422, 451),
    ),
    # A token that has expired is no missing entitlement, though some providers say 403 to both.
    _rule(
        AUTH,
        "token_expired token_invalidated invalid_api_key invalid_token unauthenticated authentication_error"
        " refresh_token_expired unauthenticated:bad-credentials",
        r"bad[- ]credentials|unauthenticated|(token|credentials?|session)\b[^.]{0,40}\b(expired|revoked|invalid(ated)?)"
        r"|(expired|revoked|invalid|incorrect)\b[^.]{0,20}\b(token|api[- ]key|credentials?)"
        r"|token could not be validated|sign(ing)? in again|log(ging)? in again",
        within=(400, 401, 403),
    ),
    _rule(
        ENTITLEMENT,
        "permission_denied permission-denied insufficient_permissions not_entitled",
        r"does not have permission|insufficient permissions|not (been )?(granted|entitled)"
        r"|(do(es)? not|don't|doesn't) have (an active|access)|active [\w ]{0,30}subscription"
        r"|plan does ?n[o']t include|not included in your plan|no access to",
        within=(401, 403),
    ),
    _rule(MODEL, "model_not_found model_not_supported", r"model\b.{0,80}(does not exist|not (found|supported))"),
    _rule(
        RATE_LIMIT,
        "rate_limit_exceeded rate_limit_error rate_limited resource_exhausted slow_down tokens requests",
        statuses=(429,),
    ),
    # A request that is wrong may be quoted, and say anything.
    _rule(REQUEST, "invalid_request_error bad_request", within=(400, 404, 413, 415, 422)),
    _rule(RATE_LIMIT, words=r"rate limit|too many requests", within=(403, 425, *range(500, 600))),
    _rule(
        SERVER,
        "server_error internal_server_error internal_error server_is_overloaded overloaded_error overloaded"
        " service_unavailable api_error timeout",
        r"overloaded|internal server error|temporarily unavailable|try again later",
        statuses=(408, 409, 425, *range(500, 600)),
        within=(408, 409, 425, *range(500, 600)),
    ),
    _rule(AUTH, statuses=(401, 407)),
    _rule(FORBIDDEN, statuses=(403,)),
    _rule(REQUEST, "invalid_request_error bad_request", statuses=(*range(400, 500),)),
)
"""Adding a provider's habit is adding a row, or a word to one."""

_BY_CLASS: tuple[tuple[type[RuntimeStreamError], Kind], ...] = (
    (StreamInterrupted, INTERRUPTED),
    (ResponseCancelled, INTERRUPTED),
    (DeadlineExceeded, DEADLINE),
    (TransportFailed, TRANSPORT),
    (TruncatedStream, TRUNCATED),
    (UndecodableStream, TRUNCATED),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """One error, ready to be shown and to be acted upon."""

    kind: str
    retryable: bool
    """Whether the same request may be asked again. Whether it is, and how often, is the retry policy's."""
    message: str
    """The provider's own words, or the error's."""
    hint: str = ""
    """What a person should do; empty where waiting or asking again is all there is."""
    status: int | None = None
    code: str | None = None
    retry_after_s: float | None = None
    """Seconds the provider asks to wait, by header or in its words."""

    @property
    def text(self) -> str:
        """One line for a person."""
        marks = [f"{name} {value}" for name, value in (("HTTP", self.status), ("code", self.code)) if value]
        said = f"{self.message} ({', '.join(marks)})" if marks else self.message
        return f"{said} {self.hint}".strip()


def summarize(error: Exception) -> Summary:
    """The summary of an error of this package, of an SDK or of an HTTP library."""
    ours = error if isinstance(error, RuntimeStreamError) else translate(error)
    if isinstance(ours, ProviderError) and not isinstance(ours, ResponseCancelled):
        return _provider(ours)
    if isinstance(ours, NotAStream):
        kind = _by_rules(ours.status, frozenset(), "")
        # Markup under a good status is what a login page or a proxy looks like; it may be gone the next time.
        return Summary(kind.name, kind.retryable, ours.message, kind.hint, status=ours.status)
    kind = next((kind for cls, kind in _BY_CLASS if isinstance(ours, cls)), UNKNOWN)
    if kind is UNKNOWN and is_transport_error(error):
        kind = TRANSPORT
    # The whole call is out of time: there is none left to ask again in.
    retryable = kind.retryable and getattr(ours, "deadline", None) != "total"
    return Summary(kind.name, retryable, str(error) or type(error).__name__, kind.hint)


def _provider(error: ProviderError) -> Summary:
    said = list(_texts(error.raw))
    words = " ".join([error.message, error.code or "", *said])[:_READ_CHARS]
    codes = frozenset(word.lower() for word in (error.code, error.type) if word)
    kind = _by_rules(error.status, codes, words)
    message = error.message
    if isinstance(error.raw, Mapping) and said and not any(message in text for text in said):
        # The words stood where no error format has them: the longest text is the sentence.
        message = max(said, key=len)[:_MESSAGE_CHARS]
    wait = error.retry_after_s if isinstance(error, HTTPStatusError) else None
    return Summary(
        kind.name,
        kind.retryable,
        message,
        kind.hint,
        status=error.status,
        code=error.code,
        retry_after_s=wait if wait is not None else _wait_s(error.raw, words),
    )


def _by_rules(status: int | None, codes: frozenset[str], words: str) -> Kind:
    return next((rule.kind for rule in RULES if rule.fits(status, codes, words)), UNKNOWN)


_DEEPEST = 6
_READ_CHARS = 20_000
_MESSAGE_CHARS = 500


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in what the provider sent, whatever the nesting."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST:
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        for entry in inner:
            yield from _texts(entry, depth + 1)


_SPOKEN = re.compile(r"(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?\s?(?:ms|milli|s|m|h)\s?)+)", re.I)
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s?(ms|milli|s|m|h)", re.IGNORECASE)
_UNITS_S = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _wait_s(raw: Any, words: str) -> float | None:
    """Seconds to wait as a field of the error states them, or as its words do ("Please try again in 6m0.5s")."""
    stated = raw.get("error", raw) if isinstance(raw, Mapping) else None
    field: Any = stated.get("resets_in_seconds") if isinstance(stated, Mapping) else None
    if type(field) in (int, float) and 0 <= field < float("inf"):
        return float(field)
    spoken = _SPOKEN.search(words)
    if spoken is None:
        return None
    return sum(float(number) * _UNITS_S[unit.lower()] for number, unit in _LENGTH.findall(spoken[1]))
