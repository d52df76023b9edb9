"""Dialects: which server speaks, told by the habits a stream shows.

A dialect is known by what servers were seen to do, so it is a hint about where a stream comes from and no proof: a
short stream may fit several dialects, or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.protocols.responses.lint.habits import HABITS, habits_of
from harness.protocols.responses.lint.stream import Stream
from harness.wire import Frame, Tail


@dataclass(frozen=True, slots=True)
class Dialect:
    """One server's way of speaking."""

    name: str
    sentence: str
    marks: tuple[frozenset[str], ...]
    """Signatures, any of which tells it; a signature is the set of habits that must all show."""
    lacks: frozenset[str] = frozenset()
    """Habits it never shows."""
    habits: frozenset[str] = frozenset()
    """Further habits it is known for, which tell nothing alone."""


def _set(habits: str) -> frozenset[str]:
    return frozenset(habits.split())


def _dialect(name: str, sentence: str, *marks: str, lacks: str = "", habits: str = "") -> Dialect:
    return Dialect(name, sentence, tuple(_set(mark) for mark in marks), _set(lacks), _set(habits))


# The public API is the measure of the others: what they are known for, it does not do.
_OPENAI = (
    "event-lines counted resumed queued-first padded-deltas phased-messages encrypted-reasoning keepalive-event "
    "keepalive-numbers nested-error error-then-failed no-logprobs"
)

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        _dialect(
            "openai",
            "The public API: named events, numbers from 0, no end mark.",
            "event-lines counted",
            "event-lines resumed",
            lacks=" ".join(HABITS.keys() - _set(_OPENAI)),
            habits=_OPENAI,
        ),
        _dialect(
            "codex",
            "The ChatGPT Codex backend: events of its own, account marks, and at times no output in the terminal.",
            "rate-limit-event",
            "metadata-event",
            "null-output",
            "account-marks",
            habits=(
                "padded-deltas phased-messages encrypted-reasoning empty-output absent-output keepalive-event "
                "keepalive-numbers"
            ),
        ),
        _dialect(
            "open-responses",
            "The Open Responses specification: named events and [DONE] at the end.",
            "event-lines end-mark",
            "reasoning-alias",
            lacks="bare-failure",
            habits="nested-error null-item",
        ),
        _dialect(
            "azure",
            "Azure OpenAI: content filters in the response.",
            "content-filters",
            lacks="uuid-response-id",
            habits="padded-deltas encrypted-reasoning",
        ),
        _dialect("xai", "xAI: usage counts sources.", "sources-counted", habits="nested-error uuid-response-id"),
        _dialect(
            "openrouter",
            "OpenRouter: comments while it works, costs in the usage, an end mark.",
            "processing-comment",
            "own-key",
            "temporary-ids",
            habits="no-event-lines end-mark untyped-error",
        ),
        _dialect(
            "deepseek",
            "DeepSeek: a bare UUID for an id, content filters, comments that keep the connection.",
            "keepalive-comment",
            "uuid-response-id content-filters",
            habits="reasoning-part",
        ),
        _dialect("alibaba", "Alibaba: ids on every frame, fields without a space.", "unspaced-fields id-lines"),
        _dialect("copilot", "GitHub Copilot: ids that rotate, usage of its own.", "rotating-ids", "copilot-usage"),
        _dialect(
            "transformers",
            "transformers serve: no event lines, created while queued, times with a fraction.",
            "no-event-lines queued-first",
            "no-event-lines float-time",
            habits="reasoning-without-part",
        ),
        _dialect(
            "litellm",
            "litellm proxy: no event lines, an end mark, a model on every event or no numbers, failures of its own.",
            "no-event-lines end-mark model-on-events",
            "no-event-lines end-mark no-sequence-numbers",
            "no-event-lines constant-sequence",
            "failure-numbered-alone",
            "bare-failure end-mark",
            habits="done-numbers no-logprobs",
        ),
        _dialect(
            "llama.cpp",
            "llama-server: no output_index, a created response without output.",
            "no-output-index",
            "created-without-output",
            habits=(
                "bare-created no-content-index no-sequence-numbers no-logprobs reasoning-without-part "
                "no-arguments-done no-reasoning-done input-details-only timings"
            ),
        ),
        _dialect(
            "vllm",
            "vLLM: a limit reached ends in response.completed; the terminal has ids of its own.",
            "completed-incomplete",
            "snapshot-ids",
            "index-a-delta",
            lacks="rotating-ids no-sequence-numbers",
            habits="reasoning-part empty-output untyped-error",
        ),
        _dialect(
            "gpt-oss",
            "The gpt-oss server: index -1, items done without having been added, usage without details.",
            "negative-index",
            "never-added usage-without-details",
        ),
        _dialect(
            "aimock",
            "aimock: no numbers, usage of zeros, a content filter as a completed response that failed.",
            "no-sequence-numbers zero-usage",
            "completed-failed",
            habits="no-logprobs",
        ),
        _dialect("new-api", "new-api relays: no blank line after the last frame.", "no-final-blank-line"),
        _dialect("cli-proxy-api", "CLIProxyAPI: the done call has no name.", "blank-name"),
    )
}
"""Every known dialect, by name."""


def dialects(frames: Sequence[Frame], tail: Tail | None = None) -> tuple[str, ...]:
    """Names of the dialects a stream fits, in the order of :data:`DIALECTS`; often one, sometimes several or none."""
    shown = {habit.name for habit in habits_of(Stream.of(frames, tail))}
    return tuple(
        name
        for name, dialect in DIALECTS.items()
        if not shown & dialect.lacks and any(mark <= shown for mark in dialect.marks)
    )


def speakers(habit: str) -> tuple[str, ...]:
    """Names of the dialects known for a habit. Raises KeyError for a habit nobody has."""
    name = HABITS[habit].name
    return tuple(
        dialect.name
        for dialect in DIALECTS.values()
        if name in dialect.habits or any(name in mark for mark in dialect.marks)
    )
