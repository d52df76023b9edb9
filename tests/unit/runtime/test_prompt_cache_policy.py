"""What Anthropic's models are asked to keep."""

from __future__ import annotations

import copy

import pytest

from harness.runtime.conversation import PromptCachePolicy, anthropic_prompt_cache_policy
from harness.runtime.conversation.prompt_cache import MOST_MARKS

POLICY = PromptCachePolicy()
MARK = {"type": "ephemeral"}


def said(role, content):
    return {"role": role, "content": content}


def marked(messages):
    """The places of the marked messages; a mark stands on the last part."""
    places = []
    for place, message in enumerate(messages):
        parts = message.get("content")
        marks = (
            [part.get("cache_control") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        )
        assert not any(marks[:-1])
        places += [place] if marks and marks[-1] else []
    return places


@pytest.mark.parametrize(
    ("messages", "places"),
    [
        ([], []),
        ([said("user", "a")], [0]),
        ([said("system", "s"), said("user", "a")], [0, 1]),
        ([said("system", "s"), *[said("user", str(n)) for n in range(9)]], [0, 7, 8, 9]),
        ([said("user", str(n)) for n in range(9)], [5, 6, 7, 8]),
        ([said("user", "a"), {"role": "assistant", "content": None, "tool_calls": [{}]}, said("tool", "b")], [0, 2]),
        ([said("user", ""), said("user", ["not a part"]), said("user", "a")], [2]),
    ],
)
def test_the_system_and_the_newest_are_kept(messages, places):
    before = copy.deepcopy(messages)
    found = POLICY.mark(messages)
    assert marked(found) == places
    assert len(places) <= MOST_MARKS
    assert messages == before
    assert POLICY.mark(found) == found


def test_words_stay_and_old_marks_go():
    old = said("user", [{"type": "text", "text": "a", "cache_control": MARK}, {"type": "text", "text": "b"}])
    (found,) = POLICY.mark([old])
    assert found["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": MARK}]
    (longer,) = PromptCachePolicy("1h").mark([said("user", "a")])
    assert longer["content"] == [{"type": "text", "text": "a", "cache_control": {**MARK, "ttl": "1h"}}]


@pytest.mark.parametrize(
    ("base_url", "model", "policy"),
    [
        ("https://api.anthropic.com", "claude-opus-5", POLICY),
        ("https://openrouter.ai/api/v1", "anthropic/claude-opus-5", POLICY),
        ("https://openrouter.ai/api/v1", "openai/gpt-5", None),
        ("https://openrouter.ai/api/v1", "someone/claude-like", None),
        ("https://api.openai.com/v1", "claude-opus-5", None),
        ("https://notanthropic.com", "claude-opus-5", None),
        ("nonsense", "claude-opus-5", None),
    ],
)
def test_only_where_marks_are_understood(base_url, model, policy):
    assert anthropic_prompt_cache_policy(base_url, model) == policy
