"""How a provider frames what the model did: heads, request and response objects, and its own additions.

Only shapes are kept here, as observed on real streams; every text and id comes from the seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.delivery import Headers


@dataclass(frozen=True, slots=True)
class Profile:
    """One provider."""

    name: str
    model: str
    path: str
    request_headers: Headers
    response_headers: Headers
    request: Mapping[str, Any]
    """Fields of the request body beside model, input and tools."""
    response: Mapping[str, Any]
    """Fields of the response object that never change in a stream."""
    cached_details: Mapping[str, int]
    """``usage.input_tokens_details``."""
    phase: str | None = None
    """The phase a message has when the script names none; None: the field is absent."""
    encrypted_reasoning: bool = False
    stores: bool = True
    """Whether a later turn names the earlier response in place of repeating its items."""
    rate_limits: bool = False
    """Whether ``codex.rate_limits``, which has no sequence number, follows the prelude."""


_TOOL_USAGE = {
    "image_gen": {
        "input_tokens": 0,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"image_tokens": 0, "text_tokens": 0},
        "total_tokens": 0,
    },
    "web_search": {"num_requests": 0},
}

_RESPONSE: Mapping[str, Any] = {
    "background": False,
    "frequency_penalty": 0.0,
    "max_tool_calls": None,
    "moderation": None,
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "prompt_cache_retention": "24h",
    "safety_identifier": None,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tool_usage": _TOOL_USAGE,
    "top_logprobs": 0,
    "top_p": 0.98,
    "truncation": "disabled",
    "user": None,
}

CODEX = Profile(
    name="codex",
    model="gpt-5.5",
    path="/backend-api/codex/responses",
    request_headers=(
        ("accept", "text/event-stream"),
        ("authorization", "redacted-xxxxxxxxxxxxxxxx"),
        ("chatgpt-account-id", "redacted-xxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("content-type", "application/json"),
        ("openai-beta", "responses=experimental"),
        ("originator", "codex_cli_rs"),
    ),
    response_headers=(
        ("content-type", "text/event-stream"),
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive"),
        ("cache-control", "no-cache"),
        ("openai-model", "gpt-5.5"),
        ("x-codex-plan-type", "plus"),
        ("x-codex-primary-used-percent", "7"),
        ("x-codex-primary-window-minutes", "300"),
        ("x-codex-primary-reset-after-seconds", "9120"),
        ("x-codex-secondary-used-percent", "31"),
        ("x-codex-secondary-window-minutes", "10080"),
        ("x-codex-secondary-reset-after-seconds", "302400"),
        ("x-reasoning-included", "true"),
        ("x-request-id", "redacted-xxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("server", "cloudflare"),
    ),
    request={
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
    },
    response={**_RESPONSE, "reasoning": {"effort": "medium", "summary": "detailed"}, "store": False},
    cached_details={"cached_tokens": 0},
    phase="final_answer",
    encrypted_reasoning=True,
    stores=False,
    rate_limits=True,
)

OPENAI = Profile(
    name="openai",
    model="gpt-5.5-2026-04-23",
    path="/v1/responses",
    request_headers=(
        ("accept", "application/json"),
        ("authorization", "redacted-xxxxxxxxxxxxxxxx"),
        ("content-type", "application/json"),
    ),
    response_headers=(
        ("content-type", "text/event-stream; charset=utf-8"),
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive"),
        ("openai-processing-ms", "212"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "5000"),
        ("x-ratelimit-remaining-requests", "4999"),
        ("x-request-id", "redacted-xxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("server", "cloudflare"),
        ("x-content-type-options", "nosniff"),
    ),
    request={"reasoning": {"effort": "medium", "summary": "auto"}, "stream": True},
    response={
        **_RESPONSE,
        "reasoning": {"context": "current_turn", "effort": "medium", "mode": "standard", "summary": "detailed"},
        "store": True,
    },
    cached_details={"cache_write_tokens": 0, "cached_tokens": 0},
)

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (CODEX, OPENAI)}
