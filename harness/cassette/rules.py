"""What redaction looks for, as data: the table of secrets, and the headers known to hold none.

A new kind of secret is a new row here, with its why; nothing else changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret."""

    name: str
    pattern: re.Pattern[bytes]
    """Its group ``secret`` is what has to go; what stands around it says only that it is one."""
    why: str
    """What the secret would give away."""


def _rule(name: str, pattern: bytes, why: str) -> Rule:
    return Rule(name, re.compile(pattern), why)


# A key-shaped text starts where no word goes on, or every base64 blob would hold some. A slash may stand before it:
# the blobs that have slashes have no dashes and underscores, and addresses have keys between slashes.
# The letter before it may be the end of an escape, in JSON or in an address: the n of a line feed is no part of a word.
_START = rb"(?:(?<![A-Za-z0-9_+-])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2}))"
# JSON inside a JSON text has its quotes escaped, once a level.
_QUOTE = rb'(?<!\\)\\*"'
_SOMEBODY = rb"(?:\\[bfnrt]|\\u[0-9A-Fa-f]{4}|(?<![\w.+-]))(?P<secret>[\w.+-]+"
_SOMEWHERE = rb"(?!(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid|localhost)\b)(?:[\w-]+\.)+[A-Za-z]{2,})(?![\w-])"

RULES: tuple[Rule, ...] = (
    _rule("bearer-token", rb"(?i)\bbearer +(?P<secret>[A-Za-z0-9._~+/=-]{8,})", "acts as the account"),
    _rule("basic-auth", rb"(?i)\bbasic +(?P<secret>[A-Za-z0-9+/]{12,}={0,2})(?![A-Za-z0-9 ])", "user and password"),
    _rule("url-password", rb"://[^/\s:@\"]*:(?P<secret>[^/\s:@\"]+)@", "user and password"),
    _rule("jwt", _START + rb"(?P<secret>eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)", "acts as the account"),
    _rule(
        "api-key",
        _START + rb"(?P<secret>(?:sk|pk|rk|gsk|xai|hf|r8|pplx|nvapi|sess)[-_](?=[\w-]*\d)[\w-]{16,})",
        "acts as the account",
    ),
    _rule("github-token", _START + rb"(?P<secret>(?:gh[pousr]_|github_pat_)\w{20,})", "acts as the account"),
    _rule("google-key", _START + rb"(?P<secret>AIza[\w-]{35})", "acts as the account"),
    _rule("aws-key", _START + rb"(?P<secret>(?:AKIA|ASIA)[A-Z0-9]{16})(?![A-Za-z0-9])", "acts as the account"),
    _rule("slack-token", _START + rb"(?P<secret>xox[abeoprs]-[\w-]{10,})", "acts as the account"),
    _rule("private-key", rb"-----BEGIN [A-Z ]*(?P<secret>PRIVATE KEY-----[^-]*)", "a private key"),
    _rule(
        "account-id",
        _START + rb"(?P<secret>(?:org|proj|user|acct)[-_](?=[a-zA-Z]*\d)[a-zA-Z0-9]{16,})",
        "who the caller is",
    ),
    _rule(
        "secret-field",
        rb"(?i)"
        + _QUOTE
        + rb"(?:[\w-]*(?:api[_-]?key|access[_-]?key|secret|password|passwd|authorization|cookie)"
        + rb"|(?:\w*_)?(?:auth|access|refresh|id|session|bearer)[_-]?token)"
        + _QUOTE
        + rb"\s*:\s*"
        + _QUOTE
        + rb'(?P<secret>[^"\\]+)',
        "named as a secret",
    ),
    _rule(
        "identity-field",
        _QUOTE
        + rb"(?:safety_identifier|(?:chatgpt_)?account_id|org(?:anization)?(?:_id)?|project_id|user(?:_id)?)"
        + _QUOTE
        + rb"\s*:\s*"
        + _QUOTE
        + rb'(?P<secret>[^"\\]+)',
        "who the caller is",
    ),
    _rule(
        "url-parameter",
        rb"(?i)[?&;](?:[\w-]*(?:key|token|secret|signature|password|authorization)|sig|auth)=(?P<secret>[^&\s\"'\\#]+)",
        "named as a secret",
    ),
    _rule("e-mail", _SOMEBODY + rb"@" + _SOMEWHERE, "who somebody is; the reserved example domains are nobody"),
    _rule("e-mail-in-url", _SOMEBODY + rb"%40" + _SOMEWHERE, "who somebody is"),
)

ALLOWED_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "alt-svc",
        "cache-control",
        "cf-cache-status",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "keep-alive",
        "openai-beta",
        "openai-model",
        "openai-processing-ms",
        "openai-version",
        "originator",
        "retry-after",
        "retry-after-ms",
        "server",
        "strict-transport-security",
        "transfer-encoding",
        "user-agent",
        "vary",
        "via",
        "x-accel-buffering",
        "x-codex-plan-type",
        "x-codex-primary-reset-after-seconds",
        "x-codex-primary-reset-at",
        "x-codex-primary-used-percent",
        "x-codex-primary-window-minutes",
        "x-codex-secondary-reset-after-seconds",
        "x-codex-secondary-reset-at",
        "x-codex-secondary-used-percent",
        "x-codex-secondary-window-minutes",
        "x-content-type-options",
        "x-envoy-upstream-service-time",
        "x-models-etag",
        "x-ratelimit-limit-requests",
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-requests",
        "x-ratelimit-reset-tokens",
        "x-reasoning-included",
        "x-should-retry",
        "x-stainless-arch",
        "x-stainless-async",
        "x-stainless-lang",
        "x-stainless-os",
        "x-stainless-package-version",
        "x-stainless-read-timeout",
        "x-stainless-retry-count",
        "x-stainless-runtime",
        "x-stainless-runtime-version",
    }
)
"""Headers whose value is kept, as long as no rule finds a secret in it. Every other value becomes a placeholder."""
