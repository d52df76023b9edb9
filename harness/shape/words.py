"""Which members are the provider's words, and which are the caller's or the model's.

A shape is committed and compared, so it must hold no conversation, and must not differ because another was held.
"""

from __future__ import annotations

import re

CALLERS = frozenset(
    {
        "arguments", "attributes", "client_metadata", "input", "instructions", "metadata", "parameters", "prompt",
        "properties", "results", "schema", "tool_choice", "tools",
    }
)  # fmt: skip
"""Members that echo what the caller sent, or hold what a tool found: only their own type is noted."""

FREE = frozenset(
    {
        "call_id", "delta", "encrypted_content", "id", "item_id", "message", "name", "obfuscation", "output", "query",
        "refusal", "text", "title", "url",
    }
)  # fmt: skip
"""Members whose texts are no enumeration, however few of them were seen."""

STATES = frozenset({"code", "finish_reason", "object", "phase", "reason", "role", "status", "type"})
"""Members whose words consumers branch on."""


def is_free(name: str) -> bool:
    return name in FREE or name.endswith("_id")


def is_word(name: str, text: str) -> bool:
    """Whether a text of the member ``name`` looks like one value of an enumeration."""
    if is_free(name) or name in CALLERS or len(text) > _LONGEST or _WORD.fullmatch(text) is None:
        return False
    return not any(_RANDOM.fullmatch(part) for part in _PARTS.split(text))


_LONGEST = 48
_WORD = re.compile(r"[a-z][a-z0-9]*(?:[_.:/-][a-z0-9]+)*", re.IGNORECASE)
_PARTS = re.compile(r"[_.:/-]")
# A long part with digits among its letters is an id, a hash or a key.
_RANDOM = re.compile(r"(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{10,}", re.IGNORECASE)
