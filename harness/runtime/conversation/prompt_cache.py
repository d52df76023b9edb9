"""Which parts of a conversation Anthropic's models are asked to keep, so that the next turn does not pay for them.

The provider takes at most four marks a request, and keeps everything up to each. The system's words change least, and
the newest messages are what the next turn begins with; so the first mark is theirs and the others are the last three.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from harness.runtime.conversation.message import Message, parts_of

MOST_MARKS = 4
Lifetime = Literal["5m", "1h"]


@dataclass(frozen=True, slots=True)
class PromptCachePolicy:
    """Marks messages; ``lifetime`` is how long the provider keeps what is marked."""

    lifetime: Lifetime = "5m"

    def mark(self, messages: Iterable[Mapping[str, Any]]) -> list[Message]:
        """The messages with their marks, on the last part of each marked one. Idempotent; marks made before go.

        A message without a part has no place for a mark, and another one gets it.
        """
        bare = [_without_mark(message) for message in messages]
        places = [place for place, message in enumerate(bare) if _has_place(message)]
        first = [place for place in places if bare[place].get("role") == "system"][:1]
        last = [place for place in places if place not in first][-(MOST_MARKS - len(first)) :]
        return [self._marked(message) if place in {*first, *last} else message for place, message in enumerate(bare)]

    def _marked(self, message: Message) -> Message:
        *parts, last = parts_of(message["content"])
        mark = {"type": "ephemeral"} | ({} if self.lifetime == "5m" else {"ttl": self.lifetime})
        return {**message, "content": [*parts, {**last, "cache_control": mark}]}


def anthropic_prompt_cache_policy(base_url: str, model: str, lifetime: Lifetime = "5m") -> PromptCachePolicy | None:
    """The policy for this model at this address; None where marks are not known to be understood.

    Anthropic's own API takes them, and OpenRouter passes them on for Anthropic's models. Elsewhere an unknown field
    may be refused.
    """
    host = (urlsplit(base_url).hostname or "").lower()
    own = host == "anthropic.com" or host.endswith(".anthropic.com")
    passed_on = (host == "openrouter.ai" or host.endswith(".openrouter.ai")) and _is_anthropics(model)
    return PromptCachePolicy(lifetime) if own or passed_on else None


def _is_anthropics(model: str) -> bool:
    vendor, _, name = model.lower().rpartition("/")
    return vendor == "anthropic" or (not vendor and name.startswith("claude"))


def _has_place(message: Message) -> bool:
    parts = parts_of(message.get("content"))
    return bool(parts) and isinstance(parts[-1], dict)


def _without_mark(message: Mapping[str, Any]) -> Message:
    content = message.get("content")
    if not isinstance(content, list):
        return dict(message)
    return {**message, "content": [_bare(part) for part in content]}


def _bare(part: Any) -> Any:
    return {name: value for name, value in part.items() if name != "cache_control"} if isinstance(part, dict) else part
