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
# JSON inside a JSON text has its quotes escaped: group ``q`` is by how many backslashes. All quotes of a member are
# alike; one with less ends a string around it.
_NAME = rb'(?<!\\)(?P<q>\\*)"(?:%b)(?P=q)"%b:%b'
# Between two tokens of JSON: space, escaped or not, a line's end that YAML hides, and the field name of an event's next
# line.
_GAP = rb"(?:\s|\\+[nrt\n ]|(?<=[\r\n])data:)*+"
_OPENING = rb'(?P=q)"(?:\\\n *\\?)?+'
# Inside a string whose quotes have k backslashes an escaped quote has 2k + 1, and an escaped backslash is 2k + 2 of
# them; a quote after any other number ends this string or one around it. So a value runs to its own closing quote, over
# all escapes, and a cut one to the end.
_VALUE = rb'(?:[^"\\]++|\\++(?!")|(?:(?P=q){2}\\\\)*+(?P=q){2}\\"|(?:(?P=q){2}\\\\)++(?=(?P=q)"))++'
_LIST = rb'\[%b(?:(?P=q)"(?P=q)"%b,%b)*+' % (_GAP, _GAP, _GAP)
_NEXT = rb'(?P=q)"%b,%b(?P=q)"(?:%b)?+' % (_GAP, _GAP, _VALUE)
# The strings of a list become one, which leaves it a list. Where the text ends before the list does, the hit reaches to
# the end too, which says that it may go on.
_LIST_GOES_ON = rb'(?:%b)*+(?:(?P=q)"[ \t]*+,?+[ \t]*+(?:(?P=q)"|\\*+)\Z)?+' % _NEXT


def _named(names: bytes) -> bytes:
    """The name of a member, up to where its value begins."""
    return _NAME % (names, _GAP, _GAP)


# After the first, a name's letters may be those of another alphabet, written in two bytes; a domain's, any.
_SOMEBODY = rb"(?:\\[bfnrt]|\\u[0-9A-Fa-f]{4}|(?<![\w.+-]))(?P<secret>[\w.+-](?:[\w.+-]++|[\xc3-\xd4][\x80-\xbf])*+"
_SOMEWHERE = (
    rb"(?!(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid|localhost)\b)"
    rb"(?:[\w\x80-\xff-]+\.)+(?:[A-Za-z]{2,}|(?:[\xc3-\xd4][\x80-\xbf]){2,}))(?![\w-])"
)

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
        + _named(
            rb"[\w-]*(?:api[_-]?key|access[_-]?key|secret|password|passwd|authorization|cookie)"
            rb"|(?:\w*_)?(?:auth|access|refresh|id|session|bearer)[_-]?token|x-[\w-]*(?:-key|-token|-auth)"
        )
        + rb"(?P<list>%b)?+%b(?P<secret>%b(?(list)%b))" % (_LIST, _OPENING, _VALUE, _LIST_GOES_ON),
        "named as a secret",
    ),
    _rule(
        "identity-field",
        _named(rb"safety_identifier|(?:chatgpt_)?account_id|org(?:anization)?(?:_id)?|project_id|user(?:_id)?")
        + rb'(?:\{[^{}]*?(?P=q)"id(?P=q)"%b:%b)?%b(?P<secret>%b)' % (_GAP, _GAP, _OPENING, _VALUE),
        "who the caller is",
    ),
    _rule(
        "url-parameter",
        rb"(?i)[?&;](?:[\w-]*(?:key|token|secret|signature|password|authorization)|sig|auth)=(?P<secret>[^&\s\"'\\#]+)",
        "named as a secret",
    ),
    _rule(
        "assignment",
        rb"(?:_(?:KEY|TOKEN|SECRET|PASSWORD)|(?i:api_?key))=(?:\\*[\"'])?"
        rb"(?P<secret>(?=[^\s\"'&]{0,256}\d)(?:[^\s\"'\\&$(){}<>;,]|\\+/){8,})",
        "named as a secret, as the environment and programs name it; a word without a digit is an example",
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
