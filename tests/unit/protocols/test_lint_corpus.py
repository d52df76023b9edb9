"""Recorded streams decode and lint; every error told of them is a deviation that is really there, by name."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.protocols.responses.event import decode_all
from harness.protocols.responses.lint import Level, dialects, lint
from harness.wire import decode
from tests.corpus import requires_corpus, streams

pytestmark = requires_corpus

CONCATENATED = "the fixture holds the streams of several requests, one after another"
SHORTENED = "deltas were cut out of the fixture by hand, so the texts and the numbers no longer add up"
BROKEN = "created and completed lost a brace when the fixture was written by hand"

TRUE_DEVIATIONS: dict[str, tuple[frozenset[str], str]] = {
    # end of the stream's name → the rules that it breaks, and why that is so
    "azure-reasoning-encrypted-content.1.chunks.txt.0.chunks.txt": (
        frozenset({"one-terminal", "nothing-after-terminal", "sequence-numbers"}),
        CONCATENATED,
    ),
    "openai-reasoning-encrypted-content.1.chunks.txt.0.chunks.txt": (
        frozenset({"one-terminal", "nothing-after-terminal", "sequence-numbers"}),
        CONCATENATED,
    ),
    "openai-shell-tool.1.chunks.txt.0.chunks.txt": (
        frozenset({"one-terminal", "nothing-after-terminal", "sequence-numbers"}),
        CONCATENATED,
    ),
    "openai-phase.1.chunks.txt.0.chunks.txt": (frozenset({"sequence-numbers", "text-agrees"}), SHORTENED),
    "openai-shell-container.1.chunks.txt.0.chunks.txt": (
        frozenset({"text-agrees"}),
        "written by hand: the deltas hold less of the message than its done events",
    ),
    "parallel-tool-call-wrapper.1.chunks.txt.0.chunks.txt": (
        frozenset({"payload", "created-first", "one-terminal"}),
        BROKEN,
    ),
    "openai-custom-tool.1.chunks.txt.0.chunks.txt": (
        frozenset({"strand-order"}),
        "written by hand: input deltas, and no response.custom_tool_call_input.done",
    ),
    "openai-client-tool-search.1.chunks.txt.0.chunks.txt": (
        frozenset({"item-members"}),
        "the tool search has one call_id when added and another when done",
    ),
    "xai-web-search-tool.1.chunks.txt.0.chunks.txt": (
        frozenset({"item-schema", "response-schema"}),
        "xAI's web search has name and arguments where the schema has an action",
    ),
    "mcp_list_tools_stream_backfills_missing_results.yaml.0.sse": (
        frozenset({"items-finished"}),
        "two lists of tools are completed by their own event but never by response.output_item.done",
    ),
}


def known(name: str) -> frozenset[str]:
    return next((rules for end, (rules, _) in TRUE_DEVIATIONS.items() if name.endswith(end)), frozenset())


@pytest.mark.parametrize(("name", "provider", "body"), streams(), ids=[name for name, *_ in streams()])
def test_errors_are_true_deviations(name: str, provider: str, body: bytes) -> None:
    frames, tail = decode(body)
    assert b"".join(frame.raw for frame in frames) + (tail.raw if tail else b"") == body
    assert decode_all(frames)
    told = lint(frames, tail)
    assert {remark.rule for remark in told if remark.level is Level.ERROR} == known(name)


def test_every_known_deviation_is_in_the_corpus() -> None:
    for end in TRUE_DEVIATIONS:
        assert sum(name.endswith(end) for name, *_ in streams()) == 1, end


DIALECTS = {
    # Payloads kept one a line have no event lines here, so what is told by event lines is not asked of them.
    "chatgpt-codex-backend": {("codex",): 103},
    "openai": {("openai",): 30, (): 30, ("copilot",): 1},
    "unstated": {("openai",): 25},
    "aws-bedrock-mantle": {("openai",): 3},
    "deepseek": {("deepseek",): 3},
    "openrouter": {("openrouter",): 1},
    "azure": {("azure",): 6, (): 2},
    "open-responses": {(): 4},
    "xai": {("xai",): 6},
}


@pytest.mark.parametrize("provider", DIALECTS)
def test_dialects_tell_the_providers(provider: str) -> None:
    told = Counter(dialects(*decode(body)) for _, whose, body in streams() if whose == provider)
    assert told == DIALECTS[provider]
